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
    /// <summary>
    /// The same for the cosine between an input and the mean of a class's examples, which two inputs of one kind reach far
    /// more easily than an input and a description; scaled so that <see cref="Threshold"/> serves both. Null where it was
    /// not fitted: examples then say nothing about what is known.
    /// </summary>
    public (float Slope, float Intercept)? Examples { get; init; }

    /// <summary>The probability that a score, the cosine to the nearest class weight, belongs to a known class.</summary>
    public float Probability(float score) => Logistic(Slope * score + Intercept);

    /// <summary>The probability that an input with this cosine to the mean of a class's examples belongs to a known class; 0 where that was not fitted.</summary>
    public float ProbabilityByExamples(float score) => Examples is var (slope, intercept) ? Logistic(slope * score + intercept) : 0;

    private static float Logistic(float x) => 1 / (1 + MathF.Exp(-x));

    internal static UnknownCalibration Parse(string json)
    {
        using MetadataJson document = MetadataJson.Parse("odl.unknown", json);
        float threshold = document.Root.TryGetProperty("threshold", out _) ? document.Single("threshold") : 0.5f;
        if (threshold is < 0 or > 1) throw document.Error($"'threshold' is {threshold}; expected 0 to 1");
        return new UnknownCalibration(document.Single("slope"), document.Single("intercept"), threshold)
        {
            Examples = document.Root.TryGetProperty("examplesSlope", out _) ? (document.Single("examplesSlope"), document.Single("examplesIntercept")) : null,
        };
    }
}
