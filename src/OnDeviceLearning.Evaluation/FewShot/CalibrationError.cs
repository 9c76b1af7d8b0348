namespace OnDeviceLearning.Evaluation.FewShot;

/// <summary>
/// Expected calibration error (arXiv 1706.04599): predictions are put into bins of equal width by the probability of the
/// likeliest class; the error is the mean over predictions of |accuracy - mean probability| of their bin.
/// </summary>
internal sealed class CalibrationError
{
    /// <summary>Number of bins.</summary>
    public const int Bins = 15;

    private readonly double[] confidence = new double[Bins];
    private readonly int[] right = new int[Bins], count = new int[Bins];

    /// <summary>Counts a prediction. A probability on a border belongs to the bin below it.</summary>
    public void Add(double probability, bool isRight)
    {
        int bin = Math.Clamp((int)Math.Ceiling(probability * Bins) - 1, 0, Bins - 1);
        confidence[bin] += probability;
        count[bin]++;
        if (isRight) right[bin]++;
    }

    /// <summary>0 to 1; NaN before the first prediction.</summary>
    public double Value
    {
        get
        {
            int total = count.Sum();
            if (total == 0) return double.NaN;
            double error = 0;
            for (int bin = 0; bin < Bins; bin++) error += Math.Abs(right[bin] - confidence[bin]);
            return error / total;
        }
    }
}
