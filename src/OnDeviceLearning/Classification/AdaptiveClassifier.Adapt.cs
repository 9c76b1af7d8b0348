using System.Numerics.Tensors;
using OnDeviceLearning.Classification;
using OnDeviceLearning.Learning;

namespace OnDeviceLearning;

// Learning: a run works on a snapshot of the evidence and is published when it is complete. Examples that come in on the
// way wait for the next run, so that a player who never stops correcting still sees what was learnt; any other change of
// the evidence makes the run void.
public sealed partial class AdaptiveClassifier
{
    // Weights whose cosine to their former self is nearer to 1 than half of this count as unchanged.
    private const float UnchangedSquaredDistance = 1e-8f;

    private readonly HeadTrainer trainer;
    private readonly HeadRunner runner;
    private readonly EvidenceSnapshot snapshot = new();
    private readonly List<string> changed = [];
    private Adaptation adaptation = Adaptation.None;
    private bool headIsLearnt;      // whether anything but descriptions may be in the published head
    private long evidenceVersion;   // of what has been described and taught
    private long learntVersion;     // of what the published head was learnt from
    private long runVersion = -1;   // of what the run under way learns from; -1 if there is none
    private bool runIsPrepared;     // whether the run under way has been handed to the trainer

    /// <summary>
    /// Learns from what was taught, for at most <paramref name="budget"/>; call it once a frame. With a spare core the
    /// work is done on a background thread and the call only looks how it is getting on. A new head is published when a
    /// run is complete; until then predictions stay as they are.
    /// </summary>
    /// <remarks>
    /// Where the encoder is tuned (<see cref="AdaptiveClassifierOptions.Encoder"/>) the background thread works for the budget
    /// of each call beside the caller's thread, and then rests until the next: so a device gives no more than that a frame.
    /// </remarks>
    /// <param name="budget">
    /// Longest time to spend on the caller's thread. It may be overrun by at most one slice of work, about 0.1 ms. Zero or
    /// less spends none but for a slice that takes note of what is to be learnt: the call only publishes what a background
    /// thread has finished.
    /// </param>
    public AdaptReport Adapt(TimeSpan budget)
    {
        using Turn turn = Enter("Adapt");
        return Advance(budget);
    }

    private AdaptReport Advance(TimeSpan budget)
    {
        long start = options.Clock.GetTimestamp();
        if (learntVersion == evidenceVersion) return TuningIsDue() ? Tune(start, budget) : Report(AdaptStatus.Idle, 1);
        if (runVersion < 0)
        {
            // The background thread may still have a void run's trainer; it lets go at its next slice.
            if (runner.IsBusy) return Report(AdaptStatus.Running, 0);
            BeginRun();
        }
        long deadline = Deadline(start, budget);
        if (!runIsPrepared && !PrepareRun(deadline)) return Report(AdaptStatus.Running, 0);
        if (budget > TimeSpan.Zero) runner.Advance(deadline);
        if (runner.IsBusy || !runner.IsDone) return Report(AdaptStatus.Running, trainer.Progress);
        Publish(trainer, runVersion);
        runVersion = -1;
        return Report(AdaptStatus.Published, 1);
    }

    /// <summary>Learns from what was taught until there is nothing more to learn; for tools and loading screens.</summary>
    public AdaptReport AdaptToEnd()
    {
        using Turn turn = Enter("AdaptToEnd");
        while (true)
        {
            AdaptReport report = Advance(TimeSpan.MaxValue);
            // What is published may be a run that had begun before the last examples came.
            if (report.Status != AdaptStatus.Running && learntVersion == evidenceVersion && !TuningIsDue()) return report;
            runner.Wait();
            AwaitTuning();
        }
    }

    internal Thread? BackgroundThread => runner.Worker;

    private AdaptReport Report(AdaptStatus status, float progress) => new(status, progress, adaptation, readOnlyChanged, encoder?.Adapter.Mix ?? 0);

    private long Deadline(long start, TimeSpan budget)
    {
        double ticks = budget.TotalSeconds * options.Clock.TimestampFrequency;
        return ticks >= long.MaxValue / 2 ? long.MaxValue / 2 : start + (long)ticks;
    }

    /// <summary>There is an example more; a run under way stays valid.</summary>
    private void EvidenceGrew()
    {
        evidenceVersion++;
        // Here and not in the frame that publishes, which allocates nothing.
        changed.EnsureCapacity(classes.Count);
        snapshot.EnsureCapacity(classes.Count);
    }

    private void EvidenceChanged()
    {
        EvidenceGrew();
        if (runVersion >= 0)
        {
            runner.Cancel();
            runVersion = -1;
            snapshot.Drop();
        }
        DropTuningRun();
        if (examples.Count > 0) return;
        DropEncoder();
        // Without examples there is nothing to learn: the descriptions alone, at once.
        for (int c = 0; c < classes.Count && headIsLearnt; c++) PublishTarget(c);
        headIsLearnt = false;
        adaptation = Adaptation.None;
        changed.Clear();
        learntVersion = evidenceVersion;
    }

    private void BeginRun()
    {
        runVersion = evidenceVersion;
        runIsPrepared = false;
        snapshot.Begin(classes, examples, null, embedder.Prior, options.Training.Folds, options.Seed);
    }

    /// <summary>Goes on with the snapshot of the evidence, one slice at least, and hands it to the trainer when it is taken.</summary>
    /// <returns>Whether it is taken and there is time left.</returns>
    private bool PrepareRun(long deadline)
    {
        bool inTime;
        do
        {
            snapshot.Step();
            inTime = options.Clock.GetTimestamp() < deadline;
        }
        while (!snapshot.IsTaken && inTime);
        if (!snapshot.IsTaken) return false;
        trainer.Begin(snapshot.Evidence, embedder.Width, embedder.LogitScale);
        runner.Start();
        runIsPrepared = true;
        return inTime;
    }

    private void Publish(HeadTrainer trainer, long version)
    {
        int width = embedder.Width;
        changed.Clear();
        for (int c = 0; c < classes.Count; c++)
        {
            classes[c].PublishPrototype();
            ReadOnlySpan<float> learnt = trainer.Head.Slice(c * width, width);
            Span<float> present = head.AsSpan(c * width, width);
            bool had = hasWeight[c];
            hasWeight[c] = trainer.HasWeight(c);
            if (!hasWeight[c]) continue;
            float distance = TensorPrimitives.Distance(learnt, present);
            if (!had || distance * distance > UnchangedSquaredDistance) changed.Add(names[c]);
            learnt.CopyTo(present);
        }
        adaptation = new Adaptation(trainer.EvidenceBefore, trainer.EvidenceAfter, trainer.Mix, trainer.GuardSteppedIn);
        headIsLearnt = true;
        learntVersion = version;
    }
}
