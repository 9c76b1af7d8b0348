using System.Diagnostics;
using System.Numerics.Tensors;
using OnDeviceLearning.Learning;

namespace OnDeviceLearning.Classification;

/// <summary>An example as a tuning run sees it.</summary>
internal readonly record struct TuningExample(int Id, int Class, CompactInput Input, float[] Shipped);

/// <summary>
/// One run of light fine-tuning: a head learnt from four fifths of the examples, the encoder trained towards that head on
/// the same four fifths, and the dial judged on the fifth that was held out, each point with a head of its own; down to
/// the shipped encoder where nothing beats it. Goes on in slices; how they fell changes no bit.
/// </summary>
/// <remarks>
/// Where the classifier uses a background thread, that does the work until the deadline of each call; what belongs to the
/// run is then its own until it lets go. The members are for one thread at a time.
/// </remarks>
internal sealed class EncoderTuner : IEncoderExamples, IDisposable
{
    // Of work on the background thread, half a millisecond.
    private static readonly long Slice = Stopwatch.Frequency / 2_000;

    private enum Stage { FitShipped, JudgeShipped, Plan, Train, Apply, Embed, Fit, Judge, Done }

    private readonly TunableEncoder encoder;
    private readonly EncoderTuning tuning;
    private readonly EncoderTuningSettings settings;
    private readonly EvidenceFiller evidence;
    private readonly TuningExample[] examples;
    private readonly TuningSplit split;
    private readonly ulong seed;
    private readonly bool background;
    private readonly HeadTrainer trainer;
    private readonly HeadEvidence headEvidence = new();
    private readonly float[][] features;      // [examples] under the weights being judged
    private readonly double[][] likelihoods;  // [1 + dial][held out]
    private float[] classWeights = [];        // [C, D] of the head on shipped features
    private TrainingState? resume;
    private EncoderTraining? program;
    private Task? working;         // on what the last call of Advance handed over
    private volatile bool pausing; // asks it to let go
    private TunedEncoder? candidate, best;
    private float[][]? bestFeatures;
    private int bestPoint;
    private Stage stage;
    private int point, cursor;
    private bool embedding;

    /// <param name="encoder">What is tuned.</param>
    /// <param name="tuning">What of it moves.</param>
    /// <param name="settings">How.</param>
    /// <param name="head">How heads are learnt.</param>
    /// <param name="evidence">Classes, their descriptions and the prior.</param>
    /// <param name="examples">In the order they were taught.</param>
    /// <param name="seed">Of what is held out and drawn.</param>
    /// <param name="background">Whether a background thread may be used.</param>
    /// <param name="resume">Where a run with the same examples was left; null begins.</param>
    public EncoderTuner(
        TunableEncoder encoder, EncoderTuning tuning, EncoderTuningSettings settings, HeadTrainingSettings head, EvidenceFiller evidence,
        TuningExample[] examples, ulong seed, bool background, TrainingState? resume = null)
    {
        (this.encoder, this.tuning, this.settings, this.evidence, this.examples, this.seed, this.background, this.resume) =
            (encoder, tuning, settings, evidence, examples, seed, background, resume);
        trainer = new HeadTrainer(head);
        split = TuningSplit.Of(examples, seed);
        features = [.. examples.Select(e => e.Shipped)];
        likelihoods = [.. Enumerable.Range(0, 1 + settings.Dial.Count).Select(_ => new double[split.HeldOut.Length])];
        BeginFit(Stage.FitShipped);
    }

    /// <summary>The examples it learns from and is judged by.</summary>
    public IReadOnlyList<TuningExample> Examples => examples;

    /// <summary>How far the run has come, 0 to 1; an estimate.</summary>
    public float Progress => stage switch
    {
        < Stage.Train => 0,
        Stage.Train => 0.8f * (program?.Step ?? 0) / settings.Updates,
        Stage.Done => 1,
        _ => 0.8f + 0.2f * (point - 1) / settings.Dial.Count,
    };

    /// <summary>The encoder that was judged best; null for the shipped one. Valid when done.</summary>
    public TunedEncoder? Best => best;

    /// <summary>Gives <see cref="Best"/> to the caller.</summary>
    public TunedEncoder? TakeBest()
    {
        TunedEncoder? taken = best;
        best = null;
        return taken;
    }

    /// <summary>The features of <see cref="Examples"/> with the best encoder; the shipped ones where nothing beats it. Valid when done.</summary>
    public IReadOnlyList<float[]> BestFeatures => bestFeatures ?? [.. examples.Select(e => e.Shipped)];

    int IEncoderExamples.Count => split.Training.Length;

    int IEncoderExamples.Label(int example) => examples[split.Training[example]].Class;

    void IEncoderExamples.Write(int example, ulong stream, ulong number, Span<float> input)
    {
        examples[split.Training[example]].Input.WriteBent(stream, number, input);
        encoder.Preprocessing.Standardize(input);
    }

    /// <summary>
    /// Goes on until the end or the deadline (a timestamp of <see cref="Stopwatch"/>), at least one unit of work. With a
    /// background thread the work is handed to it, and the call looks what has become of what was handed over before.
    /// </summary>
    /// <returns>True at the end.</returns>
    public bool Advance(long deadline)
    {
        if (!background) return AdvanceHere(deadline);
        if (working is { } task)
        {
            if (!task.IsCompleted) return false;
            working = null;
            task.GetAwaiter().GetResult();
        }
        if (stage == Stage.Done) return true;
        working = Task.Run(() => Work(deadline));
        return false;
    }

    // In slices, so that it lets go soon when asked.
    private void Work(long deadline)
    {
        while (!pausing && !AdvanceHere(Math.Min(deadline, Stopwatch.GetTimestamp() + Slice)))
        {
            if (Stopwatch.GetTimestamp() >= deadline) return;
            WaitForDevice();
        }
    }

    private bool AdvanceHere(long deadline)
    {
        bool first = true;
        while (stage != Stage.Done)
        {
            if (!first && Stopwatch.GetTimestamp() >= deadline) return false;
            if (!Step(deadline, first)) return false;
            first = false;
        }
        return true;
    }

    /// <summary>Waits for what <see cref="Advance"/> has started elsewhere.</summary>
    public void Wait()
    {
        AwaitWork();
        WaitForDevice();
    }

    /// <summary>Finishes the update under way, and what the run can be resumed from; null where no update was made yet.</summary>
    public TrainingState? Capture()
    {
        Pause();
        return resume ?? program?.Capture();
    }

    public void Dispose()
    {
        Pause();
        program?.Dispose();
        candidate?.Dispose();
        best?.Dispose();
    }

    // True to go on, false to wait.
    private bool Step(long deadline, bool atLeastOne)
    {
        switch (stage)
        {
            case Stage.FitShipped or Stage.Fit:
                if (!trainer.Step()) return true;
                if (stage == Stage.FitShipped) classWeights = trainer.Head.ToArray();
                (stage, cursor) = (stage == Stage.FitShipped ? Stage.JudgeShipped : Stage.Judge, 0);
                return true;
            case Stage.JudgeShipped or Stage.Judge:
                if (cursor < split.HeldOut.Length)
                {
                    likelihoods[stage == Stage.JudgeShipped ? 0 : point][cursor] = LogLikelihood(split.HeldOut[cursor]);
                    cursor++;
                    return true;
                }
                if (stage == Stage.JudgeShipped) stage = Stage.Plan;
                else Keep();
                return true;
            case Stage.Plan:
                program = new EncoderTraining(encoder.Shipped, tuning, settings, this, classWeights, evidence.LogitScale, seed);
                stage = Stage.Train;
                return true;
            case Stage.Train:
                if (resume is not null)
                {
                    program!.Restore(resume);
                    resume = null;
                }
                if (!program!.Advance(deadline, atLeastOne)) return false;
                (point, stage) = (1, Stage.Apply);
                return true;
            case Stage.Apply:
                candidate = encoder.Create(program!.Adapter(settings.Dial[point - 1]));
                (stage, cursor) = (Stage.Embed, 0);
                return true;
            default:
                return EmbedNext(deadline, atLeastOne);
        }
    }

    private bool EmbedNext(long deadline, bool atLeastOne)
    {
        if (!embedding) candidate!.Begin(examples[cursor].Input);
        embedding = true;
        if (!candidate!.Advance(deadline, atLeastOne)) return false;
        embedding = false;
        var feature = new float[examples[cursor].Shipped.Length];
        if (!candidate.Read(feature))
        {
            // Weights that embed nowhere are judged by nobody.
            Array.Fill(likelihoods[point], double.NegativeInfinity);
            Keep();
            return true;
        }
        features[cursor] = feature;
        if (++cursor == examples.Length) BeginFit(Stage.Fit);
        return true;
    }

    private void BeginFit(Stage next)
    {
        evidence.Fill(headEvidence, [.. split.Training.Select(i => features[i])], [.. split.Training.Select(i => examples[i].Class)]);
        headEvidence.AssignFolds(1, seed); // the held-out fifth is the judge, no fold
        trainer.Begin(headEvidence, evidence.Width, evidence.LogitScale);
        (stage, cursor) = (next, 0);
    }

    private double LogLikelihood(int example)
    {
        int classes = headEvidence.Classes, width = evidence.Width;
        var logits = new float[classes];
        for (int c = 0; c < classes; c++)
            logits[c] = trainer.HasWeight(c)
                ? evidence.LogitScale * TensorPrimitives.Dot<float>(features[example], trainer.Head.Slice(c * width, width))
                : float.NegativeInfinity;
        float own = logits[examples[example].Class];
        return own - HeadObjective.LogSumExp(logits);
    }

    // Keeps the candidate if it is the best so far, and goes on with the next point of the dial.
    private void Keep()
    {
        if (Improves(likelihoods[point], likelihoods[bestPoint], likelihoods[0]))
        {
            best?.Dispose();
            (best, bestFeatures, bestPoint) = (candidate, [.. features], point);
        }
        else
        {
            candidate?.Dispose();
        }
        candidate = null;
        stage = point++ < settings.Dial.Count ? Stage.Apply : Stage.Done;
    }

    // Better than the best so far on average, and than the shipped encoder by more than chance explains. Every class counts alike.
    private bool Improves(double[] values, double[] bestSoFar, double[] shipped)
    {
        if (!(split.Gain(values, bestSoFar, out _) > 0)) return false;
        double gain = split.Gain(values, shipped, out double error);
        return gain > settings.GuardErrors * error;
    }

    private void WaitForDevice()
    {
        if (stage == Stage.Train) program?.Wait();
        candidate?.Wait();
    }

    private void Pause()
    {
        pausing = true;
        AwaitWork();
        pausing = false;
    }

    // What failed there is thrown where the run goes on; where it is given up it concerns nobody.
    private void AwaitWork()
    {
        if (working is not null) ((IAsyncResult)working).AsyncWaitHandle.WaitOne();
    }
}
