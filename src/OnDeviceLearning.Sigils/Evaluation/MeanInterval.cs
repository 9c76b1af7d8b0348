namespace OnDeviceLearning.Sigils.Evaluation;

/// <summary>The mean of a sample, with its 95 % interval: 1.96 standard errors either side, or Student's quantile of a small sample.</summary>
/// <param name="Value">The mean; NaN of nothing.</param>
/// <param name="Low">Lower end.</param>
/// <param name="High">Upper end.</param>
public readonly record struct MeanInterval(double Value, double Low, double High)
{
    private const double Normal = 1.959963984540054;

    // Two-sided 95 % quantiles of Student's t for 1 to 30 degrees of freedom.
    private static readonly double[] student =
    [
        12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
        2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
    ];

    /// <summary>The same of a share, which is no less than 0 and no more than 1.</summary>
    public MeanInterval OfShare() => new(Value, Math.Max(0, Low), Math.Min(1, High));

    /// <summary>Of a sample. One value says nothing about how values differ: its interval is everything.</summary>
    public static MeanInterval Of(IReadOnlyCollection<double> sample)
    {
        ArgumentNullException.ThrowIfNull(sample);
        if (sample.Count == 0) return new MeanInterval(double.NaN, double.NaN, double.NaN);
        double mean = sample.Average();
        if (sample.Count == 1) return new MeanInterval(mean, double.NegativeInfinity, double.PositiveInfinity);
        double variance = sample.Sum(v => (v - mean) * (v - mean)) / (sample.Count - 1);
        double quantile = sample.Count - 2 < student.Length ? student[sample.Count - 2] : Normal;
        double half = quantile * Math.Sqrt(variance / sample.Count);
        return new MeanInterval(mean, mean - half, mean + half);
    }
}
