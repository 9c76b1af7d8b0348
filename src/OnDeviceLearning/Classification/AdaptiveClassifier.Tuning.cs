using System.Diagnostics;
using OnDeviceLearning.Classification;
using OnDeviceLearning.Learning;

namespace OnDeviceLearning;

// Light fine-tuning of the image encoder. A run begins once the head has learnt all examples, works on the side, and
// publishes encoder, features and head together; until then, and where it is cancelled, nothing of it is to be seen. It
// always begins at the shipped weights: what comes out depends on the examples and the seed, not on the runs before.
public sealed partial class AdaptiveClassifier
{
    private readonly bool inBackground;
    private readonly EvidenceSnapshot tunedSnapshot = new();
    private HeadTrainer? tunedTrainer;
    private HeadRunner? tunedRunner;    // where there is a background thread
    private TunedEncoder? encoder;      // null: the backbone's
    private EncoderTuner? tuner;
    private float[][] tunedFeatures = []; // of all examples, under the encoder that the run has chosen
    private int tunedCursor;
    private bool tunedFit;
    private long tunedVersion;          // of the evidence of the last finished or cancelled run
    private long tuningVersion;         // of that of the run under way
    private long finalVersion = -1;     // of the evidence of the run's own head; -1 if it was not begun
    private long checkedVersion = -1;   // of the evidence that canTune is about
    private bool canTune;

    /// <summary>Counts the encoders that came into force: 0 as long as it is the backbone's own.</summary>
    public int EncoderVersion { get; private set; }

    /// <summary>
    /// Cancels the fine-tuning run under way, as if it had never begun. Another begins when something more is taught.
    /// </summary>
    /// <returns>False if there was none, and none was due.</returns>
    public bool CancelTuning()
    {
        using Turn turn = Enter("CancelTuning");
        bool was = TuningIsDue();
        DropTuningRun();
        tunedVersion = evidenceVersion;
        return was;
    }

    private void CheckTuning()
    {
        if (options.Encoder == EncoderTuning.None) return;
        if (embedder.Tunable is not { } tunable) throw new ArgumentException($"AdaptiveClassifier: Encoder is {options.Encoder}; the backbone has no image encoder that could be tuned.");
        // Better now than in a frame of the game.
        EncoderAdapter.Elements(tunable.Graph, options.Encoder, options.Tuning.Rank, options.Tuning.Alpha);
    }

    private void EmbedInput(ClassifierInput input, Span<float> embedding)
    {
        if (encoder is null || !IsImage(input))
        {
            embedder.Embed(input, embedding);
            return;
        }
        bool found;
        try
        {
            found = encoder.Embed(input, embedding);
        }
        catch (DeviceLostException loss)
        {
            RecoverTuning(loss);
            found = encoder.Embed(input, embedding);
        }
        // Weights of a made-up save may lead anywhere; the shipped encoder always answers.
        if (!found) embedder.Embed(input, embedding);
    }

    private static bool IsImage(ClassifierInput input) => input is Drawing or GrayImage or ColorImage;

    /// <summary>An example that the backbone has embedded, as the encoder in force sees it.</summary>
    private Example Embedded(ClassifierInput input, float[] shipped, ClassEntry entry)
    {
        if (embedder.Tunable is not { } tunable || !IsImage(input) || (options.Encoder == EncoderTuning.None && encoder is null)) return new Example(0, entry, shipped);
        CompactInput kept = CompactInput.Of(input, tunable.Preprocessing);
        if (encoder is null) return new Example(0, entry, shipped, shipped, kept);
        var feature = new float[shipped.Length];
        bool found;
        try
        {
            // From what is kept, as it will be whenever it is embedded anew.
            found = encoder.Embed(kept, feature);
        }
        catch (DeviceLostException loss)
        {
            RecoverTuning(loss);
            found = encoder.Embed(kept, feature);
        }
        return new Example(0, entry, found ? feature : shipped, shipped, kept);
    }

    private bool TuningIsDue()
    {
        if (options.Encoder == EncoderTuning.None || tunedVersion == evidenceVersion) return false;
        if (tuner is not null) return true;
        if (checkedVersion != evidenceVersion)
        {
            checkedVersion = evidenceVersion;
            // An example whose input was not kept could not follow the encoder.
            canTune = HasAllInputs() && TuningSplit.IsEnough(TuningExamples(), options.Seed, options.Tuning);
        }
        return canTune;
    }

    private bool HasAllInputs()
    {
        for (int i = 0; i < examples.Count; i++)
            if (examples[i].Input is null) return false;
        return true;
    }

    private TuningExample[] TuningExamples()
    {
        Dictionary<ClassEntry, int> indices = Enumerable.Range(0, classes.Count).ToDictionary(c => classes[c]);
        return [.. Enumerable.Range(0, examples.Count).Select(i => examples[i]).Select(e => new TuningExample(e.Id, indices[e.Class], e.Input!, e.Shipped))];
    }

    private void BeginTuning(TuningExample[] snapshot, TrainingState? resume)
    {
        var filler = new EvidenceFiller(
            [.. classes.Select(entry => entry.Evidence)], [.. classes.Select(entry => (float)entry.Understood)],
            embedder.Prior, embedder.Width, embedder.LogitScale);
        tuner = new EncoderTuner(embedder.Tunable!, options.Encoder, options.Tuning, options.Training, filler, snapshot, options.Seed, inBackground, resume);
        tuningVersion = evidenceVersion;
        finalVersion = -1;
    }

    private AdaptReport Tune(long start, TimeSpan budget)
    {
        if (!(budget > TimeSpan.Zero)) return Report(AdaptStatus.Running, tuner?.Progress ?? 0);
        // Devices measure with the machine's own clock.
        TimeSpan left = budget - options.Clock.GetElapsedTime(start);
        long deadline = left.TotalSeconds >= long.MaxValue / 2 / Stopwatch.Frequency ? long.MaxValue : Stopwatch.GetTimestamp() + (long)(left.TotalSeconds * Stopwatch.Frequency);
        try
        {
            if (tuner is null) BeginTuning(TuningExamples(), null);
            if (!tuner!.Advance(deadline) || !FitTunedHead(deadline)) return Report(AdaptStatus.Running, tuner.Progress);
            return Report(PublishEncoder() ? AdaptStatus.Published : AdaptStatus.Idle, 1);
        }
        catch (DeviceLostException loss)
        {
            // The run is lost; what was published is on the host.
            RecoverTuning(loss);
            return Report(AdaptStatus.Running, 0);
        }
        catch
        {
            // Too little memory, say: the classifier goes on without this run.
            DropTuningRun();
            tunedVersion = evidenceVersion;
            throw;
        }
    }

    // The head of the run's encoder, on all examples there are by now; true when there is nothing more to do.
    private bool FitTunedHead(long deadline)
    {
        TunedEncoder? chosen = tuner!.Best;
        if (chosen is null && encoder is null) return true;
        if (finalVersion != evidenceVersion)
        {
            // It lets go of a void run's trainer at its next slice.
            tunedRunner?.Cancel();
            if (tunedRunner is { IsBusy: true }) return false;
            tunedFeatures = new float[examples.Count][];
            Dictionary<int, float[]> known = Enumerable.Range(0, tuner.Examples.Count).ToDictionary(i => tuner.Examples[i].Id, i => tuner.BestFeatures[i]);
            for (int i = 0; i < tunedFeatures.Length; i++)
                tunedFeatures[i] = chosen is null ? examples[i].Shipped : known.GetValueOrDefault(examples[i].Id)!;
            (finalVersion, tunedCursor, tunedFit) = (evidenceVersion, 0, false);
            tunedSnapshot.Begin(classes, examples, tunedFeatures, embedder.Prior, options.Training.Folds, options.Seed);
        }
        while (tunedCursor < examples.Count)
        {
            if (tunedFeatures[tunedCursor] is null)
            {
                var feature = new float[embedder.Width];
                // Taught since the run began, and rare: embedded in one piece.
                tunedFeatures[tunedCursor] = chosen!.Embed(examples[tunedCursor].Input!, feature) ? feature : examples[tunedCursor].Shipped;
            }
            tunedCursor++;
            if (Stopwatch.GetTimestamp() >= deadline) return false;
        }
        if (!tunedFit)
        {
            while (!tunedSnapshot.IsTaken)
            {
                tunedSnapshot.Step();
                if (Stopwatch.GetTimestamp() >= deadline) return false;
            }
            tunedTrainer ??= new HeadTrainer(options.Training);
            tunedTrainer.Begin(tunedSnapshot.Evidence, embedder.Width, embedder.LogitScale);
            if (inBackground) tunedRunner ??= new HeadRunner(tunedTrainer, options.Clock, background: true);
            tunedRunner?.Start();
            tunedFit = true;
        }
        if (tunedRunner is not null)
        {
            tunedRunner.Advance(deadline); // throws what failed there
            return !tunedRunner.IsBusy && tunedRunner.IsDone;
        }
        while (!tunedTrainer!.Step())
            if (Stopwatch.GetTimestamp() >= deadline) return false;
        return true;
    }

    /// <summary>Puts encoder, features and head into force at once.</summary>
    /// <returns>False where the shipped encoder was in force and stays so.</returns>
    private bool PublishEncoder()
    {
        TunedEncoder? chosen = tuner!.TakeBest();
        bool changes = chosen is not null || encoder is not null;
        if (changes)
        {
            encoder?.Dispose();
            encoder = chosen;
            EncoderVersion++;
            examples.SetFeatures(tunedFeatures, classes);
            Publish(tunedTrainer!, evidenceVersion);
            predictionVersion++;
        }
        tunedVersion = tuningVersion;
        DropTuningRun();
        return changes;
    }

    private void DropTuningRun()
    {
        tunedRunner?.Cancel();
        tuner?.Dispose();
        tuner = null;
        tunedFeatures = [];
        finalVersion = -1;
    }

    private void DropEncoder()
    {
        if (encoder is null) return;
        encoder.Dispose();
        encoder = null;
        EncoderVersion++;
    }

    private void RecoverTuning(DeviceLostException loss)
    {
        EncoderAdapter? adapter = encoder?.Adapter;
        DropTuningRun();
        encoder?.Dispose();
        // Before what may throw: no encoder that was disposed stays in force.
        encoder = null;
        embedder.Tunable!.Recover(loss);
        if (adapter is not null) encoder = embedder.Tunable.Create(adapter);
    }

    // Waits for what the run has started elsewhere.
    private void AwaitTuning()
    {
        try
        {
            tuner?.Wait();
            tunedRunner?.Wait();
        }
        catch (DeviceLostException loss)
        {
            RecoverTuning(loss);
        }
    }

    private void DisposeTuning()
    {
        DropTuningRun();
        tunedRunner?.Dispose();
        encoder?.Dispose();
        embedder.Tunable?.Dispose();
    }
}
