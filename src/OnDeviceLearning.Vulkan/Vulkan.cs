using System.Diagnostics.CodeAnalysis;

namespace OnDeviceLearning;

/// <summary>Devices that speak Vulkan.</summary>
public static class Vulkan
{
    /// <summary>Pass it to <see cref="ComputeDevice.Open"/>. In this version it opens nothing and says so.</summary>
    public static DeviceProvider Provider { get; } = new VulkanProvider();

    private sealed class VulkanProvider : DeviceProvider
    {
        public override string Name => "Vulkan";

        public override bool TryOpen([NotNullWhen(true)] out ComputeDevice? device, out string reason)
        {
            device = null;
            reason = "the Vulkan device is not part of this version yet";
            return false;
        }
    }
}
