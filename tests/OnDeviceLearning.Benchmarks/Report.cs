using System.Globalization;
using System.Text.Json;

namespace OnDeviceLearning.Benchmarks;

/// <summary>Rows as they come, then what they say together.</summary>
internal sealed class Report(TextWriter output)
{
    private const string Line = "{0,-46} {1,3} {2,22} {3,22} {4,22} {5,12} {6,7} {7,8} {8,7} {9,6}";

    public void Heading() => Write("row", "thr", "ours, ms", "ONNX Runtime, ms", "TorchSharp, ms", "floor, ms", "reached", "ORT/ours", "TS/ours", "error");

    /// <summary>Medians with quartiles, the floor and how much of it was reached, how many times faster than the others.</summary>
    public void Row(RowResult result)
    {
        Write(result.Row.Name, $"{result.Row.Threads}", Text(result.Ours), Text(result.OnnxRuntime), Text(result.TorchSharp),
            result.Floor is { } floor ? $"{Number(floor.Milliseconds)} {floor.Bound}" : "",
            result.Floor is { } least && result.Ours is { } ours ? $"{100 * least.Milliseconds / ours.Median:F0} %" : "",
            Ratio(result.OnnxRuntime, result.Ours), Ratio(result.TorchSharp, result.Ours), result.Error is { } error ? error.ToString("0E-0", CultureInfo.InvariantCulture) : "");
        if (result.Remark.Length > 0) output.WriteLine($"    {result.Remark}");
    }

    public void Failure(BenchmarkRow row, string why)
    {
        Write(row.Name, $"{row.Threads}", "FAILED", "", "", "", "", "", "", "");
        output.WriteLine($"    {why}");
    }

    /// <summary>Geometric means over the rows of each kind.</summary>
    public void Summary(IReadOnlyList<RowResult> results)
    {
        output.WriteLine();
        foreach (int threads in results.Select(r => r.Row.Threads).Distinct().Order())
        {
            RowResult[] rows = [.. results.Where(r => r.Row.Threads == threads)];
            Mean($"forward, {threads} thr, ONNX Runtime's time over ours", rows.Where(r => r.Row.Kind == RowKind.Forward), r => r.OnnxRuntime);
            Mean($"forward, batch 1, {threads} thr, ONNX Runtime's time over ours", rows.Where(r => r.Row is ForwardRow { Batch: 1 }), r => r.OnnxRuntime);
            Mean($"forward, {threads} thr, TorchSharp's time over ours", rows.Where(r => r.Row.Kind == RowKind.Forward), r => r.TorchSharp);
            Mean($"training step, {threads} thr, TorchSharp's time over ours", rows.Where(r => r.Row.Kind == RowKind.Training), r => r.TorchSharp);
        }
    }

    private void Mean(string what, IEnumerable<RowResult> rows, Func<RowResult, Distribution?> other)
    {
        (double Ratio, string Name)[] ratios = [.. rows.Where(r => r.Ours is not null && other(r) is not null).Select(r => (other(r)!.Median / r.Ours!.Median, r.Row.Name))];
        if (ratios.Length == 0) return;
        (double least, string name) = ratios.Min();
        Write(string.Create(CultureInfo.InvariantCulture,
            $"{what}: geometric mean {Math.Exp(ratios.Average(r => Math.Log(r.Ratio))):F2}, least {least:F2} ({name})"));
    }

    /// <summary>Every row as one JSON array of medians.</summary>
    public static string Json(IEnumerable<RowResult> results) => JsonSerializer.Serialize(
        results.Select(r => new
        {
            name = r.Row.Name,
            threads = r.Row.Threads,
            ours = r.Ours?.Median,
            onnxRuntime = r.OnnxRuntime?.Median,
            torchSharp = r.TorchSharp?.Median,
            floor = r.Floor?.Milliseconds,
        }),
        new JsonSerializerOptions { WriteIndented = true });

    private void Write(params object[] cells) => output.WriteLine(
        cells.Length == 1 ? (string)cells[0] : string.Format(CultureInfo.InvariantCulture, Line, cells).TrimEnd());

    private static string Text(Distribution? d) =>
        d is null ? "-" : $"{Number(d.Median)} ({Number(d.LowerQuartile)}-{Number(d.UpperQuartile)})";

    private static string Ratio(Distribution? other, Distribution? ours) =>
        other is null || ours is null ? "" : (other.Median / ours.Median).ToString("F2", CultureInfo.InvariantCulture);

    private static string Number(double milliseconds) => milliseconds.ToString(milliseconds switch
    {
        < 0.1 => "F4",
        < 1 => "F3",
        < 10 => "F2",
        < 100 => "F1",
        _ => "F0",
    }, CultureInfo.InvariantCulture);
}
