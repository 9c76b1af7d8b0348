using OnDeviceLearning.Learning;

namespace OnDeviceLearning.Classification;

/// <summary>
/// Takes down what a head is learnt from, in slices of some tens of microseconds: classes, examples, folds. How the slices
/// fell changes nothing of it.
/// </summary>
internal sealed class EvidenceSnapshot
{
    // Classes or examples of one slice, with memory that is in no cache.
    private const int Slice = 512;

    private enum Stage { Taken, Classes, Examples, Folds }

    private readonly Dictionary<ClassEntry, int> indices = [];
    private IReadOnlyList<ClassEntry> classes = [];
    private ExampleStore? examples;
    private IReadOnlyList<float[]>? features;
    private AdaptationPrior prior = AdaptationPrior.Default;
    private int folds, cursor;
    private ulong seed;
    private Stage stage;

    /// <summary>What was taken down; whole when <see cref="IsTaken"/>.</summary>
    public HeadEvidence Evidence { get; } = new();

    public bool IsTaken => stage == Stage.Taken;

    /// <summary>Makes room here and not in a frame that allocates nothing.</summary>
    public void EnsureCapacity(int classCount) => indices.EnsureCapacity(classCount);

    /// <param name="classes">The classes, which must not change until it is taken or dropped.</param>
    /// <param name="examples">The examples; before they change, <see cref="FinishCopy"/>.</param>
    /// <param name="features">The examples' features under another encoder; null for their own.</param>
    /// <param name="prior">Of the backbone.</param>
    /// <param name="folds">Folds of the guard.</param>
    /// <param name="seed">Of the folds.</param>
    public void Begin(IReadOnlyList<ClassEntry> classes, ExampleStore examples, IReadOnlyList<float[]>? features, AdaptationPrior prior, int folds, ulong seed)
    {
        (this.classes, this.examples, this.features, this.prior, this.folds, this.seed) = (classes, examples, features, prior, folds, seed);
        Evidence.Resize(classes.Count, examples.Count);
        indices.Clear();
        (stage, cursor) = (Stage.Classes, 0);
    }

    /// <summary>Does one slice.</summary>
    public void Step()
    {
        switch (stage)
        {
            case Stage.Classes: CopyClasses(); break;
            case Stage.Examples: CopyExamples(); break;
            case Stage.Folds: AssignFolds(); break;
        }
    }

    /// <summary>Before the examples change: the run learns from those that were there when it began.</summary>
    public void FinishCopy()
    {
        while (stage is Stage.Classes or Stage.Examples) Step();
    }

    /// <summary>Nobody wants it any more.</summary>
    public void Drop() => stage = Stage.Taken;

    private void CopyClasses()
    {
        int end = Math.Min(classes.Count, cursor + Slice);
        for (; cursor < end; cursor++)
        {
            ClassEntry entry = classes[cursor];
            indices.Add(entry, cursor);
            Evidence.Descriptions[cursor] = entry.Evidence;
            Evidence.Trust[cursor] = (float)entry.Understood;
        }
        if (cursor == classes.Count) (stage, cursor) = (Stage.Examples, 0);
    }

    private void CopyExamples()
    {
        int end = Math.Min(Evidence.Count, cursor + Slice);
        for (; cursor < end; cursor++)
        {
            Example example = examples![cursor];
            Evidence.Features[cursor] = features is null ? example.Feature : features[cursor];
            Evidence.Labels[cursor] = indices[example.Class];
        }
        if (cursor < Evidence.Count) return;
        Evidence.BeginFolds(folds, seed);
        stage = Stage.Folds;
    }

    private void AssignFolds()
    {
        if (!Evidence.AssignFolds(Slice)) return;
        Evidence.PriorMix = prior.Trust((double)Evidence.Count / Evidence.TaughtClasses);
        stage = Stage.Taken;
    }
}
