namespace OnDeviceLearning.Gpu;

/// <summary>
/// What was touched since the last barrier. Two accesses to a common element of which one writes need a barrier between
/// them; nothing else does.
/// </summary>
internal sealed class HazardTracker
{
    private readonly record struct Access(GpuBlock Block, int From, int To, bool Writes);

    private readonly List<Access> accesses = new(64);

    /// <summary>Whether touching these elements now would race with something earlier.</summary>
    public bool Conflicts(GpuBlock block, int from, int length, bool writes)
    {
        foreach (Access earlier in accesses)
            if ((writes || earlier.Writes) && ReferenceEquals(earlier.Block, block) && from < earlier.To && earlier.From < from + length) return true;
        return false;
    }

    /// <summary>Notes an access.</summary>
    public void Add(GpuBlock block, int from, int length, bool writes) => accesses.Add(new Access(block, from, from + length, writes));

    /// <summary>There is a barrier here.</summary>
    public void Clear() => accesses.Clear();
}
