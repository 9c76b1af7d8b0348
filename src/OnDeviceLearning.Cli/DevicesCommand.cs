using System.CommandLine;
using Spectre.Console;

namespace OnDeviceLearning.Cli;

/// <summary><c>odl devices</c>: what can be computed on here, and why not on the rest.</summary>
internal static class DevicesCommand
{
    /// <summary>The GPU APIs this build of the tool knows.</summary>
    private static readonly DeviceProvider[] providers = [];

    public static Command Create(TextWriter output)
    {
        var command = new Command("devices", "List the devices of this machine, and why others are not available.");
        command.SetAction(_ =>
        {
            Table table = Terminal.Table("Devices", "API", "device", "kind", "remark");
            foreach (DeviceProvider provider in providers)
            {
                if (!provider.TryOpen(out ComputeDevice? device, out string reason)) table.Row(provider.Name, "-", "-", reason);
                else using (device) table.Row(provider.Name, device.Name, Kind(device.Kind), reason);
            }
            using ComputeDevice cpu = ComputeDevice.OpenCpu();
            table.Row("CPU", cpu.Name, Kind(cpu.Kind), "built in");
            Terminal.Console(output).Write(table);
            return 0;
        });
        return command;
    }

    private static string Kind(DeviceKind kind) => kind switch
    {
        DeviceKind.Cpu => "CPU",
        DeviceKind.IntegratedGpu => "integrated GPU",
        DeviceKind.DiscreteGpu => "discrete GPU",
        _ => "GPU API run by the CPU",
    };
}
