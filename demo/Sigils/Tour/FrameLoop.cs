using System.Diagnostics;

namespace OnDeviceLearning.Demo;

/// <summary>
/// A game's main loop at 60 frames a second without its pictures: each frame the duel goes on by one tick, the book learns,
/// then the loop sleeps until the next. Unpaced, it does not sleep: for tests. What a frame costs is timed and its managed allocations counted.
/// </summary>
internal sealed class FrameLoop(bool isPaced = true)
{
    private readonly List<double> adapt = new(capacity: 16384), classify = new(capacity: 512);
    private long frames, steadyFrames, steadyBytes, nextFrame = Stopwatch.GetTimestamp();

    /// <summary>Frames so far.</summary>
    public long Frames => frames;

    /// <summary>The caller's share of every <c>Adapt</c>, in milliseconds.</summary>
    public IReadOnlyList<double> AdaptMilliseconds => adapt;

    /// <summary>Every cast read, in milliseconds.</summary>
    public IReadOnlyList<double> ClassifyMilliseconds => classify;

    /// <summary>Managed bytes that rules and library took a frame, over the steady frames in which nothing was taught.</summary>
    public double ManagedBytesPerFrame => steadyFrames == 0 ? 0 : (double)steadyBytes / steadyFrames;

    /// <summary>Whether frames count as steady: set when buffers have grown to their working size.</summary>
    public bool Steady { get; set; }

    /// <summary>One frame, with a cast if the player has just finished a drawing.</summary>
    /// <returns>Whether there is more to learn.</returns>
    public bool Run(Bout bout, Grimoire grimoire, Drawing? cast)
    {
        long bytes = GC.GetAllocatedBytesForCurrentThread();
        int taught = bout.Corrections + bout.Confirmations;
        bout.Tick();
        if (cast is not null)
        {
            long begun = Stopwatch.GetTimestamp();
            bout.Cast(cast);
            classify.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
        }
        long start = Stopwatch.GetTimestamp();
        AdaptReport report = grimoire.Learn();
        adapt.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        if (Steady && taught == bout.Corrections + bout.Confirmations)
        {
            steadyBytes += GC.GetAllocatedBytesForCurrentThread() - bytes;
            steadyFrames++;
        }
        frames++;
        if (isPaced) WaitForNext();
        else grimoire.Book.LearnAll();
        return report.Status != AdaptStatus.Idle;
    }

    private void WaitForNext()
    {
        nextFrame += Stopwatch.Frequency / Duel.TicksPerSecond;
        long left = nextFrame - Stopwatch.GetTimestamp();
        if (left > 0) Thread.Sleep(TimeSpan.FromSeconds((double)left / Stopwatch.Frequency));
        else nextFrame -= left; // a late frame is dropped, not caught up with
    }
}
