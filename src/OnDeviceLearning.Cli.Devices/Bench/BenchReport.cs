using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using OnDeviceLearning.Devices.Cpu;
using OnDeviceLearning.Gpu;

namespace OnDeviceLearning.Cli;

/// <summary>What a device does at most, measured on it: fused multiply-adds, and bytes read and written by a large copy.</summary>
internal sealed record BenchLimits(double FlopsPerSecond, double BytesPerSecond)
{
    private const int LongCopy = 32 << 20, ShortCopy = 4 << 20; // elements

    /// <summary>Measures a device with kernels of its own. A GPU plans by the result from then on.</summary>
    public static BenchLimits Measure(ComputeDevice device, bool isShort)
    {
        if (device is GpuDevice gpu)
        {
            int fits = (int)(gpu.Limits.MaxBufferBytes / 4);
            GpuRates rates = GpuRates.Measure(gpu, Math.Min(isShort ? ShortCopy : LongCopy, fits));
            gpu.Costs.Calibrate(rates);
            return new BenchLimits(rates.FlopsPerSecond, rates.BytesPerSecond);
        }
        var machine = new MachineLimits();
        int threads = ((CpuDevice)device).Threads;
        return new BenchLimits(machine.FlopsPerSecond(threads), machine.BytesPerSecond(threads, 8L * (isShort ? ShortCopy : LongCopy)));
    }
}

/// <summary>A program's figures: medians over its runs; nothing can be faster than the floor, unless a cache holds what it moves.</summary>
/// <param name="Name">The program.</param>
/// <param name="Milliseconds">From the call to the result.</param>
/// <param name="GpuMilliseconds">By the GPU's clock; null where there is none.</param>
/// <param name="Dispatches">Runs of kernels; on the CPU operations.</param>
/// <param name="Bytes">Memory traffic of its operations.</param>
/// <param name="Flops">Floating-point operations.</param>
/// <param name="FloorMilliseconds">The slower of those bytes and those operations at what the device does at most.</param>
internal sealed record BenchResult(string Name, double Milliseconds, double? GpuMilliseconds, int Dispatches, long Bytes, long Flops, double FloorMilliseconds)
{
    /// <summary>The floor over the time, by the GPU's clock where there is one.</summary>
    public double Reached => FloorMilliseconds / (GpuMilliseconds ?? Milliseconds);

    /// <summary>Runs a program until its median is steady or time is up.</summary>
    public static BenchResult Of(BenchProgram program, ComputeDevice device, BenchLimits limits, bool isQuick)
    {
        using BenchRun run = program.Create(device);
        long start = Stopwatch.GetTimestamp();
        run.Run(); // finds nothing warm
        bool isLong = Stopwatch.GetElapsedTime(start).TotalSeconds > 1;
        if (!isLong) run.Run();
        int least = isLong ? 1 : isQuick ? 2 : 5, most = isQuick ? 10 : 100;
        double enough = isQuick ? 0.1 : 1;
        List<double> wall = [], gpu = [];
        start = Stopwatch.GetTimestamp();
        while (wall.Count < least || (wall.Count < most && Stopwatch.GetElapsedTime(start).TotalSeconds < enough))
        {
            long begun = Stopwatch.GetTimestamp();
            run.Run();
            wall.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
            if (run.GpuMilliseconds is { } milliseconds) gpu.Add(milliseconds);
        }
        double floor = 1e3 * Math.Max(run.Flops / limits.FlopsPerSecond, run.Bytes / limits.BytesPerSecond);
        return new BenchResult(program.Name, Median(wall), gpu.Count == 0 ? null : Median(gpu), run.Dispatches, run.Bytes, run.Flops, floor);
    }

    private static double Median(List<double> values)
    {
        values.Sort();
        return (values[(values.Count - 1) / 2] + values[values.Count / 2]) / 2;
    }
}

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
