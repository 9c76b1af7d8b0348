using System.Diagnostics;

namespace OnDeviceLearning.Demo;

/// <summary>What the player let the book know about a cast.</summary>
internal enum Lesson
{
    /// <summary>There was no cast, or one read right and surely.</summary>
    None,
    /// <summary>The book was wrong and was told what was meant.</summary>
    Corrected,
    /// <summary>The book was right but unsure, and the player let it stand.</summary>
    Confirmed,
}

/// <summary>
/// A game's main loop at 60 frames a second: each frame calls into the spellbook as a game would, then sleeps until the
/// next. Only the calls into the library are timed and their managed allocations counted.
/// </summary>
internal sealed class FrameLoop(Spellbook book)
{
    // Corrections alone would show the book only the oddest drawings of a spell, and two spells that are often confused
    // would be pulled past each other. So what it was less sure of than this, and right, is an example too.
    private const float SureCast = 0.9f;
    private const int FramesPerSecond = 60;
    private readonly List<double> adapt = new(capacity: 8192), classify = new(capacity: 512);
    private long frames, steadyFrames, steadyBytes, nextFrame = Stopwatch.GetTimestamp();

    /// <summary>Frames so far.</summary>
    public long Frames => frames;

    /// <summary>The caller's share of every <c>Adapt</c>, in milliseconds.</summary>
    public IReadOnlyList<double> AdaptMilliseconds => adapt;

    /// <summary>Every <c>Classify</c>, in milliseconds.</summary>
    public IReadOnlyList<double> ClassifyMilliseconds => classify;

    /// <summary>Managed bytes the library took a frame, over the steady frames in which nothing was taught.</summary>
    public double ManagedBytesPerFrame => steadyFrames == 0 ? 0 : (double)steadyBytes / steadyFrames;

    /// <summary>Whether frames count as steady: set when buffers have grown to their working size.</summary>
    public bool Steady { get; set; }

    /// <summary>One frame: a cast if the player has just finished a drawing, then the learning budget.</summary>
    /// <param name="cast">What was drawn, or null.</param>
    /// <param name="meant">The spell that was meant.</param>
    /// <param name="lesson">What the book was taught.</param>
    public AdaptStatus Run(Drawing? cast, string meant, out Lesson lesson)
    {
        lesson = Lesson.None;
        long bytes = GC.GetAllocatedBytesForCurrentThread();
        if (cast is not null)
        {
            long begun = Stopwatch.GetTimestamp();
            Prediction prediction = book.Cast(cast);
            classify.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
            if (prediction.Label != meant) lesson = Lesson.Corrected;
            else if (prediction.Probability < SureCast) lesson = Lesson.Confirmed;
            if (lesson != Lesson.None) book.Teach(cast, meant);
        }
        long start = Stopwatch.GetTimestamp();
        AdaptReport report = book.Learn();
        adapt.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        if (Steady && lesson == Lesson.None)
        {
            steadyBytes += GC.GetAllocatedBytesForCurrentThread() - bytes;
            steadyFrames++;
        }
        frames++;
        WaitForNext();
        return report.Status;
    }

    private void WaitForNext()
    {
        nextFrame += Stopwatch.Frequency / FramesPerSecond;
        long left = nextFrame - Stopwatch.GetTimestamp();
        if (left > 0) Thread.Sleep(TimeSpan.FromSeconds((double)left / Stopwatch.Frequency));
        else nextFrame -= left; // a late frame is dropped, not caught up with
    }
}
