using OnDeviceLearning.Models;

namespace OnDeviceLearning;

/// <summary>
/// Turns a score of "this is one of the described classes" into a probability, 1 / (1 + exp(-(Slope * score + Intercept)))
/// (Platt scaling), fitted offline. Below <see cref="Threshold"/> an input counts as unknown.
/// </summary>
/// <param name="Slope">Factor of the score; finite.</param>
/// <param name="Intercept">Added to the scaled score; finite.</param>
/// <param name="Threshold">Probability, 0 to 1.</param>
public sealed record UnknownCalibration(float Slope, float Intercept, float Threshold)
{
    /// <summary>The probability that a score belongs to a known class.</summary>
    public float Probability(float score) => 1 / (1 + MathF.Exp(-(Slope * score + Intercept)));

    internal static UnknownCalibration Parse(string json)
    {
        using MetadataJson document = MetadataJson.Parse("odl.unknown", json);
        float threshold = document.Root.TryGetProperty("threshold", out _) ? document.Single("threshold") : 0.5f;
        if (threshold is < 0 or > 1) throw document.Error($"'threshold' is {threshold}; expected 0 to 1");
        return new UnknownCalibration(document.Single("slope"), document.Single("intercept"), threshold);
    }
}
