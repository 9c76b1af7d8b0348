using System.Globalization;
using OnDeviceLearning.Evaluation.Intents;
using Spectre.Console;

namespace OnDeviceLearning.Cli;

/// <summary>Scores on intents for reading.</summary>
internal static class IntentsTables
{
    public static void Write(IntentReport report, IAnsiConsole console)
    {
        console.Line($"{report.Dataset}, split '{report.Split}': {report.Texts} texts, {report.Intents} intents with one description each"
            + (report.Strangers > 0 ? $", {report.Strangers} texts of none of them" : ""));
        if (report.TrainedOn) console.Line("The recipe of the texts backbone trains on most of these intents: these are no figures on classes never seen.");
        Table zero = Terminal.Table("No example", "", "accuracy", "95 % interval", "mean over intents", "out of scope, AUROC");
        foreach (IntentZeroShot method in report.ZeroShot)
            zero.Row(method.Method, Percent(method.Accuracy.Value), string.Create(CultureInfo.InvariantCulture, $"{100 * method.Accuracy.Low:F1} to {100 * method.Accuracy.High:F1}"), Percent(method.Macro),
                double.IsNaN(method.OutOfScope) ? "-" : method.OutOfScope.ToString("F3", CultureInfo.InvariantCulture));
        console.Write(zero);
        foreach (IntentGain gain in report.Gains)
            console.Line(string.Create(CultureInfo.InvariantCulture, $"ours above {gain.Baseline}: {gain.Points:F1} points ({gain.Low:F1} to {gain.High:F1})"));
        if (report.BaselinesMissing is not null) console.Line(report.BaselinesMissing);

        if (report.FewShot.Count > 0)
        {
            Table few = Terminal.Table("With examples of each intent", "", "examples", "accuracy", "95 % interval", "runs");
            foreach (IntentFewShot score in report.FewShot)
                few.Row(score.Method + (score.Method == "ours, adapted" ? "" : ", nearest mean"), score.Shots.ToString(CultureInfo.InvariantCulture), Percent(score.Accuracy.Value),
                    string.Create(CultureInfo.InvariantCulture, $"{100 * score.Accuracy.Low:F1} to {100 * score.Accuracy.High:F1}"), score.Accuracy.Sample.Count.ToString(CultureInfo.InvariantCulture));
            console.Write(few);
        }
        Table worst = Terminal.Table("Worst intents, no example", "intent", "accuracy", "taken for", "description");
        foreach (IntentScore intent in report.Worst)
            worst.Row(intent.Intent, Percent(intent.Accuracy.Value), string.Join(", ", intent.TakenFor.Select(t => $"{t.Intent} {t.Count}")), intent.Description);
        console.Write(worst);
    }

    private static string Percent(double value) => double.IsNaN(value) ? "-" : string.Create(CultureInfo.InvariantCulture, $"{100 * value:F1} %");
}
