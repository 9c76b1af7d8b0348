namespace OnDeviceLearning.Sigils.Evaluation;

/// <summary>So many hits in so many trials, with Wilson's 95 % interval (JASA 22, 1927), which stays sound near 0 and 1.</summary>
/// <param name="Hits">Trials that came out.</param>
/// <param name="Trials">All trials; with none, the value is NaN and the interval everything.</param>
public readonly record struct Proportion(int Hits, int Trials)
{
    private const double Z = 1.959963984540054;

    /// <summary>Hits / Trials.</summary>
    public double Value => Trials == 0 ? double.NaN : (double)Hits / Trials;

    /// <summary>Lower end of the 95 % interval.</summary>
    public double Low => Trials == 0 ? 0 : Math.Max(0, Centre - HalfWidth);

    /// <summary>Upper end of the 95 % interval.</summary>
    public double High => Trials == 0 ? 1 : Math.Min(1, Centre + HalfWidth);

    private double Centre => (Value + Z * Z / (2 * Trials)) / (1 + Z * Z / Trials);

    private double HalfWidth => Z / (1 + Z * Z / Trials) * Math.Sqrt(Value * (1 - Value) / Trials + Z * Z / (4.0 * Trials * Trials));

    /// <summary>One more trial.</summary>
    public Proportion With(bool hit) => new(Hits + (hit ? 1 : 0), Trials + 1);
}

/// <summary>The mean of a sample, with Student's 95 % interval.</summary>
/// <param name="Sample">One value for each thing that was sampled: a run, a description.</param>
public sealed record SampleMean(IReadOnlyList<double> Sample)
{
    // Two-sided 95 % quantiles of Student's t for 1 to 10 degrees of freedom.
    private static readonly double[] student = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228];

    /// <summary>Mean; NaN of an empty sample.</summary>
    public double Value => Sample.Count == 0 ? double.NaN : Sample.Average();

    /// <summary>Lower end of the 95 % interval, not below 0.</summary>
    public double Low => Math.Max(0, Value - HalfWidth);

    /// <summary>Upper end of the 95 % interval, not above 1.</summary>
    public double High => Math.Min(1, Value + HalfWidth);

    private double HalfWidth
    {
        get
        {
            // One value says nothing about how values differ.
            if (Sample.Count < 2) return double.PositiveInfinity;
            double mean = Value, variance = Sample.Sum(v => (v - mean) * (v - mean)) / (Sample.Count - 1);
            double quantile = Sample.Count - 2 < student.Length ? student[Sample.Count - 2] : 1.96;
            return quantile * Math.Sqrt(variance / Sample.Count);
        }
    }
}
