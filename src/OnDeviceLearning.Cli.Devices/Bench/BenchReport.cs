using System.Globalization;
using System.Text;
using System.Text.Json;

namespace OnDeviceLearning.Cli;

/// <summary>Everything that was measured on a device, and what was not and why.</summary>
internal sealed record BenchReport(string Device, string Driver, BenchLimits Limits, IReadOnlyList<BenchResult> Programs, IReadOnlyList<(string Name, string Reason)> Skipped)
{
    public string ToJson()
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true }))
        {
            json.WriteStartObject();
            json.WriteString("device", Device);
            json.WriteString("driver", Driver);
            json.WriteNumber("copyGBs", Rounded(Limits.BytesPerSecond / 1e9));
            json.WriteNumber("fmaGflops", Rounded(Limits.FlopsPerSecond / 1e9));
            json.WriteStartArray("programs");
            foreach (BenchResult program in Programs)
            {
                json.WriteStartObject();
                json.WriteString("name", program.Name);
                json.WriteNumber("medianMs", Rounded(program.Milliseconds));
                if (program.GpuMilliseconds is { } gpu) json.WriteNumber("gpuMs", Rounded(gpu));
                else json.WriteNull("gpuMs");
                json.WriteNumber("dispatches", program.Dispatches);
                json.WriteNumber("bytes", program.Bytes);
                json.WriteNumber("flops", program.Flops);
                json.WriteNumber("floorMs", Rounded(program.FloorMilliseconds));
                json.WriteNumber("reached", Rounded(program.Reached));
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteStartArray("skipped");
            foreach ((string name, string reason) in Skipped)
            {
                json.WriteStartObject();
                json.WriteString("name", name);
                json.WriteString("reason", reason);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    public void Write(TextWriter output)
    {
        output.WriteLine($"device: {Device}");
        output.WriteLine($"driver: {Driver}");
        output.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"at most: {Limits.BytesPerSecond / 1e9:0.0} GB/s copied (read and written), {Limits.FlopsPerSecond / 1e9:0.0} GFLOP/s of multiply-adds"));
        output.WriteLine();
        var table = new TextColumns();
        table.Add("program", "median ms", "GPU ms", "dispatches", "MB", "GFLOP", "floor ms", "reached");
        foreach (BenchResult p in Programs)
            table.Add(p.Name, Text(p.Milliseconds), p.GpuMilliseconds is { } gpu ? Text(gpu) : "-", p.Dispatches.ToString(CultureInfo.InvariantCulture), Text(p.Bytes / 1e6), Text(p.Flops / 1e9),
                Text(p.FloorMilliseconds), string.Create(CultureInfo.InvariantCulture, $"{100 * p.Reached:0} %"));
        table.Write(output);
        foreach ((string name, string reason) in Skipped) output.WriteLine($"{name}: skipped, {reason}");
    }

    private static string Text(double value) => Rounded(value).ToString("G4", CultureInfo.InvariantCulture);

    // Four digits: more would be noise.
    private static double Rounded(double value) => double.Parse(value.ToString("E3", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
}
