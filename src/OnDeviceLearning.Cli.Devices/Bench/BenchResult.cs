using System.Diagnostics;
using System.Runtime;

namespace OnDeviceLearning.Cli;

/// <summary>A program's figures: medians over its runs; nothing can be faster than the floor, unless a cache holds what it moves.</summary>
/// <param name="Name">The program.</param>
/// <param name="Milliseconds">From the call to the result.</param>
/// <param name="GpuMilliseconds">By the GPU's clock; null where there is none.</param>
/// <param name="Dispatches">Runs of kernels; on the CPU operations.</param>
/// <param name="Bytes">Memory traffic of its operations.</param>
/// <param name="Flops">Floating-point operations.</param>
/// <param name="FloorMilliseconds">The slower of those bytes and those operations at what the device does at most.</param>
internal sealed record BenchResult(string Name, double Milliseconds, double? GpuMilliseconds, int Dispatches, long Bytes, long Flops, double FloorMilliseconds)
{
    /// <summary>The floor over the time, by the GPU's clock where there is one.</summary>
    public double Reached => FloorMilliseconds / (GpuMilliseconds ?? Milliseconds);

    /// <summary>Runs a program until its median is steady or time is up.</summary>
    public static BenchResult Of(BenchProgram program, ComputeDevice device, BenchLimits limits, bool isQuick)
    {
        using BenchRun run = program.Create(device);
        long start = Stopwatch.GetTimestamp();
        run.Run(); // finds nothing warm
        bool isLong = Stopwatch.GetElapsedTime(start).TotalSeconds > 1;
        if (!isLong) WarmUp(run);
        int least = isLong ? 1 : isQuick ? 2 : 5, most = isQuick ? 10 : 100;
        double enough = isQuick ? 0.1 : 1;
        List<double> wall = [], gpu = [];
        start = Stopwatch.GetTimestamp();
        while (wall.Count < least || (wall.Count < most && Stopwatch.GetElapsedTime(start).TotalSeconds < enough))
        {
            long begun = Stopwatch.GetTimestamp();
            run.Run();
            wall.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
            if (run.GpuMilliseconds is { } milliseconds) gpu.Add(milliseconds);
        }
        double floor = 1e3 * Math.Max(run.Flops / limits.FlopsPerSecond, run.Bytes / limits.BytesPerSecond);
        return new BenchResult(program.Name, Median(wall), gpu.Count == 0 ? null : Median(gpu), run.Dispatches, run.Bytes, run.Flops, floor);
    }

    // Until the just-in-time compiler has made nothing better for a quarter of a second; ahead of time there is nothing to make.
    private static void WarmUp(BenchRun run)
    {
        const double quiet = 0.25, longest = 3;
        long start = Stopwatch.GetTimestamp(), changed = start, compiled = JitInfo.GetCompiledMethodCount();
        do
        {
            run.Run();
            long now = JitInfo.GetCompiledMethodCount();
            if (now != compiled) (compiled, changed) = (now, Stopwatch.GetTimestamp());
        }
        while (compiled > 0 && Stopwatch.GetElapsedTime(changed).TotalSeconds < quiet && Stopwatch.GetElapsedTime(start).TotalSeconds < longest);
    }

    private static double Median(List<double> values)
    {
        values.Sort();
        return (values[(values.Count - 1) / 2] + values[values.Count / 2]) / 2;
    }
}
