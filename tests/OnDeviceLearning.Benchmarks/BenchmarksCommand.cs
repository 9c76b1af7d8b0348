using System.CommandLine;
using System.Globalization;
using TorchSharp;

namespace OnDeviceLearning.Benchmarks;

/// <summary>The command line. Exit codes: 0 measured, 1 a row failed, 2 wrong usage.</summary>
internal static class BenchmarksCommand
{
    private const int Failed = 1, WrongUsage = 2;

    public static int Run(string[] args, TextWriter output, TextWriter error)
    {
        var quick = new Option<bool>("--quick") { Description = "One row of each kind, briefly: to see that they run and agree, not to quote." };
        var json = new Option<bool>("--json") { Description = "Print one JSON array of medians; the table goes to the error stream." };
        var filter = new Option<string>("--filter") { Description = "Only rows whose name contains this.", HelpName = "TEXT", DefaultValueFactory = _ => "" };
        var threads = new Option<int?>("--threads") { Description = "Only rows with so many threads.", HelpName = "N" };
        var rows = new Option<string>("--rows") { Description = "'list' prints the names of the rows instead of measuring them.", HelpName = "list" };
        rows.AcceptOnlyFromAmong("list");
        var jit = Sample("--jit-sample", aheadOfTime: false);
        var aot = Sample("--aot-sample", aheadOfTime: true);
        var root = new RootCommand("Times the CPU device beside ONNX Runtime and TorchSharp, on the same graphs with the same numbers.")
        {
            quick, json, filter, threads, rows, jit, aot,
        };
        ParseResult parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            error.WriteLine($"{parsed.Errors[0].Message} Try '--help'.");
            return WrongUsage;
        }
        root.SetAction(_ =>
        {
            bool isQuick = parsed.GetValue(quick);
            BenchmarkRow[] chosen =
            [
                .. Rows.All(parsed.GetValue(jit)!, parsed.GetValue(aot)!).Where(row => (!isQuick || row.IsQuick)
                    && row.Name.Contains(parsed.GetValue(filter)!, StringComparison.OrdinalIgnoreCase)
                    && (parsed.GetValue(threads) is not { } count || row.Threads == count)),
            ];
            if (parsed.GetValue(rows) is not null)
            {
                foreach (BenchmarkRow row in chosen) output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{row.Name}, {row.Threads} thr"));
                return 0;
            }
            if (chosen.Length == 0)
            {
                error.WriteLine("No row has that name and that number of threads; '--rows list' prints them all.");
                return WrongUsage;
            }
            return Measure(chosen, isQuick ? Effort.Quick : Effort.Full, parsed.GetValue(json), output, error);
        });
        return parsed.Invoke();
    }

    private static Option<string> Sample(string name, bool aheadOfTime) => new(name)
    {
        Description = $"demo/AotSample, compiled {(aheadOfTime ? "ahead of" : "just in")} time, for the cold start.",
        HelpName = "FILE",
        DefaultValueFactory = _ => ColdStartRow.DefaultSample(aheadOfTime),
    };

    private static int Measure(BenchmarkRow[] rows, Effort effort, bool json, TextWriter output, TextWriter error)
    {
        TextWriter table = json ? error : output;
        var limits = new MachineLimits();
        Heading(table, rows, limits);
        var report = new Report(table);
        report.Heading();
        var results = new List<RowResult>();
        bool failed = false;
        foreach (BenchmarkRow row in rows)
        {
            try
            {
                results.Add(row.Measure(effort, limits));
                report.Row(results[^1]);
            }
            catch (BenchmarkException e)
            {
                failed = true;
                report.Failure(row, e.Message);
            }
            GC.Collect();
        }
        report.Summary(results);
        if (json) output.WriteLine(Report.Json(results));
        return failed ? Failed : 0;
    }

    private static void Heading(TextWriter table, BenchmarkRow[] rows, MachineLimits limits)
    {
        using ComputeDevice device = ComputeDevice.OpenCpu(new CpuOptions { Threads = 1 });
        table.WriteLine(FormattableString.Invariant($"{DateTime.UtcNow:yyyy-MM-dd HH:mm} UTC, {device.Name.Replace(", 1 thread", "")}, {Environment.ProcessorCount} cores, .NET {Environment.Version}"));
        table.WriteLine(FormattableString.Invariant(
            $"ONNX Runtime {Microsoft.ML.OnnxRuntime.OrtEnv.Instance().GetVersionString()}, libtorch {torch.__version__}, OMP_WAIT_POLICY {Environment.GetEnvironmentVariable("OMP_WAIT_POLICY") ?? "not set"}"));
        foreach (int threads in rows.Select(r => r.Threads).Distinct())
            table.WriteLine(FormattableString.Invariant(
                $"{threads} thr: {limits.FlopsPerSecond(threads) / 1e9:F0} GFLOP/s of fused multiply-adds; memory at {limits.BytesPerSecond(threads, 1 << 18) / 1e9:F0} GB/s within 256 KiB, {limits.BytesPerSecond(threads, 16 << 20) / 1e9:F0} within 16 MiB, {limits.BytesPerSecond(threads, 256 << 20) / 1e9:F0} in memory"));
        table.WriteLine();
    }
}
