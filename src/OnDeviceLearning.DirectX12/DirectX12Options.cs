namespace OnDeviceLearning;

/// <summary>How a DirectX 12 device is used.</summary>
public sealed record DirectX12Options
{
    private readonly long? memoryCap;
    private readonly double share = 1;

    /// <summary>
    /// The most device memory to take, in bytes; allocating beyond it is a <see cref="DeviceException"/>. A quarter of what
    /// the device has if not set: the rest is the game's.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Not positive.</exception>
    public long? MemoryCapBytes
    {
        get => memoryCap;
        init => memoryCap = value is null or > 0 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "MemoryCapBytes: expected a positive number.");
    }

    /// <summary>
    /// Share of the time until a deadline that <see cref="DeviceProgram.Advance"/> may fill with work of the GPU, above 0 to
    /// 1. The GPU works beside the caller's thread, but not beside the game's own drawing.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Not above 0, or above 1.</exception>
    public double GpuShare
    {
        get => share;
        init => share = value is > 0 and <= 1 ? value : throw new ArgumentOutOfRangeException(nameof(value), value, "GpuShare: expected above 0, at most 1.");
    }

    /// <summary>Tests: whether the device is found lost, asked after everything its thread did.</summary>
    internal Func<bool>? LoseAt { get; init; }
}
