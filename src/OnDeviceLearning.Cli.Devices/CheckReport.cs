using System.Text;
using System.Text.Json;
using OnDeviceLearning.Conformance;

namespace OnDeviceLearning.Cli;

/// <summary>What came of one operation's cases.</summary>
/// <param name="Name">The operation.</param>
/// <param name="Passed">Cases that passed.</param>
/// <param name="Failures">A sentence for each that did not.</param>
/// <param name="Skipped">Cases not run, because the device was lost.</param>
/// <param name="WorstError">The worst normalised error among those that ran.</param>
internal sealed record OperationReport(string Name, int Passed, IReadOnlyList<string> Failures, int Skipped, double WorstError);

/// <summary>The verdict on a device, to be pasted into a bug report.</summary>
internal sealed record CheckReport(string Device, string Driver, string Limits, IReadOnlyList<OperationReport> Operations, IReadOnlyList<string> Validation)
{
    private const int MostSentences = 5;

    public int Passed => Operations.Sum(o => o.Passed);

    public int Failed => Operations.Sum(o => o.Failures.Count);

    public int Skipped => Operations.Sum(o => o.Skipped);

    public bool IsSound => Failed == 0 && Skipped == 0 && Validation.Count == 0;

    /// <summary>Runs every case; a lost device ends it.</summary>
    /// <param name="device">What is checked.</param>
    /// <param name="done">Called after each operation.</param>
    /// <param name="cancellation">Ends it early.</param>
    public static CheckReport Run(ToolDevice device, Action<OperationReport> done, CancellationToken cancellation)
    {
        List<OperationReport> operations = [];
        bool lost = false;
        foreach (IGrouping<string, ConformanceCase> cases in ConformanceSuite.Cases.GroupBy(c => c.Operation.Name))
        {
            int passed = 0, skipped = 0;
            double worst = 0;
            List<string> failures = [];
            foreach (ConformanceCase @case in cases)
            {
                cancellation.ThrowIfCancellationRequested();
                if (lost)
                {
                    skipped++;
                    continue;
                }
                try
                {
                    ConformanceResult result = ConformanceRunner.Run(device.Device, @case);
                    worst = Math.Max(worst, result.NormalizedError);
                    if (result.Passed) passed++;
                    else failures.Add(result.Failure!);
                }
                catch (DeviceException e)
                {
                    failures.Add($"{@case}: {e.Message}");
                    lost = e is DeviceLostException;
                }
            }
            operations.Add(new OperationReport(cases.Key, passed, failures, skipped, worst));
            done(operations[^1]);
        }
        IReadOnlyList<string> validation = device.Device.Kind == DeviceKind.Cpu || DirectX12.InfoOf(device.Device) is not null ? [] : Vulkan.ValidationMessages(device.Device);
        return new CheckReport(device.Device.Name, device.Driver, device.Limits, operations, validation);
    }

    /// <summary>The last lines of the text: what failed, and the verdict.</summary>
    public void WriteVerdict(TextWriter output)
    {
        string[] sentences = [.. Operations.SelectMany(o => o.Failures), .. Validation];
        foreach (string sentence in sentences.Take(MostSentences)) output.WriteLine(sentence);
        if (sentences.Length > MostSentences) output.WriteLine($"... and {sentences.Length - MostSentences} more");
        output.WriteLine(IsSound
            ? $"Sound: all {Passed} cases passed on {Device} ({Driver})."
            : $"NOT sound: {Failed} of {Passed + Failed + Skipped} cases failed, {Skipped} skipped, {Validation.Count} validation messages on {Device} ({Driver}).");
    }

    public string ToJson()
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteString("device", Device);
            json.WriteString("driver", Driver);
            json.WriteString("limits", Limits);
            json.WriteNumber("passed", Passed);
            json.WriteNumber("failed", Failed);
            json.WriteNumber("skipped", Skipped);
            json.WriteStartArray("operations");
            foreach (OperationReport operation in Operations)
            {
                json.WriteStartObject();
                json.WriteString("name", operation.Name);
                json.WriteNumber("passed", operation.Passed);
                json.WriteNumber("failed", operation.Failures.Count);
                json.WriteNumber("skipped", operation.Skipped);
                if (double.IsFinite(operation.WorstError)) json.WriteNumber("worstError", operation.WorstError);
                else json.WriteNull("worstError");
                Sentences(json, "failures", operation.Failures);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            Sentences(json, "validation", Validation);
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private static void Sentences(Utf8JsonWriter json, string name, IReadOnlyList<string> sentences)
    {
        json.WriteStartArray(name);
        foreach (string sentence in sentences) json.WriteStringValue(sentence);
        json.WriteEndArray();
    }
}
