using System.Numerics.Tensors;

namespace OnDeviceLearning.Learning;

/// <summary>
/// One run of head training: a fit on all examples, a fit without each fold, the guard's judgement, and the head to
/// publish. A state machine whose units take some tens of microseconds; <see cref="Step"/> may be called from any one
/// thread at a time, and how the units fell in time changes no bit of the result. Allocates only when it grows.
/// </summary>
internal sealed partial class HeadTrainer
{
    // Of work that does little with each: some 10 to 50 microseconds, with memory that is in no cache.
    private const int ExamplesPerUnit = 1024;

    private enum Stage { Count, Weigh, Descriptions, Means, NormalizeMeans, Confidence, Fit, Lean, Share, Keep, Measure, Judge, Choose, Blend, Done }

    private readonly HeadTrainingSettings settings;
    private readonly HeadObjective objective = new();
    private readonly Lbfgs minimizer;
    private readonly GuardChoice choice = new();
    private readonly RelatedShift shift = new();
    private readonly ShareChoice share = new();
    private HeadEvidence evidence = new();
    private Stage stage = Stage.Done;
    private int fold;                       // held out; -1 in the fit on all examples
    private int cursor;
    private int[] counts = [];              // training examples of each class
    private int taughtClasses;              // with training examples
    private float[] zeroShot = [];          // [C] logits of one example
    private float[] fittedLogits = [];      // [C]
    private double[] confidence = [];       // [C]
    private double[] beliefs = [];          // [C] how far each description is believed
    private bool[] untaught = [];           // [C] described, and without training examples
    private float[] targets = [];           // [C, D] of the fit on all examples
    private float[] learnt = [];            // [C, D] means of the examples; once fitted, what was learnt
    private float[] kept = [];              // [C, D] what was learnt from all examples
    private float[] keptFit = [];           // [C, D] the fit on all examples, without a share of the mean
    private float[] fitFactors = [];        // [C] as learntFactors at the prior's mix, without a share of the mean, of the fold
    private float[] fitTargetFactors = [];  // [C] as targetFactors, likewise
    private float[] fitLogits = [];         // [C]
    private bool judgesShare;               // whether the examples are asked if the mean is to lose its share
    private bool withoutMean;               // whether the mean has lost its share
    private double[] mixes = [];            // [C] a_c of the fit before the evidence speaks
    private double[] keptMixes = [];        // [C] of the fit on all examples
    private ClassRole[] roles = [];         // of the fit on all examples
    private float[] blendedLogits = [];     // [C]
    private float[] targetFactors = [];     // [Guard.Grid, C] logit scale times (1 - a_c) over the length of w_c(a_c), of the fold
    private float[] learntFactors = [];     // [Guard.Grid, C] the same with a_c
    private float[] logLikelihoods = [];    // [N, Guard.Grid]
    private float[] judged = [];            // weight of each example in the evidence; 0 if it could not be judged
    private float[] head = [];
    private int chosen;                     // point of the guard's grid
    private float progress;

    public HeadTrainer(HeadTrainingSettings settings)
    {
        this.settings = settings;
        minimizer = new Lbfgs(objective);
    }

    /// <summary>How far the run has come, 0 to 1; may be read from any thread.</summary>
    public float Progress => Volatile.Read(ref progress);

    /// <summary>The head [C, D] to publish: unit rows, zero where <see cref="HasWeight"/> is false. Valid when done.</summary>
    public ReadOnlySpan<float> Head => head.AsSpan(0, objective.Classes * objective.Width);

    /// <summary>Whether a class has a weight at all: a description or an example.</summary>
    public bool HasWeight(int c) => roles[c] != ClassRole.Absent;

    /// <summary>The mix a that the guard chose, for a class whose description is believed entirely.</summary>
    public double Mix { get; private set; }

    /// <summary>Whether the guard chose less than the prior's mix.</summary>
    public bool GuardSteppedIn { get; private set; }

    /// <summary>Held-out log-likelihood per example of the descriptions alone; NaN if no example could be judged.</summary>
    public double EvidenceBefore { get; private set; }

    /// <summary>Held-out log-likelihood per example at <see cref="Mix"/>.</summary>
    public double EvidenceAfter { get; private set; }

    /// <summary>Gradient norm at the end of the fit on all examples.</summary>
    public double GradientNorm { get; private set; }

    /// <summary>Iterations of all fits of this run together.</summary>
    public int Iterations { get; private set; }

    /// <summary>Units of work done in this run.</summary>
    public long Units { get; private set; }

    /// <summary>Begins a run on evidence that must not change until the run is done or replaced by another.</summary>
    public void Begin(HeadEvidence evidence, int width, float logitScale)
    {
        this.evidence = evidence;
        int classes = evidence.Classes, count = evidence.Count, size = classes * width;
        objective.Scale = logitScale;
        objective.Resize(classes, width, count);
        counts = HeadObjective.Grow(counts, classes);
        zeroShot = HeadObjective.Grow(zeroShot, classes);
        fittedLogits = HeadObjective.Grow(fittedLogits, classes);
        confidence = HeadObjective.Grow(confidence, classes);
        beliefs = HeadObjective.Grow(beliefs, classes);
        untaught = HeadObjective.Grow(untaught, classes);
        shift.Resize(classes, width);
        targets = HeadObjective.Grow(targets, size);
        learnt = HeadObjective.Grow(learnt, size);
        kept = HeadObjective.Grow(kept, size);
        keptFit = HeadObjective.Grow(keptFit, size);
        fitFactors = HeadObjective.Grow(fitFactors, classes);
        fitTargetFactors = HeadObjective.Grow(fitTargetFactors, classes);
        fitLogits = HeadObjective.Grow(fitLogits, classes);
        mixes = HeadObjective.Grow(mixes, classes);
        keptMixes = HeadObjective.Grow(keptMixes, classes);
        head = HeadObjective.Grow(head, size);
        roles = HeadObjective.Grow(roles, classes);
        blendedLogits = HeadObjective.Grow(blendedLogits, classes);
        targetFactors = HeadObjective.Grow(targetFactors, classes * Guard.Grid);
        learntFactors = HeadObjective.Grow(learntFactors, classes * Guard.Grid);
        logLikelihoods = HeadObjective.Grow(logLikelihoods, count * Guard.Grid);
        judged = HeadObjective.Grow(judged, count);
        Array.Clear(judged, 0, count);
        share.Begin();
        judgesShare = AnyMayLoseMean();
        Units = 0;
        Iterations = 0;
        Volatile.Write(ref progress, 0);
        BeginFit(-1);
    }

    /// <summary>Does one unit of work.</summary>
    /// <returns>True when the run is complete.</returns>
    public bool Step()
    {
        Units++;
        switch (stage)
        {
            case Stage.Count: CountExamples(); break;
            case Stage.Weigh: WeighExamples(); break;
            case Stage.Descriptions: CopyDescriptions(); break;
            case Stage.Means: SumMeans(); break;
            case Stage.NormalizeMeans: NormalizeMeans(); break;
            case Stage.Confidence: MeasureConfidence(); break;
            case Stage.Fit: Fit(); break;
            case Stage.Lean: Lean(); break;
            case Stage.Share: Share(); break;
            case Stage.Keep: Keep(); break;
            case Stage.Measure: MeasureWeights(); break;
            case Stage.Judge: Judge(); break;
            case Stage.Choose: Choose(); break;
            case Stage.Blend: Blend(); break;
        }
        return stage == Stage.Done;
    }

    private int Classes => objective.Classes;
    private int Width => objective.Width;
    private Span<float> Target(int c) => objective.Targets.AsSpan(c * Width, Width);
    private Span<float> Learnt(int c) => learnt.AsSpan(c * Width, Width);
    private bool Training(int example) => evidence.FoldOf[example] != fold;

    private void Next(Stage next)
    {
        stage = next;
        cursor = 0;
    }

    private void BeginFit(int heldOut)
    {
        fold = heldOut;
        taughtClasses = 0;
        Array.Clear(counts, 0, Classes);
        Next(Stage.Count);
    }

    private void CountExamples()
    {
        int end = Math.Min(evidence.Count, cursor + ExamplesPerUnit);
        for (; cursor < end; cursor++)
            if (Training(cursor) && counts[evidence.Labels[cursor]]++ == 0) taughtClasses++;
        if (cursor == evidence.Count) Next(Stage.Weigh);
    }

    private void WeighExamples()
    {
        int end = Math.Min(evidence.Count, cursor + ExamplesPerUnit);
        for (; cursor < end; cursor++)
        {
            objective.Features[cursor] = evidence.Features[cursor];
            objective.Labels[cursor] = evidence.Labels[cursor];
            // Every taught class weighs the same, however many examples it has.
            objective.ExampleWeights[cursor] = Training(cursor) ? 1f / ((float)counts[evidence.Labels[cursor]] * taughtClasses) : 0;
        }
        if (cursor < evidence.Count) return;
        for (int c = 0; c < Classes; c++)
        {
            objective.Roles[c] =
                counts[c] == 0 && evidence.Descriptions[c] is null ? ClassRole.Absent :
                // Left free, a class without examples would only ever be pushed away by the others'.
                counts[c] == 0 ? ClassRole.Fixed : ClassRole.Free;
            confidence[c] = 0;
            untaught[c] = objective.Roles[c] == ClassRole.Fixed && settings.Kinship is not null;
        }
        Next(Stage.Descriptions);
    }

    private void CopyDescriptions()
    {
        int end = Math.Min(Classes, cursor + objective.VectorsPerUnit);
        for (; cursor < end; cursor++)
        {
            if (evidence.Descriptions[cursor] is float[] description) description.CopyTo(Target(cursor));
            Learnt(cursor).Clear();
        }
        if (cursor == Classes) Next(Stage.Means);
    }

    private void SumMeans()
    {
        int end = Math.Min(evidence.Count, cursor + objective.VectorsPerUnit);
        for (; cursor < end; cursor++)
        {
            if (!Training(cursor)) continue;
            Span<float> sum = Learnt(evidence.Labels[cursor]);
            TensorPrimitives.Add(sum, evidence.Features[cursor], sum);
        }
        if (cursor == evidence.Count) Next(Stage.NormalizeMeans);
    }

    // A class without description is drawn to the mean of its examples.
    private void NormalizeMeans()
    {
        int end = Math.Min(Classes, cursor + objective.VectorsPerUnit);
        for (; cursor < end; cursor++)
        {
            Unit.Normalize(Learnt(cursor));
            if (evidence.Descriptions[cursor] is null) Learnt(cursor).CopyTo(Target(cursor));
        }
        if (cursor == Classes) Next(Stage.Confidence);
    }

    // lambda_c from the probability that the targets alone give to the class's own examples (CLAP, arXiv 2312.12730).
    private void MeasureConfidence()
    {
        int work = objective.VectorsPerUnit;
        for (; cursor < evidence.Count * Classes && work > 0; cursor++, work--)
        {
            int i = cursor / Classes, c = cursor % Classes;
            if (!Training(i))
            {
                cursor += Classes - 1;
                continue;
            }
            zeroShot[c] = objective.Roles[c] == ClassRole.Absent
                ? float.NegativeInfinity
                : objective.Scale * TensorPrimitives.Dot<float>(evidence.Features[i], Target(c));
            if (c < Classes - 1) continue;
            HeadObjective.LogSumExp(zeroShot.AsSpan(0, Classes));
            confidence[evidence.Labels[i]] += zeroShot[evidence.Labels[i]] / counts[evidence.Labels[i]];
        }
        if (cursor < evidence.Count * Classes) return;

        int examples = 0;
        for (int c = 0; c < Classes; c++) examples += counts[c];
        double each = (double)examples / Math.Max(1, taughtClasses);
        objective.LengthPull = (float)(settings.LengthPull / Math.Max(1, examples));
        for (int c = 0; c < Classes; c++)
        {
            double sure = counts[c] == 0 ? 1 : confidence[c];
            // By the class's own examples: another's many say nothing of what this one's description is worth.
            double strength = settings.Pull / Math.Max(1, examples) * Math.Min(1, settings.HeldExamples / Math.Max(1, counts[c] == 0 ? each : counts[c]));
            if (evidence.Descriptions[c] is null)
            {
                objective.Pulls[c] = (float)(strength * Math.Max(settings.LeastConfidence, sure));
                mixes[c] = counts[c] == 0 ? 0 : 1; // nothing but its examples is known of it
                continue;
            }
            double trust = evidence.Trust[c];
            beliefs[c] = Belief(counts[c], sure) * trust;
            objective.Pulls[c] = (float)(strength * Math.Max(settings.LeastConfidence, sure * trust));
            mixes[c] = objective.Roles[c] == ClassRole.Fixed ? 0 : Guard.Trust(evidence.PriorMix, beliefs[c]);
        }
        minimizer.Begin(fold < 0 ? settings.Tolerance : settings.FoldTolerance, settings.MaxIterations);
        Next(Stage.Fit);
    }

    // How far a description is believed: what it gives the class's own examples, as if one more agreed with it entirely,
    // because a single example may be an odd one.
    private static double Belief(int examples, double sure) => (examples * sure + 1) / (examples + 1);

    private void Fit()
    {
        if (!minimizer.Step())
        {
            const double usualIterations = 30;
            double part = 1 - Math.Exp(-minimizer.Iterations / usualIterations);
            Volatile.Write(ref progress, (float)((fold + 1 + part) / (evidence.Folds + 1)));
            return;
        }
        Iterations += minimizer.Iterations;
        if (fold < 0) GradientNorm = minimizer.GradientNorm;
        Next(Stage.Lean);
    }

    // Part of what is learnt is the plain mean of the examples: it knows nothing of the other classes, and is the surer for it
    // while there are few examples. A class without description is pulled to that mean as it is, and what the fit adds is what
    // it has beyond prototypes.
    private void Lean()
    {
        int end = Math.Min(Classes, cursor + Math.Max(1, objective.VectorsPerUnit / 2));
        for (; cursor < end; cursor++)
        {
            ReadOnlySpan<float> w = minimizer.Weights.AsSpan(cursor * Width, Width);
            Span<float> result = Learnt(cursor);
            if (counts[cursor] == 0 || objective.Roles[cursor] != ClassRole.Free || evidence.Descriptions[cursor] is null)
            {
                w.CopyTo(result);
                continue;
            }
            float length = Math.Max(1e-6f, TensorPrimitives.Norm(w));
            TensorPrimitives.Multiply(result, (float)settings.MeanShare, result);
            TensorPrimitives.MultiplyAdd(w, (float)(1 - settings.MeanShare) / length, result, result);
        }
        if (cursor < Classes) return;
        double each = (double)evidence.Count / Math.Max(1, evidence.TaughtClasses);
        shift.Begin(settings.Kinship ?? 0, settings.Nearness, 1 + settings.Overshoot * each / (each + 1));
        Next(Stage.Share);
    }

    // The guard judges each fold's own shift, scaled as all else is by the mix: w_u(a) = t_u + a s_u.
    private void Share()
    {
        int vectors = Math.Max(1, objective.VectorsPerUnit / 4);
        if (cursor < Classes)
        {
            int end = Math.Min(Classes, cursor + vectors);
            for (; cursor < end; cursor++)
                if (counts[cursor] > 0 && evidence.Descriptions[cursor] is not null)
                    shift.Add(cursor, Target(cursor), Learnt(cursor), mixes[cursor], beliefs[cursor]);
            return;
        }
        int size = Classes * Width;
        if (shift.Step(objective.Targets.AsSpan(0, size), untaught, learnt.AsSpan(0, size), mixes, vectors)) Next(fold < 0 ? Stage.Keep : Stage.Measure);
    }

    private void Keep()
    {
        int end = Math.Min(Classes * Width, cursor + HeadObjective.UnitCost / 4);
        learnt.AsSpan(cursor..end).CopyTo(kept.AsSpan(cursor));
        minimizer.Weights.AsSpan(cursor..end).CopyTo(keptFit.AsSpan(cursor));
        objective.Targets.AsSpan(cursor..end).CopyTo(targets.AsSpan(cursor));
        cursor = end;
        if (cursor < Classes * Width) return;
        objective.Roles.AsSpan(0, Classes).CopyTo(roles);
        mixes.AsSpan(0, Classes).CopyTo(keptMixes);
        if (evidence.Folds < 2 || !counts.AsSpan(0, Classes).ContainsAnyInRange(2, int.MaxValue)) Next(Stage.Choose);
        else BeginFit(0);
    }
}
