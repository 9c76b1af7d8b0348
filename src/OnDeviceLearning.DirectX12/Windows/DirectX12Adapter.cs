using ComputeSharp;
using OnDeviceLearning.Gpu;

namespace OnDeviceLearning.Devices.DirectX12;

/// <summary>
/// A share of ComputeSharp's device for an adapter. ComputeSharp keeps one for each and hands the same to everybody, a game
/// that uses ComputeSharp included. So it is left to ComputeSharp's keeping when no longer used, except a lost one: only
/// disposing that makes the adapter open anew.
/// </summary>
internal sealed class DirectX12Adapter
{
    private static readonly Dictionary<GraphicsDevice, int> shares = [];

    public DirectX12Adapter(GraphicsDevice graphics)
    {
        Graphics = graphics;
        Native = DirectX12Native.DeviceOf(graphics);
        Name = NameOf(graphics.Name, graphics.IsHardwareAccelerated);
        Kind = !graphics.IsHardwareAccelerated ? DeviceKind.SoftwareGpu
            : DirectX12Native.IsUnified(Native) ? DeviceKind.IntegratedGpu
            : DeviceKind.DiscreteGpu;
        MemoryBytes = MemoryOf(graphics.DedicatedMemorySize, graphics.SharedMemorySize, Kind);
        lock (shares) shares[graphics] = shares.GetValueOrDefault(graphics) + 1;
    }

    public GraphicsDevice Graphics { get; }

    /// <summary>ID3D12Device.</summary>
    public nint Native { get; }

    public string Name { get; }

    public DeviceKind Kind { get; }

    public long MemoryBytes { get; }

    /// <summary>What Direct3D 12 and ComputeSharp allow on every adapter.</summary>
    public GpuLimits Limits => new(
        MaxGroupThreads: 1024,
        MaxSharedBytes: 32 * 1024,
        MaxBufferBytes: 512 << 20, // ComputeSharp views every buffer as typed words as well, of which 2^27 are guaranteed
        MaxGroupsX: 65535,
        MaxGroupsY: 65535,
        MaxGroupsZ: 65535,
        GroupsToFill: Kind switch { DeviceKind.DiscreteGpu => 128, DeviceKind.IntegratedGpu => 32, _ => 4 });

    /// <summary>An adapter's name as it is shown and asked for.</summary>
    public static string NameOf(string name, bool isHardware) => isHardware ? name.Trim() : $"{name.Trim()} (WARP)";

    /// <summary>The memory that counts: a GPU that shares the CPU's has little of its own.</summary>
    public static long MemoryOf(nuint dedicated, nuint shared, DeviceKind kind) => (long)Math.Min(
        kind == DeviceKind.DiscreteGpu ? dedicated : (ulong)dedicated + shared, long.MaxValue);

    /// <summary>The device's failures as sentences; null for <paramref name="e"/> looks whether it is still there.</summary>
    /// <returns>Null where it is there and nothing was thrown.</returns>
    public DeviceException? Failure(Exception? e)
    {
        int removed = DirectX12Native.RemovedReason(Native);
        return removed == 0 && e is null ? null : DirectX12Failure.Explain(Name, removed, e);
    }

    public void Release()
    {
        bool isLost = DirectX12Native.RemovedReason(Native) != 0;
        DirectX12Native.ReleaseReference(Native);
        lock (shares)
        {
            if (--shares[Graphics] > 0) return;
            shares.Remove(Graphics);
            if (isLost) Graphics.Dispose();
        }
    }
}
