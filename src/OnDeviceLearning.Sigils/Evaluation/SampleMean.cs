namespace OnDeviceLearning.Sigils.Evaluation;

/// <summary>A sample of shares, with its mean and the 95 % interval of that.</summary>
/// <param name="Sample">One value, 0 to 1, for each thing that was sampled: a run, a description.</param>
public sealed record SampleMean(IReadOnlyList<double> Sample)
{
    private readonly MeanInterval mean = MeanInterval.Of([.. Sample]).OfShare();

    /// <summary>Mean; NaN of an empty sample.</summary>
    public double Value => mean.Value;

    /// <summary>Lower end of the 95 % interval, not below 0.</summary>
    public double Low => mean.Low;

    /// <summary>Upper end of the 95 % interval, not above 1.</summary>
    public double High => mean.High;
}
