namespace OnDeviceLearning.Benchmarks;

/// <summary>What a row is about, for the summaries.</summary>
internal enum RowKind
{
    Forward,
    Training,
    Head,
    ManyClasses,
    ColdStart,
}

/// <summary>One line of the table.</summary>
/// <param name="Name">What is computed.</param>
/// <param name="Kind">What it is about.</param>
/// <param name="Threads">How many each contestant may use.</param>
internal abstract record BenchmarkRow(string Name, RowKind Kind, int Threads)
{
    /// <summary>Whether <c>--quick</c> runs it.</summary>
    public bool IsQuick { get; init; }

    /// <summary>Sets the contestants up, checks that they compute the same, and times them.</summary>
    /// <exception cref="BenchmarkException">They do not.</exception>
    public abstract RowResult Measure(Effort effort, MachineLimits limits);
}

/// <summary>What was measured of a row; null where a contestant cannot run it.</summary>
/// <param name="Row">The row.</param>
/// <param name="Error">The largest normalised difference between the contestants' numbers; null where there is one contestant.</param>
internal sealed record RowResult(BenchmarkRow Row, Distribution? Ours, Distribution? OnnxRuntime, Distribution? TorchSharp, Floor? Floor, double? Error)
{
    /// <summary>What a reader should know besides the numbers.</summary>
    public string Remark { get; init; } = "";
}

/// <summary>A row whose numbers are worth nothing: contestants disagree, or one failed.</summary>
internal sealed class BenchmarkException(string message) : Exception(message);

/// <summary>Whether contestants computed the same.</summary>
internal static class Agreement
{
    public const double Limit = 1e-3;

    /// <summary>The norm of the difference over the norm of what is expected.</summary>
    /// <exception cref="BenchmarkException">It is above <see cref="Limit"/>, or not a number.</exception>
    public static double Require(string what, ReadOnlySpan<float> actual, ReadOnlySpan<float> expected)
    {
        if (actual.Length != expected.Length) throw new BenchmarkException($"{what}: {actual.Length} numbers; expected {expected.Length}.");
        double difference = 0, norm = 0;
        for (int i = 0; i < actual.Length; i++)
        {
            difference += ((double)actual[i] - expected[i]) * ((double)actual[i] - expected[i]);
            norm += (double)expected[i] * expected[i];
        }
        if (!(norm > 0)) throw new BenchmarkException($"{what}: all expected numbers are zero, which proves nothing.");
        double error = Math.Sqrt(difference / norm);
        return error <= Limit ? error : throw new BenchmarkException($"{what}: the numbers differ by {error:E1} of their norm; expected at most {Limit:E0}.");
    }
}
