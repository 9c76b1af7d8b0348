using System.CommandLine;
using System.Globalization;

namespace OnDeviceLearning.Cli;

/// <summary><c>odl check</c>: whether a device computes what it should.</summary>
internal static class CheckCommand
{
    public static Command Create(TextWriter output)
    {
        Option<string?> name = ToolDevice.CreateOption();
        var json = new Option<bool>("--json") { Description = "Print one JSON object instead of text." };
        var command = new Command("check", "Hold a device against the reference of every operation; the text is made for bug reports.") { name, json };
        command.SetAction((parsed, cancellation) => Task.FromResult(Run(parsed.GetValue(name), parsed.GetValue(json), output, cancellation)));
        return command;
    }

    private static int Run(string? name, bool asJson, TextWriter output, CancellationToken cancellation)
    {
        using ToolDevice device = ToolDevice.Open(name);
        if (asJson)
        {
            CheckReport silent = CheckReport.Run(device, _ => { }, cancellation);
            output.WriteLine(silent.ToJson());
            return silent.IsSound ? 0 : CommandLine.Failed;
        }
        output.WriteLine($"device: {device.Device.Name}");
        output.WriteLine($"driver: {device.Driver}");
        output.WriteLine($"limits: {device.Limits}");
        CheckReport report = CheckReport.Run(device, WriteLine, cancellation);
        report.WriteVerdict(output);
        return report.IsSound ? 0 : CommandLine.Failed;

        // As they come: a slow device is seen to be at work.
        void WriteLine(OperationReport operation) => output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{operation.Name,-24} {operation.Passed,4} passed {operation.Failures.Count,4} failed   worst error {operation.WorstError:0.0e+00}"));
    }
}
