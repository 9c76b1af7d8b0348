namespace OnDeviceLearning.Gpu;

/// <summary>What a device allows; the lowering stays within it.</summary>
/// <param name="MaxGroupThreads">Threads of a group.</param>
/// <param name="MaxSharedBytes">Group-shared memory.</param>
/// <param name="MaxBufferBytes">Size of one bound buffer.</param>
/// <param name="MaxGroupsX">Groups of a dispatch along x.</param>
/// <param name="MaxGroupsY">Groups of a dispatch along y.</param>
/// <param name="MaxGroupsZ">Groups of a dispatch along z.</param>
/// <param name="GroupsToFill">About how many groups of 256 threads keep the device busy; split-K and split reductions make more groups until there are as many.</param>
public sealed record GpuLimits(
    int MaxGroupThreads, int MaxSharedBytes, long MaxBufferBytes, int MaxGroupsX, int MaxGroupsY, int MaxGroupsZ, int GroupsToFill)
{
    /// <summary>
    /// The most floating-point operations of one dispatch: more are several, in slices, so that none holds the device for
    /// long. How a result is cut never changes a bit of it.
    /// </summary>
    public long SliceFlops { get; init; } = 500_000_000;

    /// <summary>The most memory traffic of one dispatch, in bytes.</summary>
    public long SliceBytes { get; init; } = 50_000_000;

    /// <summary>Slices have no fewer groups of 256 threads than this: fewer would leave a part of the device idle and end no sooner.</summary>
    public int SliceGroups { get; init; } = 1;

    /// <summary>What every device of Vulkan 1.1 or DirectX 12 allows that is of use here.</summary>
    public static GpuLimits Guaranteed { get; } = new(256, 32 * 1024, 128 << 20, 65535, 65535, 65535, 64);
}
