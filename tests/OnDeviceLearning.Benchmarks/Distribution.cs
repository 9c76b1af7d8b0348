namespace OnDeviceLearning.Benchmarks;

/// <summary>What a number of timings say, in milliseconds.</summary>
internal sealed record Distribution(double Median, double LowerQuartile, double UpperQuartile, double Longest, int Count)
{
    public static Distribution Of(List<double> milliseconds)
    {
        double[] sorted = [.. milliseconds.Order()];
        return new Distribution(At(sorted, 0.5), At(sorted, 0.25), At(sorted, 0.75), sorted[^1], sorted.Length);
    }

    private static double At(double[] sorted, double quantile)
    {
        double place = quantile * (sorted.Length - 1);
        int below = (int)place;
        return below + 1 == sorted.Length ? sorted[below] : sorted[below] + (place - below) * (sorted[below + 1] - sorted[below]);
    }
}
