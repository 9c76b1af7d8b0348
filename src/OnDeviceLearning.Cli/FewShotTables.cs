using System.Globalization;
using OnDeviceLearning.Evaluation.FewShot;
using OnDeviceLearning.Sigils.Evaluation;
using Spectre.Console;

namespace OnDeviceLearning.Cli;

/// <summary>Few-shot scores for reading.</summary>
internal static class FewShotTables
{
    public static void Write(FewShotProblem problem, FewShotOptions options, IReadOnlyList<FewShotScore> scores, IAnsiConsole console)
    {
        console.Line($"{problem.Name}: {problem.ClassNames.Count} classes, {options.Ways} ways, {options.Episodes} episodes, seed {options.Seed}");
        Table table = Terminal.Table("Learning from a few examples", "method", "shots", "accuracy", "95 % interval", "to zero-shot", "95 % interval", "ECE", "AUROC", "ms");
        string? last = null;
        foreach (FewShotScore score in scores)
        {
            table.Row(score.Method == last ? "" : score.Method, score.Shots.ToString(CultureInfo.InvariantCulture),
                Percent(score.Accuracy.Value), Interval(score.Accuracy), Points(score.VersusZeroShot.Value), Interval(score.VersusZeroShot),
                Number(score.CalibrationError), Number(score.UnknownArea), Number(score.Milliseconds, "F2"));
            last = score.Method;
        }
        console.Write(table);
    }

    private static string Percent(double value) => double.IsFinite(value) ? string.Create(CultureInfo.InvariantCulture, $"{100 * value:F1} %") : "-";

    private static string Points(double value) => double.IsFinite(value) ? string.Create(CultureInfo.InvariantCulture, $"{100 * value:+0.0;-0.0;0.0}") : "-";

    private static string Interval(MeanInterval mean) =>
        double.IsFinite(mean.Low) && double.IsFinite(mean.High) ? string.Create(CultureInfo.InvariantCulture, $"{100 * mean.Low:F1} to {100 * mean.High:F1}") : "-";

    private static string Number(double value, string format = "F3") => double.IsFinite(value) ? value.ToString(format, CultureInfo.InvariantCulture) : "-";
}
