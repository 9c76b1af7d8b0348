using System.Diagnostics;
using System.Runtime;

namespace OnDeviceLearning.Benchmarks;

/// <summary>
/// Times contestants in turns: each runs for some milliseconds, then the next, round and round, so that whatever else the
/// machine does meets all of them alike. Before a turn is timed, the threads of the one before must have stopped spinning,
/// and the contestant runs once untimed, to find its memory in the caches and its own threads awake.
/// </summary>
internal static class Turns
{
    // A run longer than this finds the caches as it leaves them.
    private static readonly TimeSpan LongRun = TimeSpan.FromMilliseconds(50);

    /// <summary>The timings of each contestant; null where there is none.</summary>
    public static Distribution?[] Measure(Effort effort, params Action?[] contestants)
    {
        var timings = new List<double>[contestants.Length];
        var longest = new TimeSpan[contestants.Length];
        for (int c = 0; c < contestants.Length; c++)
        {
            timings[c] = [];
            if (contestants[c] is { } run) longest[c] = WarmUp(run, effort);
        }
        GC.Collect();
        for (int turn = 0; turn < Rounds(effort, contestants, longest); turn++)
            for (int c = 0; c < contestants.Length; c++)
            {
                // Each comes first as often as the others.
                int next = (turn + c) % contestants.Length;
                if (contestants[next] is not { } run) continue;
                AwaitIdleThreads();
                if (longest[next] < LongRun) run();
                long end = Stopwatch.GetTimestamp() + (long)(effort.Turn.TotalSeconds * Stopwatch.Frequency);
                long before = Stopwatch.GetTimestamp(), after;
                do
                {
                    run();
                    after = Stopwatch.GetTimestamp();
                    timings[next].Add((after - before) * 1e3 / Stopwatch.Frequency);
                    before = after;
                }
                while (after < end);
            }
        return [.. timings.Select(t => t.Count == 0 ? null : Distribution.Of(t))];
    }

    /// <summary>A single run, for what happens only once.</summary>
    public static TimeSpan Once(Action run)
    {
        long start = Stopwatch.GetTimestamp();
        run();
        return Stopwatch.GetElapsedTime(start);
    }

    private static int Rounds(Effort effort, Action?[] contestants, TimeSpan[] longest)
    {
        TimeSpan turn = longest.Where((_, c) => contestants[c] is not null).Append(effort.Turn).Max();
        return Math.Max(effort.Turns, (int)(effort.Timed / turn));
    }

    // Until the time is over in which the just-in-time compiler has had nothing to do: it replaces a method's first code
    // in the background, in steps of 100 ms.
    /// <returns>The time of the last run.</returns>
    private static TimeSpan WarmUp(Action run, Effort effort)
    {
        long start = Stopwatch.GetTimestamp(), quiet = start, last, methods = 0;
        do
        {
            last = Stopwatch.GetTimestamp();
            run();
            if (JitInfo.GetCompiledMethodCount() == methods) continue;
            methods = JitInfo.GetCompiledMethodCount();
            quiet = Stopwatch.GetTimestamp();
        }
        while (Stopwatch.GetElapsedTime(quiet) < effort.WarmUp && Stopwatch.GetElapsedTime(start) < 5 * effort.WarmUp);
        return Stopwatch.GetElapsedTime(last);
    }

    // Threads of a pool spin for up to some tens of milliseconds after their last work, and would take a core from the next.
    private static void AwaitIdleThreads()
    {
        for (int i = 0; i < 25; i++)
        {
            TimeSpan before = Environment.CpuUsage.TotalTime;
            Thread.Sleep(2);
            if (Environment.CpuUsage.TotalTime - before < TimeSpan.FromMilliseconds(0.4)) return;
        }
    }
}
