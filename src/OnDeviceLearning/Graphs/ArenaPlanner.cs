namespace OnDeviceLearning.Graphs;

/// <summary>
/// Places tensors in one arena so that tensors alive at the same operation never overlap: largest first, each into the
/// smallest gap that holds it among those already placed that are alive with it ("greedy by size", arXiv 2001.03288).
/// </summary>
internal static class ArenaPlanner
{
    /// <summary>Offsets are multiples of this many elements: 64 bytes, a cache line.</summary>
    public const int Alignment = 16;

    /// <summary>Sets the offset of every tensor.</summary>
    /// <returns>Elements the arena needs.</returns>
    /// <exception cref="ArgumentException">That is more than a buffer can hold.</exception>
    public static int Place(IReadOnlyList<PlannedTensor> tensors)
    {
        // By size, then by birth and death: what is alike in all three may change places without changing the plan.
        var bySize = new List<PlannedTensor>(tensors);
        bySize.Sort(static (a, b) =>
            a.Length != b.Length ? b.Length.CompareTo(a.Length) : a.First != b.First ? a.First.CompareTo(b.First) : a.Last.CompareTo(b.Last));
        var placed = new List<PlannedTensor>(bySize.Count); // by offset
        long length = 0;
        foreach (PlannedTensor tensor in bySize)
        {
            long size = Aligned(tensor.Length), best = -1, bestGap = long.MaxValue, end = 0;
            foreach (PlannedTensor other in placed)
            {
                if (other.Last < tensor.First || tensor.Last < other.First) continue;
                long gap = other.Offset - end;
                if (gap >= size && gap < bestGap) (best, bestGap) = (end, gap);
                end = Math.Max(end, other.Offset + Aligned(other.Length));
            }
            if (best < 0) best = end;
            length = Math.Max(length, best + size);
            if (length > int.MaxValue)
                throw new ArgumentException($"The program needs more than {int.MaxValue} elements for its intermediate values; use a smaller batch.");
            tensor.Offset = (int)best;
            int position = placed.FindIndex(p => p.Offset > tensor.Offset);
            placed.Insert(position < 0 ? placed.Count : position, tensor);
        }
        return (int)length;
    }

    /// <summary>Rounded up to a multiple of <see cref="Alignment"/>.</summary>
    public static long Aligned(long length) => (length + Alignment - 1) / Alignment * Alignment;
}
