using System.Diagnostics.CodeAnalysis;

namespace OnDeviceLearning;

/// <summary>Devices that speak DirectX 12.</summary>
public static class DirectX12
{
    /// <summary>Pass it to <see cref="ComputeDevice.Open"/>. In this version it opens nothing and says so.</summary>
    public static DeviceProvider Provider { get; } = new DirectX12Provider();

    private sealed class DirectX12Provider : DeviceProvider
    {
        public override string Name => "DirectX 12";

        public override bool TryOpen([NotNullWhen(true)] out ComputeDevice? device, out string reason)
        {
            device = null;
            reason = OperatingSystem.IsWindows()
                ? "the DirectX 12 device is not part of this version yet"
                : "DirectX 12 needs Windows";
            return false;
        }
    }
}
