using System.CommandLine;

namespace OnDeviceLearning.Cli;

/// <summary><c>odl devices</c>: what can be computed on here, why not on the rest, and what a game would open.</summary>
internal static class DevicesCommand
{
    public static Command Create(TextWriter output)
    {
        var command = new Command("devices", "List the devices of this machine, why others are not available, and which one a game opens.");
        command.SetAction(_ =>
        {
            var table = new TextColumns();
            table.Add("API", "device", "kind", "driver", "remark");
            using ComputeDevice chosen = ComputeDevice.Open(DirectX12.Provider, Vulkan.Provider);
            AddDirectX12(table);
            AddVulkan(table);
            using (ComputeDevice cpu = ComputeDevice.OpenCpu()) table.Add("CPU", cpu.Name, Kind(cpu.Kind), "-", "built in");
            table.Write(output);
            output.WriteLine();
            output.WriteLine($"A game that asks for DirectX 12, then Vulkan, opens: {chosen.Name}");
            return 0;
        });
        return command;
    }

    private static void AddDirectX12(TextColumns table)
    {
        try
        {
            IReadOnlyList<DirectX12DeviceInfo> all = DirectX12.Devices();
            foreach (DirectX12DeviceInfo device in all)
                table.Add("DirectX 12", device.Name, Kind(device.Kind), "-", $"{(device.Remark.Length == 0 ? "usable" : device.Remark)}; {device.MemoryBytes >> 20} MiB of memory");
            if (all.Count == 0) table.Add("DirectX 12", "-", "-", "-", "no adapter here has feature level 11.0");
        }
        catch (DeviceException e)
        {
            table.Add("DirectX 12", "-", "-", "-", e.Message);
        }
    }

    private static void AddVulkan(TextColumns table)
    {
        try
        {
            IReadOnlyList<VulkanDeviceInfo> all = Vulkan.Devices();
            foreach (VulkanDeviceInfo device in all)
                table.Add("Vulkan", device.Name, Kind(device.Kind), device.Driver, $"{(device.Remark.Length == 0 ? "usable" : device.Remark)}; {device.Limits}");
            if (all.Count == 0) table.Add("Vulkan", "-", "-", "-", "no driver offers a device; install the driver of the GPU");
        }
        catch (DeviceException e)
        {
            table.Add("Vulkan", "-", "-", "-", e.Message);
        }
    }

    private static string Kind(DeviceKind kind) => kind switch
    {
        DeviceKind.Cpu => "CPU",
        DeviceKind.IntegratedGpu => "integrated GPU",
        DeviceKind.DiscreteGpu => "discrete GPU",
        _ => "GPU API run by the CPU",
    };
}
