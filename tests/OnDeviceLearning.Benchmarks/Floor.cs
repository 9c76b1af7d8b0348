using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Benchmarks;

/// <summary>The work that no implementation can avoid.</summary>
/// <param name="Flops">Floating-point operations of the planned program, a fused multiply-add counted as two; products with padding do not count.</param>
/// <param name="Bytes">Memory that has to be read or written at least once: parameters, optimizer state, inputs, outputs.</param>
internal sealed record Work(long Flops, long Bytes)
{
    public static Work Of(IEnumerable<Operation> operations, long elements) => new(operations.Sum(Needed), 4 * elements);

    // A convolution need not multiply with the zeros of its padding, which are a quarter of all products in an 8x8 map.
    private static long Needed(Operation operation) => operation is Conv2dOperation c
        ? 2L * c.N * c.OutChannels * (c.C / c.Groups) * Inside(c.OutH, c.KernelH, c.H, c) * Inside(c.OutW, c.KernelW, c.W, c)
        : operation.Flops;

    /// <summary>How many pairs of a window's position and a tap along one dimension lie in the image of that size.</summary>
    private static long Inside(int positions, int taps, int size, Conv2dOperation c)
    {
        long inside = 0;
        for (int p = 0; p < positions; p++)
            for (int t = 0; t < taps; t++)
                if (p * c.Stride - c.Padding + t * c.Dilation is var at && at >= 0 && at < size) inside++;
        return inside;
    }

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
