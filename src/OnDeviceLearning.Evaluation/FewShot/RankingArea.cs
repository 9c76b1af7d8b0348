namespace OnDeviceLearning.Evaluation.FewShot;

/// <summary>
/// Area under the receiver operating characteristic: the probability that a known input looks more like a class than an unknown one
/// does, ties counting half (Mann and Whitney).
/// </summary>
internal static class RankingArea
{
    /// <summary>0 to 1; NaN if either is empty.</summary>
    public static double Of(ReadOnlySpan<float> known, ReadOnlySpan<float> unknown)
    {
        if (known.IsEmpty || unknown.IsEmpty) return double.NaN;
        float[] sorted = unknown.ToArray();
        Array.Sort(sorted);
        double sum = 0;
        foreach (float score in known) sum += 0.5 * (CountBelow(sorted, score, orEqual: false) + CountBelow(sorted, score, orEqual: true));
        return sum / ((double)known.Length * unknown.Length);
    }

    private static int CountBelow(float[] sorted, float score, bool orEqual)
    {
        int low = 0, high = sorted.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (sorted[middle] < score || (orEqual && sorted[middle] == score)) low = middle + 1;
            else high = middle;
        }
        return low;
    }
}
