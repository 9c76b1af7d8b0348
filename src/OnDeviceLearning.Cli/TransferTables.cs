using System.Globalization;
using OnDeviceLearning.Datasets;
using OnDeviceLearning.Evaluation.Transfer;
using OnDeviceLearning.Sigils.Evaluation;
using Spectre.Console;

namespace OnDeviceLearning.Cli;

/// <summary>What <c>odl transfer</c> prints for people.</summary>
internal static class TransferTables
{
    public static void Write(TransferReport report, TransferTask task, TransferOptions options, string kind, string device, IAnsiConsole console)
    {
        LabelledImages training = task.Target.Training;
        Table table = Terminal.Table(string.Create(CultureInfo.InvariantCulture,
            $"{task.Source.Name} to {task.Target.Name}: {kind}, {options.Steps} updates ({(double)options.Steps * TransferTrainingOptions.Batch / training.Count:0.##} epochs of {training.Count} images), seed {options.Seed}"),
            "run", "target", "source", "fall", "loss", "trunk moved", "ms an update");
        table.Row("before", "", Share(report.SourceBefore), "", "", "", "");
        foreach (TransferRow row in report.Rows)
        {
            table.Row(row.Name, Share(row.Target), row.Source is { } source ? Share(source) : "",
                row.Source is { } now ? Points(report.SourceBefore.Value - now.Value) : "", row.Loss.ToString("F3", CultureInfo.InvariantCulture),
                row.Moved.ToString("N0", CultureInfo.InvariantCulture), row.MillisecondsPerStep.ToString("F1", CultureInfo.InvariantCulture));
        }
        console.Write(table);
        if (options.Dial.Count > 0) console.Write(Dial(report));
        string kept = string.Join(", ", [.. options.Pull > 0 ? new[] { string.Create(CultureInfo.InvariantCulture, $"L2-SP lambda {options.Pull}") } : [],
            .. options.Replay > 0 ? new[] { $"{options.Replay} source images replayed" } : []]);
        console.Line(string.Create(CultureInfo.InvariantCulture,
            $"From {report.Network}, on {device}. {kept}: the source falls by {report.Fall:F1} points, the target lies {report.TargetCost:F1} points below the unregularised run."));
        if (options.Out is { } file) console.Line($"Wrote {file}, the network of the run with {options.Regularisation}.");
    }

    /// <summary>Rows are mixes: the weights' share of what was learnt.</summary>
    private static Table Dial(TransferReport report)
    {
        TransferRow[] rows = [.. report.Rows.Where(row => row.Dial.Count > 0)];
        Table table = Terminal.Table("Weights between the source's (0) and the tuned (1)", ["mix", .. rows.SelectMany(row => new[] { $"{row.Name}: target", "source" })]);
        for (int i = 0; i < rows[0].Dial.Count; i++)
            table.Row([rows[0].Dial[i].Mix.ToString(CultureInfo.InvariantCulture), .. rows.SelectMany(row => new[] { Percent(row.Dial[i].Target), Percent(row.Dial[i].Source) })]);
        return table;
    }

    private static string Share(Proportion share) =>
        string.Create(CultureInfo.InvariantCulture, $"{100 * share.Value:F1} % ({100 * share.Low:F1} to {100 * share.High:F1})");

    private static string Percent(Proportion share) => string.Create(CultureInfo.InvariantCulture, $"{100 * share.Value:F1} %");

    private static string Points(double share) => (100 * share).ToString("F1", CultureInfo.InvariantCulture);
}
