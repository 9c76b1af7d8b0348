namespace OnDeviceLearning;

/// <summary>How a Vulkan device is used.</summary>
public sealed record VulkanOptions
{
    private readonly long? memoryCap;
    private readonly double share = 1;

    /// <summary>
    /// The most device memory to take, in bytes; allocating beyond it is a <see cref="DeviceException"/>. A quarter of the
    /// device's own memory if not set: the rest is the game's.
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

    /// <summary>
    /// Where compiled pipelines are kept from one start to the next; null for the user's folder of application data, empty
    /// for nowhere.
    /// </summary>
    public string? PipelineCacheFolder { get; init; }

    /// <summary>
    /// Runs under the Khronos validation layer, synchronisation included, and collects what it says
    /// (<see cref="Vulkan.ValidationMessages"/>). Slow; for development. On as well where the environment variable
    /// ODL_VULKAN_VALIDATION is 1. Opening fails where the layer is not installed.
    /// </summary>
    public bool Validation { get; init; } = Environment.GetEnvironmentVariable("ODL_VULKAN_VALIDATION") == "1";

    /// <summary>Tests: whether the call (its name, its line) finds the device lost.</summary>
    internal Func<string, int, bool>? LoseAt { get; init; }

    /// <summary>Tests: other kernels, and their SPIR-V by name.</summary>
    internal (Gpu.GpuKernelSet Kernels, Func<string, byte[]> Code)? Shaders { get; init; }
}
