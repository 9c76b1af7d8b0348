using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Benchmarks;

/// <summary>The work that no implementation can avoid.</summary>
/// <param name="Flops">Floating-point operations of the planned program, a fused multiply-add counted as two.</param>
/// <param name="Bytes">Memory that has to be read or written at least once: parameters, optimizer state, inputs, outputs.</param>
internal sealed record Work(long Flops, long Bytes)
{
    public static Work Of(IEnumerable<Operation> operations, long elements) => new(operations.Sum(o => o.Flops), 4 * elements);

    /// <summary>The time of that work on this machine.</summary>
    public Floor On(MachineLimits limits, int threads)
    {
        double compute = Flops / limits.FlopsPerSecond(threads), memory = Bytes / limits.BytesPerSecond(threads, Bytes);
        return new Floor(1e3 * Math.Max(compute, memory), compute >= memory ? "FLOPs" : "bytes");
    }
}

/// <summary>The least time of a row.</summary>
/// <param name="Milliseconds">How long.</param>
/// <param name="Bound">"FLOPs" or "bytes": which of the two takes that long.</param>
internal sealed record Floor(double Milliseconds, string Bound);
