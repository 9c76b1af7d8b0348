using System.Diagnostics;

namespace OnDeviceLearning.Gpu;

/// <summary>What a device does at most, measured on it by its own kernels.</summary>
/// <param name="FlopsPerSecond">Floating-point operations of a grid that fills it, a multiply-add counted as two.</param>
/// <param name="GroupFlopsPerSecond">Those of one group of 256 threads alone: so many of them as fit into the first fill the device.</param>
/// <param name="BytesPerSecond">Bytes read and written by a copy that is larger than most caches.</param>
internal sealed record GpuRates(double FlopsPerSecond, double GroupFlopsPerSecond, double BytesPerSecond)
{
    private const int Groups = 1024, MostRounds = 1 << 14;

    // Long enough for any clock, short enough for any driver.
    private const double LeastSeconds = 1e-3;

    /// <summary>How many groups of 256 threads keep the device busy.</summary>
    public int GroupsToFill => (int)Math.Clamp(Math.Ceiling(FlopsPerSecond / GroupFlopsPerSecond - 0.01), 1, 4096);

    /// <summary>Measures a device; waits for it.</summary>
    /// <param name="device">What is measured.</param>
    /// <param name="copyLength">Elements of the copy; there is memory for twice as many.</param>
    /// <exception cref="DeviceException">It failed, or has not enough memory.</exception>
    public static GpuRates Measure(GpuDevice device, int copyLength)
    {
        int rounds = 1;
        double seconds;
        while ((seconds = Best(device, new FmaChain(256 * Groups, rounds), 1)) < LeastSeconds && rounds < MostRounds) rounds *= 4;
        FmaChain whole = new(256 * Groups, rounds), single = new(256, rounds);
        seconds = Math.Min(seconds, Best(device, whole, 3));
        double alone = Best(device, single, 3), copy = Best(device, new StreamCopy(copyLength), 5);
        double rate = whole.Flops / seconds;
        return new GpuRates(rate, Math.Min(single.Flops / alone, rate), 8.0 * copyLength / copy);
    }

    /// <summary>The shortest of some runs after a first one: a limit is asked for, and what others do on the device is none of it.</summary>
    private static double Best(GpuDevice device, Operations.Operation operation, int runs)
    {
        using DeviceBuffer x = device.Allocate(operation.Operands[0].Length), y = device.Allocate(operation.Operands[1].Length);
        x.Write([0.999f, 0.001f]); // the chains stay near 1
        using DeviceProgram program = device.Record([new(operation, [x, y])]);
        program.Run();
        double best = double.PositiveInfinity;
        for (int i = 0; i < runs; i++)
        {
            long start = Stopwatch.GetTimestamp();
            program.Run();
            double wall = Stopwatch.GetElapsedTime(start).TotalSeconds, measured = ((GpuProgram)program).GpuSeconds;
            best = Math.Min(best, measured > 0 ? measured : wall);
        }
        return best;
    }
}
