using System.CommandLine;
using System.Runtime.InteropServices;

namespace OnDeviceLearning.Cli;

/// <summary>A device that a command runs on, with what a report says about it.</summary>
internal sealed record ToolDevice(ComputeDevice Device, string Driver, string Limits) : IDisposable
{
    /// <summary>The option of every command that runs on a device.</summary>
    public static Option<string?> CreateOption() => new("--device")
    {
        Description = "cpu, directx12 or vulkan (software where there is nothing else), or a part of a device's name; the one a game would open if not given.",
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
            "directx12" => OpenDirectX12(),
            _ => OpenNamed(name),
        };
        if (device.Kind == DeviceKind.Cpu) return new ToolDevice(device, RuntimeInformation.FrameworkDescription, $"{Environment.ProcessorCount} processors");
        if (DirectX12.InfoOf(device) is { } direct) return new ToolDevice(device, "DirectX 12", $"{direct.MemoryBytes >> 20} MiB of memory");
        VulkanDeviceInfo info = Vulkan.InfoOf(device);
        return new ToolDevice(device, info.Driver, info.Limits);
    }

    public void Dispose() => Device.Dispose();

    private static ComputeDevice OpenDirectX12()
    {
        if (DirectX12.Provider.TryOpen(out ComputeDevice? best, out string reason)) return best;
        DirectX12DeviceInfo? software = DirectX12.Devices().FirstOrDefault(d => d.IsUsable);
        return software is null ? throw new DeviceException($"DirectX 12: {reason}.") : DirectX12.Open(software.Name);
    }

    /// <summary>The same adapter may be there twice, once for each API: DirectX 12 is asked first, as games ask.</summary>
    private static ComputeDevice OpenNamed(string name)
    {
        DeviceException? refusal = null;
        try
        {
            if (OperatingSystem.IsWindows()) return DirectX12.Open(name);
        }
        catch (DeviceException e)
        {
            refusal = e;
        }
        try
        {
            return Vulkan.Open(name);
        }
        catch (DeviceException e) when (refusal is not null)
        {
            throw new DeviceException($"{refusal.Message} {e.Message}", e);
        }
    }

    private static ComputeDevice OpenVulkan()
    {
        if (Vulkan.Provider.TryOpen(out ComputeDevice? best, out string reason)) return best;
        VulkanDeviceInfo? software = Vulkan.Devices().FirstOrDefault(d => d.IsUsable);
        return software is null ? throw new DeviceException($"Vulkan: {reason}.") : Vulkan.Open(software.Name);
    }
}
