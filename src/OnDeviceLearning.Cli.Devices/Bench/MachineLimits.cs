using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace OnDeviceLearning.Cli;

/// <summary>
/// What this machine can do at most, measured: fused multiply-adds a second, and bytes copied, or only read where that is
/// faster, a second within a working set. The best of several tries each, as it is a limit that is asked for.
/// </summary>
internal sealed unsafe class MachineLimits
{
    private const int SmallestSet = 64 << 10, LargestSet = 256 << 20;

    private readonly Dictionary<int, double> peaks = [];
    private readonly Dictionary<(int, long), double> bandwidths = [];

    /// <summary>
    /// Floating-point operations a second of all threads together, a fused multiply-add counted as two. Measured at each
    /// call, and the best so far returned: a core that somebody else had for a moment is no limit.
    /// </summary>
    public double FlopsPerSecond(int threads)
    {
        const int iterations = 100_000;
        double best = peaks.GetValueOrDefault(threads);
        foreach (int width in (int[])[16, 8])
        {
            if (width == 16 && !Vector512.IsHardwareAccelerated) continue;
            double seconds = BestTime(threads, 60, _ =>
            {
                if (width == 16) Multiply512(iterations);
                else Multiply256(iterations);
            });
            best = Math.Max(best, threads * 2.0 * 12 * width * iterations / seconds);
        }
        return peaks[threads] = best;
    }

    /// <summary>
    /// Bytes read or written a second by all threads together, when what is read and written is about
    /// <paramref name="workingSet"/> bytes: small ones stay in a cache, and so do those of a row.
    /// </summary>
    public double BytesPerSecond(int threads, long workingSet)
    {
        long bytes = SmallestSet;
        while (bytes < LargestSet && bytes < workingSet) bytes *= 2;
        if (bandwidths.TryGetValue((threads, bytes), out double known)) return known;
        byte* memory = (byte*)NativeMemory.AlignedAlloc((nuint)bytes, 4096);
        try
        {
            NativeMemory.Fill(memory, (nuint)bytes, 1);
            long part = bytes / 2 / threads;
            int repeats = (int)Math.Max(1, (16L << 20) / bytes);
            double copy = BestTime(threads, 12, thread =>
            {
                for (int r = 0; r < repeats; r++)
                    Buffer.MemoryCopy(memory + thread * part, memory + bytes / 2 + thread * part, part, part);
            });
            double read = BestTime(threads, 12, thread =>
            {
                for (int r = 0; r < repeats; r++) Read(memory + thread * 2 * part, 2 * part);
            });
            return bandwidths[(threads, bytes)] = 2.0 * part * threads * repeats / Math.Min(copy, read);
        }
        finally
        {
            NativeMemory.AlignedFree(memory);
        }
    }

    // Every thread does its share at the same time; a try lasts from the first's start to the last's end.
    private static double BestTime(int threads, int tries, Action<int> share)
    {
        using var barrier = new Barrier(threads);
        var begun = new long[threads];
        var ended = new long[threads];
        double best = double.PositiveInfinity;
        void Work(int thread)
        {
            share(thread);
            for (int i = 0; i < tries; i++)
            {
                barrier.SignalAndWait();
                begun[thread] = Stopwatch.GetTimestamp();
                share(thread);
                ended[thread] = Stopwatch.GetTimestamp();
                barrier.SignalAndWait();
                if (thread == 0) best = Math.Min(best, (ended.Max() - begun.Min()) / (double)Stopwatch.Frequency);
            }
        }
        Thread[] others = [.. Enumerable.Range(1, threads - 1).Select(t => new Thread(() => Work(t)))];
        foreach (Thread other in others) other.Start();
        Work(0);
        foreach (Thread other in others) other.Join();
        return best;
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static Vector256<int> Read(byte* memory, long bytes)
    {
        Vector256<int> a = default, b = default, c = default, d = default;
        for (byte* end = memory + bytes; memory < end; memory += 128)
        {
            a |= Vector256.Load((int*)memory);
            b |= Vector256.Load((int*)(memory + 32));
            c |= Vector256.Load((int*)(memory + 64));
            d |= Vector256.Load((int*)(memory + 96));
        }
        return a | b | c | d;
    }

    // Twelve independent chains: more than the latency of a multiply-add times the units that do it.
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static Vector512<float> Multiply512(int iterations)
    {
        Vector512<float> m = Vector512.Create(0.999f), c = Vector512.Create(0.001f);
        Vector512<float> a0 = c, a1 = c, a2 = c, a3 = c, a4 = c, a5 = c, a6 = c, a7 = c, a8 = c, a9 = c, a10 = c, a11 = c;
        for (int i = 0; i < iterations; i++)
        {
            a0 = Vector512.FusedMultiplyAdd(a0, m, c);
            a1 = Vector512.FusedMultiplyAdd(a1, m, c);
            a2 = Vector512.FusedMultiplyAdd(a2, m, c);
            a3 = Vector512.FusedMultiplyAdd(a3, m, c);
            a4 = Vector512.FusedMultiplyAdd(a4, m, c);
            a5 = Vector512.FusedMultiplyAdd(a5, m, c);
            a6 = Vector512.FusedMultiplyAdd(a6, m, c);
            a7 = Vector512.FusedMultiplyAdd(a7, m, c);
            a8 = Vector512.FusedMultiplyAdd(a8, m, c);
            a9 = Vector512.FusedMultiplyAdd(a9, m, c);
            a10 = Vector512.FusedMultiplyAdd(a10, m, c);
            a11 = Vector512.FusedMultiplyAdd(a11, m, c);
        }
        return a0 + a1 + a2 + a3 + a4 + a5 + a6 + a7 + a8 + a9 + a10 + a11;
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static Vector256<float> Multiply256(int iterations)
    {
        Vector256<float> m = Vector256.Create(0.999f), c = Vector256.Create(0.001f);
        Vector256<float> a0 = c, a1 = c, a2 = c, a3 = c, a4 = c, a5 = c, a6 = c, a7 = c, a8 = c, a9 = c, a10 = c, a11 = c;
        for (int i = 0; i < iterations; i++)
        {
            a0 = Vector256.FusedMultiplyAdd(a0, m, c);
            a1 = Vector256.FusedMultiplyAdd(a1, m, c);
            a2 = Vector256.FusedMultiplyAdd(a2, m, c);
            a3 = Vector256.FusedMultiplyAdd(a3, m, c);
            a4 = Vector256.FusedMultiplyAdd(a4, m, c);
            a5 = Vector256.FusedMultiplyAdd(a5, m, c);
            a6 = Vector256.FusedMultiplyAdd(a6, m, c);
            a7 = Vector256.FusedMultiplyAdd(a7, m, c);
            a8 = Vector256.FusedMultiplyAdd(a8, m, c);
            a9 = Vector256.FusedMultiplyAdd(a9, m, c);
            a10 = Vector256.FusedMultiplyAdd(a10, m, c);
            a11 = Vector256.FusedMultiplyAdd(a11, m, c);
        }
        return a0 + a1 + a2 + a3 + a4 + a5 + a6 + a7 + a8 + a9 + a10 + a11;
    }
}
