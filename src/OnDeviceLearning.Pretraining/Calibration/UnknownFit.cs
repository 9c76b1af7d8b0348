using System.Globalization;

namespace OnDeviceLearning.Pretraining.Calibration;

/// <summary>
/// Platt scaling of cosine similarities, so that an input of no known class can be told: of the best cosine to a class
/// weight, and of the cosine to the mean of a class's examples, moved so that one threshold serves both.
/// </summary>
internal sealed class UnknownFit
{
    /// <summary>The share of inputs that do belong to a class and that may be called unknown.</summary>
    private const double FalseUnknowns = 0.05;

    /// <summary>The share of inputs that belong to no class and that may pass for known because they look like an example.</summary>
    private const double FalseKnowns = 0.03;

    private const double Pull = 1e-5;

    /// <summary>Best cosine to a class weight, of inputs that belong to one of the classes and of others.</summary>
    public List<double> Known { get; } = [];

    /// <inheritdoc cref="Known"/>
    public List<double> Unknown { get; } = [];

    /// <summary>Cosine to the mean of the own class's examples, and, of others, to the nearest such mean.</summary>
    public List<double> KnownByExamples { get; } = [];

    /// <inheritdoc cref="KnownByExamples"/>
    public List<double> UnknownByExamples { get; } = [];

    /// <summary>What the file says as <c>odl.unknown</c>. Sorts the lists.</summary>
    public string ToJson()
    {
        (double slope, double intercept) = Logistic(Known, Unknown);
        Known.Sort();
        double limit = Known[(int)(FalseUnknowns * Known.Count)];
        double logit = slope * limit + intercept, threshold = 1 / (1 + Math.Exp(-logit));
        (double examplesSlope, _) = Logistic(KnownByExamples, UnknownByExamples);
        UnknownByExamples.Sort();
        double examplesLimit = UnknownByExamples[(int)((1 - FalseKnowns) * UnknownByExamples.Count)];
        double examplesIntercept = logit - examplesSlope * examplesLimit;
        return string.Create(CultureInfo.InvariantCulture,
            $$"""{"slope":{{slope:F4}},"intercept":{{intercept:F4}},"threshold":{{threshold:F4}},"examplesSlope":{{examplesSlope:F4}},"examplesIntercept":{{examplesIntercept:F4}}}""");
    }

    /// <summary>
    /// Newton's method on the two-parameter logistic regression; both sides weigh alike. A small pull to zero keeps the
    /// slope finite where the sides do not overlap.
    /// </summary>
    private static (double Slope, double Intercept) Logistic(List<double> known, List<double> unknown)
    {
        double slope = 0, intercept = 0;
        for (int iteration = 0; iteration < 50; iteration++)
        {
            double g0 = Pull * slope, g1 = Pull * intercept, h00 = Pull, h01 = 0, h11 = Pull;
            foreach ((List<double> scores, double target) in new[] { (known, 1.0), (unknown, 0.0) })
                foreach (double s in scores)
                {
                    double p = 1 / (1 + Math.Exp(-(slope * s + intercept)));
                    double error = (p - target) / scores.Count, weight = p * (1 - p) / scores.Count;
                    g0 += error * s;
                    g1 += error;
                    h00 += weight * s * s;
                    h01 += weight * s;
                    h11 += weight;
                }
            double determinant = h00 * h11 - h01 * h01;
            slope -= (h11 * g0 - h01 * g1) / determinant;
            intercept -= (h00 * g1 - h01 * g0) / determinant;
        }
        return (slope, intercept);
    }
}
