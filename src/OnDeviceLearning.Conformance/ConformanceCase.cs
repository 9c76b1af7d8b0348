using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Conformance;

/// <summary>One operation at one size, its inputs drawn from a seed.</summary>
/// <param name="Operation">What to run.</param>
/// <param name="Seed">Of the inputs.</param>
/// <param name="Tolerance">
/// Largest normalised error, |device - reference| / |reference| over all elements of an output; a single element may be
/// off by ten times that, measured against the largest one.
/// </param>
public sealed record ConformanceCase(Operation Operation, int Seed = 1, double Tolerance = 1e-5)
{
    /// <summary>The operation and its sizes.</summary>
    public override string ToString() => Operation.ToString();
}

/// <summary>What came of a case.</summary>
/// <param name="Case">Which.</param>
/// <param name="NormalizedError">The worst over the outputs.</param>
/// <param name="MaxError">The worst element over the outputs, relative to the largest element of its output.</param>
/// <param name="OutputHash">SHA-256 of the outputs' bits: equal where two runs agree in every bit.</param>
/// <param name="Failure">Null where the device passed, otherwise what is wrong.</param>
public sealed record ConformanceResult(ConformanceCase Case, double NormalizedError, double MaxError, string OutputHash, string? Failure)
{
    /// <summary>Whether the device passed.</summary>
    public bool Passed => Failure is null;
}
