using System.CommandLine;
using System.Runtime.InteropServices;

namespace OnDeviceLearning.Cli;

/// <summary>A device that a command runs on, with what a report says about it.</summary>
internal sealed record ToolDevice(ComputeDevice Device, string Driver, string Limits) : IDisposable
{
    /// <summary>The option of every command that runs on a device.</summary>
    public static Option<string?> CreateOption() => new("--device")
    {
        Description = "cpu, vulkan (a software driver where there is nothing else), or a part of a device's name; the one a game would open if not given.",
        HelpName = "NAME",
    };

    /// <exception cref="DeviceException">There is no such device, or it cannot be used.</exception>
    public static ToolDevice Open(string? name)
    {
        ComputeDevice device = name?.ToLowerInvariant() switch
        {
            null => ComputeDevice.Open(DirectX12.Provider, Vulkan.Provider),
            "cpu" => ComputeDevice.OpenCpu(),
            "vulkan" => OpenVulkan(),
            _ => Vulkan.Open(name),
        };
        if (device.Kind == DeviceKind.Cpu) return new ToolDevice(device, RuntimeInformation.FrameworkDescription, $"{Environment.ProcessorCount} processors");
        VulkanDeviceInfo info = Vulkan.InfoOf(device);
        return new ToolDevice(device, info.Driver, info.Limits);
    }

    public void Dispose() => Device.Dispose();

    private static ComputeDevice OpenVulkan()
    {
        if (Vulkan.Provider.TryOpen(out ComputeDevice? best, out string reason)) return best;
        VulkanDeviceInfo? software = Vulkan.Devices().FirstOrDefault(d => d.IsUsable);
        return software is null ? throw new DeviceException($"Vulkan: {reason}.") : Vulkan.Open(software.Name);
    }
}
