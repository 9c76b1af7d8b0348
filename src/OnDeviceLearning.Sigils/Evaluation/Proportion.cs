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
