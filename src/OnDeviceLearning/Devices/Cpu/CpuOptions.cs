namespace OnDeviceLearning;

/// <summary>How much of the processor the CPU device may use.</summary>
public sealed record CpuOptions
{
    private readonly int threads = Math.Max(1, Environment.ProcessorCount - 1);

    /// <summary>
    /// Threads that work on a program, the calling one included: 1 starts none. Default: one less than the cores, at
    /// least 1. The number never changes a result.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Less than 1 or more than 256.</exception>
    public int Threads
    {
        get => threads;
        init => threads = value is >= 1 and <= 256 ? value : throw new ArgumentOutOfRangeException(nameof(Threads), value, $"CpuOptions: Threads is {value}; expected 1 to 256.");
    }

    /// <summary>
    /// The cores the worker threads may run on, bit i for core i; 0 (default) leaves it to the system. Windows and Linux
    /// only, ignored elsewhere. The calling thread is the game's own and is never pinned.
    /// </summary>
    public ulong AffinityMask { get; init; }
}
