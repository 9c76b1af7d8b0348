namespace OnDeviceLearning.Tests;

/// <summary>Counts managed allocations of the present thread.</summary>
internal static class Allocated
{
    private const int Rounds = 5;

    /// <summary>
    /// The fewest bytes that any of several rounds allocates. A collection that another thread starts in between gives this
    /// thread the rest of its allocation window (8 KB) as allocated, and some first-time cost of the runtime may fall on it;
    /// what the code itself allocates, it allocates in every round.
    /// </summary>
    /// <param name="round">What is measured.</param>
    /// <param name="before">What precedes every round and is not measured.</param>
    public static long Least(Action round, Action? before = null)
    {
        long least = long.MaxValue;
        for (int i = 0; i < Rounds && least > 0; i++)
        {
            before?.Invoke();
            long bytes = GC.GetAllocatedBytesForCurrentThread();
            round();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - bytes);
        }
        return least;
    }
}
