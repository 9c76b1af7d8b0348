using OnDeviceLearning.Devices.Cpu;

namespace OnDeviceLearning;

/// <summary>
/// Opens devices of one GPU API. Passed explicitly to <see cref="ComputeDevice.Open"/>, so that trimming keeps exactly the
/// APIs a game names.
/// </summary>
public abstract class DeviceProvider
{
    /// <summary>The API's name in reports.</summary>
    public abstract string Name { get; }

    /// <summary>Opens the best device of the API, or says in one sentence why there is none. Does not throw.</summary>
    public abstract bool TryOpen([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out ComputeDevice? device, out string reason);
}

public abstract partial class ComputeDevice
{
    /// <summary>
    /// One line for each provider that was asked when this device was opened, the chosen one last: "name: reason".
    /// Empty for devices that were opened by name.
    /// </summary>
    public IReadOnlyList<string> OpenReport { get; private set; } = [];

    /// <summary>The device of the first provider that can open one; the built-in CPU where none can. Without providers, the CPU.</summary>
    /// <exception cref="ArgumentNullException">A provider is null.</exception>
    public static ComputeDevice Open(params DeviceProvider[] providers)
    {
        ArgumentNullException.ThrowIfNull(providers);
        List<string> report = [];
        foreach (DeviceProvider provider in providers)
        {
            ArgumentNullException.ThrowIfNull(provider, nameof(providers));
            bool opened = provider.TryOpen(out ComputeDevice? device, out string reason);
            report.Add($"{provider.Name}: {reason}");
            if (!opened) continue;
            device!.OpenReport = report;
            return device;
        }
        ComputeDevice cpu = OpenCpu();
        report.Add($"CPU: {cpu.Name}");
        cpu.OpenReport = report;
        return cpu;
    }

    /// <summary>The built-in CPU device.</summary>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    public static ComputeDevice OpenCpu(CpuOptions? options = null) => new CpuDevice(options ?? new CpuOptions());
}
