using OnDeviceLearning.Learning;

namespace OnDeviceLearning.Classification;

/// <summary>A taught example. Embeddings [D] never change in place.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Class">Its class.</param>
/// <param name="Feature">Its embedding by the encoder in force.</param>
/// <param name="Shipped">Its embedding by the shipped encoder: the same array as long as that one is in force.</param>
/// <param name="Input">What it was made from, where the encoder may move; otherwise null.</param>
internal readonly record struct Example(int Id, ClassEntry Class, float[] Feature, float[] Shipped, CompactInput? Input)
{
    public Example(int id, ClassEntry entry, float[] feature)
        : this(id, entry, feature, feature, null)
    {
    }
}

/// <summary>The examples in the order they were taught. Keeps the classes' counts.</summary>
internal sealed class ExampleStore(int capacity, ulong seed)
{
    private readonly List<Example> examples = [];

    public int Count => examples.Count;

    public Example this[int index] => examples[index];

    /// <summary>The id last given out.</summary>
    public int LastId { get; private set; }

    /// <summary>Adds an example, making room first if need be.</summary>
    public int Add(Example newcomer, IReadOnlyList<ClassEntry> classes)
    {
        int id = checked(LastId + 1);
        if (examples.Count >= capacity) Evict(classes, id);
        Restore(newcomer with { Id = id });
        return id;
    }

    /// <summary>Adds an example that already has its id.</summary>
    public void Restore(Example example)
    {
        examples.Add(example);
        example.Class.Add(example.Feature);
        LastId = example.Id;
    }

    /// <summary>Gives every example the feature of another encoder, all at once.</summary>
    public void SetFeatures(IReadOnlyList<float[]> features, IReadOnlyList<ClassEntry> classes)
    {
        for (int i = 0; i < examples.Count; i++) examples[i] = examples[i] with { Feature = features[i] };
        foreach (ClassEntry entry in classes) entry.Recount(FeaturesOf(entry));
    }

    /// <summary>Continues the numbering of a save, whose last examples may have been forgotten.</summary>
    public void RestoreLastId(int id) => LastId = id;

    public bool Remove(int id)
    {
        int low = 0, high = examples.Count - 1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            if (examples[middle].Id == id)
            {
                RemoveAt(middle);
                return true;
            }
            if (examples[middle].Id < id) low = middle + 1;
            else high = middle - 1;
        }
        return false;
    }

    public int RemoveAll(ClassEntry entry)
    {
        int removed = examples.RemoveAll(example => example.Class == entry);
        entry.Recount([]);
        return removed;
    }

    private void RemoveAt(int index)
    {
        ClassEntry entry = examples[index].Class;
        examples.RemoveAt(index);
        entry.Recount(FeaturesOf(entry));
    }

    private IEnumerable<float[]> FeaturesOf(ClassEntry entry) =>
        examples.Where(example => example.Class == entry).Select(example => example.Feature);

    // The class with the most examples gives one up; which one is drawn from the seed and the newcomer's number.
    private void Evict(IReadOnlyList<ClassEntry> classes, int newcomer)
    {
        ClassEntry largest = classes[0];
        foreach (ClassEntry entry in classes)
            if (entry.Examples > largest.Examples) largest = entry;
        int victim = (int)(HeadEvidence.Mix(seed ^ (ulong)newcomer) % (ulong)largest.Examples);
        for (int i = 0; i < examples.Count; i++)
        {
            if (examples[i].Class != largest || victim-- > 0) continue;
            RemoveAt(i);
            return;
        }
    }
}
