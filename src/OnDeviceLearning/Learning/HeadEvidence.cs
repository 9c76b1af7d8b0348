namespace OnDeviceLearning.Learning;

/// <summary>
/// What a head is learnt from: a snapshot of references to features and description embeddings, none of which ever
/// changes. Filled by the owner while no run is under way, read by the run.
/// </summary>
internal sealed class HeadEvidence
{
    /// <summary>Features [D] of the examples, in the order they were taught.</summary>
    public float[][] Features { get; private set; } = [];

    /// <summary>Class index of each example.</summary>
    public int[] Labels { get; private set; } = [];

    /// <summary>Which fold holds an example out: 0 to <see cref="Folds"/> - 1.</summary>
    public int[] FoldOf { get; private set; } = [];

    /// <summary>Description embedding t_c [D] of each class; null for a class known by examples alone.</summary>
    public float[]?[] Descriptions { get; private set; } = [];

    /// <summary>How far each description may be trusted, 0 to 1: the share of it that was understood.</summary>
    public float[] Trust { get; private set; } = [];

    public int Classes { get; private set; }
    public int Count { get; private set; }
    public int Folds { get; private set; }

    /// <summary>Number of classes with at least one example.</summary>
    public int TaughtClasses { get; private set; }

    /// <summary>Number of examples of a class, held out or not.</summary>
    public int ExamplesOf(int c) => taught[c];

    /// <summary>The guard's mix before the evidence speaks.</summary>
    public double PriorMix { get; set; }

    private int[] taught = []; // examples of each class
    private int[] denseFold = []; // number of each fold among those that hold an example out; -1 for none
    private ulong seed;
    private int cursor;
    private bool dealt;

    /// <summary>Sets the sizes and grows what is too small; the caller fills the arrays and calls <see cref="AssignFolds(int, ulong)"/>.</summary>
    public void Resize(int classes, int count)
    {
        (Classes, Count) = (classes, count);
        Features = HeadObjective.Grow(Features, count);
        Labels = HeadObjective.Grow(Labels, count);
        FoldOf = HeadObjective.Grow(FoldOf, count);
        Descriptions = HeadObjective.Grow(Descriptions, classes);
        Trust = HeadObjective.Grow(Trust, classes);
        taught = HeadObjective.Grow(taught, classes);
    }

    /// <summary>
    /// Deals the examples of each class round the folds, starting at a fold drawn from the seed, so that no fold holds out
    /// much more of a class than another.
    /// </summary>
    public void AssignFolds(int folds, ulong seed)
    {
        BeginFolds(folds, seed);
        while (!AssignFolds(Count))
        {
        }
    }

    /// <summary>Begins what <see cref="AssignFolds(int, ulong)"/> does, to be done by <see cref="AssignFolds(int)"/>.</summary>
    public void BeginFolds(int folds, ulong seed)
    {
        Folds = Math.Min(folds, Count);
        this.seed = seed;
        Array.Clear(taught, 0, Classes);
        TaughtClasses = 0;
        denseFold = HeadObjective.Grow(denseFold, Folds);
        Array.Fill(denseFold, -1, 0, Folds);
        (cursor, dealt) = (0, false);
    }

    /// <summary>Goes on for some examples.</summary>
    /// <returns>True when every example has its fold.</returns>
    public bool AssignFolds(int examples)
    {
        int end = (int)Math.Min(Count, (long)cursor + examples);
        if (!dealt)
        {
            for (; cursor < end; cursor++)
            {
                int c = Labels[cursor];
                if (taught[c]++ == 0) TaughtClasses++;
                int fold = (int)((Mix(seed + (ulong)c) % (ulong)Folds + (ulong)taught[c]) % (ulong)Folds);
                FoldOf[cursor] = fold;
                denseFold[fold] = 0;
            }
            if (cursor < Count) return false;
            // With all folds starting at random some may stay empty while there are few examples; that costs an unneeded
            // fit, so the folds are numbered densely.
            int used = 0;
            for (int fold = 0; fold < Folds; fold++)
                if (denseFold[fold] == 0) denseFold[fold] = used++;
            if (used == Folds) return true;
            Folds = used;
            (cursor, dealt) = (0, true);
            return false;
        }
        for (; cursor < end; cursor++) FoldOf[cursor] = denseFold[FoldOf[cursor]];
        return cursor == Count;
    }

    /// <summary>SplitMix64 (Steele, Lea and Flood 2014): a well-mixed number for every input.</summary>
    internal static ulong Mix(ulong x)
    {
        x += 0x9E3779B97F4A7C15;
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }
}
