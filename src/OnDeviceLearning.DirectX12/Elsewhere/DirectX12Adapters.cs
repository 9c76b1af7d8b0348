using System.Diagnostics.CodeAnalysis;

namespace OnDeviceLearning.Devices.DirectX12;

/// <summary>In an assembly that was built off Windows there is no device; it can still end up on Windows.</summary>
internal static class DirectX12Adapters
{
    private const string BuiltElsewhere = "this copy of OnDeviceLearning.DirectX12 was built on another system, without the device; build it on Windows";

    public static bool TryOpen(DirectX12Options options, [NotNullWhen(true)] out ComputeDevice? device, out string reason)
    {
        _ = options;
        device = null;
        reason = BuiltElsewhere;
        return false;
    }

    public static ComputeDevice Open(string name, DirectX12Options options) => throw new DeviceException($"DirectX 12: '{name}' is not opened: {BuiltElsewhere}.");

    public static IReadOnlyList<DirectX12DeviceInfo> Devices() => throw new DeviceException($"DirectX 12: {BuiltElsewhere}.");

    public static DirectX12DeviceInfo? InfoOf(ComputeDevice device) => null;

    public static DirectX12Resource? ResourceOf(DeviceBuffer buffer) => null;

    public static DirectX12BatchReport? BatchReport(ComputeDevice device) => null;
}
