using System.CommandLine;

namespace OnDeviceLearning.Cli;

/// <summary><c>odl bench</c>: how fast a device is, beside what it could do at most.</summary>
internal static class BenchCommand
{
    public static Command Create(TextWriter output)
    {
        Option<string?> name = ToolDevice.CreateOption();
        var filter = new Option<string?>("--filter") { Description = "Only programs with this in their name.", HelpName = "TEXT" };
        var quick = new Option<bool>("--quick") { Description = "Few runs of each, and no large programs." };
        var json = new Option<bool>("--json") { Description = "Print one JSON object instead of text." };
        var command = new Command("bench", "Time a device, program by program, beside the bandwidth and the arithmetic that are measured on it.") { name, filter, quick, json };
        command.SetAction((parsed, cancellation) =>
        {
            using ToolDevice device = ToolDevice.Open(parsed.GetValue(name));
            BenchReport report = Run(device, parsed.GetValue(filter) ?? "", parsed.GetValue(quick), cancellation);
            if (parsed.GetValue(json)) output.WriteLine(report.ToJson());
            else report.Write(output);
            return Task.FromResult(0);
        });
        return command;
    }

    private static BenchReport Run(ToolDevice device, string filter, bool isQuick, CancellationToken cancellation)
    {
        bool isSoftware = device.Device.Kind == DeviceKind.SoftwareGpu, isShort = isQuick || isSoftware;
        BenchProgram[] programs = [.. BenchProgram.All(isShort).Where(p => p.Name.Contains(filter, StringComparison.OrdinalIgnoreCase))];
        if (programs.Length == 0) throw new ArgumentException($"bench: no program has '{filter}' in its name; there are {string.Join(", ", BenchProgram.All(isShort).Select(p => p.Name))}.");
        BenchLimits limits = BenchLimits.Measure(device.Device, isShort);
        List<BenchResult> results = [];
        List<(string, string)> skipped = [];
        foreach (BenchProgram program in programs)
        {
            cancellation.ThrowIfCancellationRequested();
            if (program.IsLarge && isQuick) skipped.Add((program.Name, "left out by --quick"));
            else if (program.IsLarge && isSoftware) skipped.Add((program.Name, "too large for a software device"));
            else
            {
                try
                {
                    results.Add(BenchResult.Of(program, device.Device, limits, isQuick));
                }
                catch (DeviceException e) when (e is not DeviceLostException)
                {
                    skipped.Add((program.Name, e.Message));
                }
            }
        }
        return new BenchReport(device.Device.Name, device.Driver, limits, results, skipped);
    }
}
