using System.Diagnostics.CodeAnalysis;
using OnDeviceLearning.Devices.DirectX12;

namespace OnDeviceLearning;

/// <summary>Devices that speak DirectX 12: Windows 10 or later, feature level 11.0, shader model 6.</summary>
/// <remarks>
/// A device works beside the caller's thread: a thread of its own submits programs. Reading results, <c>Run</c>, <c>Wait</c>,
/// disposing what is under way and more writes than its pages hold wait for it. Its memory is capped (<see cref="DirectX12Options.MemoryCapBytes"/>).
/// </remarks>
public static class DirectX12
{
    private const string NeedsWindows = "DirectX 12 needs Windows 10 or later";

    /// <summary>
    /// Pass it to <see cref="ComputeDevice.Open"/>. It opens the fastest real GPU, as Windows ranks them; WARP, which computes
    /// on the CPU, never. On other systems it says that it needs Windows.
    /// </summary>
    public static DeviceProvider Provider { get; } = new DirectX12Provider(new DirectX12Options());

    private static bool IsHere => OperatingSystem.IsWindowsVersionAtLeast(10);

    /// <summary>A provider as <see cref="Provider"/>, with options.</summary>
    public static DeviceProvider ProviderWith(DirectX12Options options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new DirectX12Provider(options);
    }

    /// <summary>Opens an adapter by its name, or a part of it, whatever the case: software too ("WARP").</summary>
    /// <exception cref="ArgumentException">The name is blank.</exception>
    /// <exception cref="DeviceException">No usable adapter has that name; the message lists those there are.</exception>
    public static ComputeDevice Open(string name, DirectX12Options? options = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        return IsHere ? DirectX12Adapters.Open(name, options ?? new DirectX12Options()) : throw new DeviceException($"{NeedsWindows}.");
    }

    /// <summary>Every adapter of this machine that speaks DirectX 12, the fastest first, WARP last.</summary>
    /// <exception cref="DeviceException">There is no DirectX 12 here; the message says why.</exception>
    public static IReadOnlyList<DirectX12DeviceInfo> Devices() =>
        IsHere ? DirectX12Adapters.Devices() : throw new DeviceException($"{NeedsWindows}.");

    /// <summary>What an opened device is; null where it is not DirectX 12's.</summary>
    public static DirectX12DeviceInfo? InfoOf(ComputeDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        return IsHere ? DirectX12Adapters.InfoOf(device) : null;
    }

    /// <summary>
    /// The ID3D12Resource that a buffer lies in, for a game that draws with Direct3D 12 itself: it can copy an image to a
    /// program's input, or a result to its own resources, without passing through the host.
    /// </summary>
    /// <remarks>
    /// Direct3D 12 has one device object for an adapter and process, so a game's device on the same adapter is the same one.
    /// Between programs the resource is in the COMMON state, from which buffers are promoted and to which they decay. The
    /// game's work on it must have finished before a program is submitted that uses it, and a program must have finished
    /// (<see cref="DeviceProgram.Wait"/>) before the game touches it.
    /// </remarks>
    /// <exception cref="ArgumentException">The buffer's device is not DirectX 12's.</exception>
    public static DirectX12Resource ResourceOf(DeviceBuffer buffer)
    {
        ArgumentNullException.ThrowIfNull(buffer);
        return (IsHere ? DirectX12Adapters.ResourceOf(buffer) : null)
            ?? throw new ArgumentException($"ResourceOf: {buffer.Device.Name} is not a DirectX 12 device.", nameof(buffer));
    }

    /// <summary>What the device's own thread has submitted so far, and what that cost.</summary>
    /// <exception cref="ArgumentException">The device is not DirectX 12's.</exception>
    public static DirectX12BatchReport BatchReport(ComputeDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        return (IsHere ? DirectX12Adapters.BatchReport(device) : null)
            ?? throw new ArgumentException($"BatchReport: {device.Name} is not a DirectX 12 device.", nameof(device));
    }

    private sealed class DirectX12Provider(DirectX12Options options) : DeviceProvider
    {
        public override string Name => "DirectX 12";

        public override bool TryOpen([NotNullWhen(true)] out ComputeDevice? device, out string reason)
        {
            device = null;
            reason = NeedsWindows;
            return IsHere && DirectX12Adapters.TryOpen(options, out device, out reason);
        }
    }
}
