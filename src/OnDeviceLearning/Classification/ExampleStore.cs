using OnDeviceLearning.Learning;

namespace OnDeviceLearning.Classification;

/// <summary>A taught example: its embedding [D], which never changes, and its class.</summary>
internal readonly record struct Example(int Id, ClassEntry Class, float[] Feature);

/// <summary>The examples in the order they were taught. Keeps the classes' counts.</summary>
internal sealed class ExampleStore(int capacity, ulong seed)
{
    private readonly List<Example> examples = [];

    public int Count => examples.Count;

    public Example this[int index] => examples[index];

    /// <summary>The id last given out.</summary>
    public int LastId { get; private set; }

    /// <summary>Adds an example, making room first if need be.</summary>
    public int Add(ClassEntry entry, float[] feature, IReadOnlyList<ClassEntry> classes)
    {
        int id = checked(LastId + 1);
        if (examples.Count >= capacity) Evict(classes, id);
        Restore(id, entry, feature);
        return id;
    }

    /// <summary>Adds an example that already has its id.</summary>
    public void Restore(int id, ClassEntry entry, float[] feature)
    {
        examples.Add(new Example(id, entry, feature));
        entry.Examples++;
        entry.IsPrototypeStale = true;
        LastId = id;
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
        entry.Examples = 0;
        entry.IsPrototypeStale = true;
        return examples.RemoveAll(example => example.Class == entry);
    }

    private void RemoveAt(int index)
    {
        examples[index].Class.Examples--;
        examples[index].Class.IsPrototypeStale = true;
        examples.RemoveAt(index);
    }

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
