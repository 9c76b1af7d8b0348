using OnDeviceLearning.Learning;

namespace OnDeviceLearning.Classification;

/// <summary>
/// Runs a <see cref="HeadTrainer"/>, on a background thread or in slices on the owner's. The owner's members are for one
/// thread at a time. The trainer belongs to the background thread from <see cref="Start"/> until <see cref="IsBusy"/> is
/// false, and to the owner otherwise.
/// </summary>
internal sealed class HeadRunner : IDisposable
{
    // An estimate of the next slice above this comes from being preempted, not from the slice.
    private static readonly TimeSpan LongestSlice = TimeSpan.FromMilliseconds(0.2);

    private readonly HeadTrainer trainer;
    private readonly TimeProvider clock;
    private readonly bool background;
    private AutoResetEvent? wake;
    private ManualResetEvent? parked;
    private Thread? thread;
    private Exception? failure;
    private volatile bool busy;
    private volatile bool cancelled;
    private volatile bool stopping;
    private bool done;
    private long expectedSlice; // clock ticks

    public HeadRunner(HeadTrainer trainer, TimeProvider clock, bool background)
    {
        this.trainer = trainer;
        this.clock = clock;
        this.background = background;
    }

    /// <summary>The background thread, once it was needed.</summary>
    public Thread? Worker => thread;

    /// <summary>Whether the background thread has the trainer.</summary>
    public bool IsBusy => busy;

    /// <summary>Whether the run that was started last is complete. Only meaningful while not busy.</summary>
    public bool IsDone => done;

    /// <summary>Hands over a trainer whose run has just begun.</summary>
    public void Start()
    {
        done = false;
        cancelled = false;
        failure = null;
        if (!background) return;
        EnsureThread();
        parked!.Reset();
        busy = true;
        wake!.Set();
    }

    /// <summary>
    /// Does what can be done on the caller's thread until <paramref name="deadline"/> (a timestamp of the clock): with a
    /// background thread nothing, otherwise at least one slice.
    /// </summary>
    public void Advance(long deadline)
    {
        if (background)
        {
            if (!busy && failure is Exception thrown) throw new InvalidOperationException($"Adapt: learning failed: {thrown.Message}", thrown);
            return;
        }
        if (done) return;
        long longest = (long)(LongestSlice.TotalSeconds * clock.TimestampFrequency);
        long now = clock.GetTimestamp();
        do
        {
            done = trainer.Step();
            long after = clock.GetTimestamp();
            // Follows a longer slice at once and forgets it slowly: a promise about the worst frame needs the worst slice.
            expectedSlice = Math.Min(longest, Math.Max(after - now, expectedSlice - expectedSlice / 16));
            now = after;
        }
        while (!done && now + expectedSlice <= deadline);
    }

    /// <summary>Asks the background thread to let go of the trainer at the next slice; its run is void.</summary>
    public void Cancel()
    {
        cancelled = true;
        if (!busy) done = false;
    }

    /// <summary>Waits until the background thread has let go of the trainer.</summary>
    public void Wait() => parked?.WaitOne();

    private void EnsureThread()
    {
        if (thread is not null) return;
        wake = new AutoResetEvent(false);
        parked = new ManualResetEvent(true);
        thread = new Thread(Work) { IsBackground = true, Name = "AdaptiveClassifier", Priority = ThreadPriority.BelowNormal };
        thread.Start();
    }

    private void Work()
    {
        while (true)
        {
            wake!.WaitOne();
            if (stopping) return;
            bool complete = false;
            try
            {
                while (!cancelled && !stopping && !complete) complete = trainer.Step();
            }
            // Unhandled, it would end the game; the owner hears of it at the next Adapt.
            catch (Exception e)
            {
                failure = e;
            }
            done = complete && !cancelled;
            // In this order: once it is not busy, the owner may start the next run and reset the event.
            parked!.Set();
            busy = false;
        }
    }

    public void Dispose()
    {
        if (thread is null || stopping) return;
        stopping = true;
        wake!.Set();
        thread.Join();
        wake.Dispose();
        parked!.Dispose();
    }
}
