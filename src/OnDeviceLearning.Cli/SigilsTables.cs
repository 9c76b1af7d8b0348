using System.Globalization;
using OnDeviceLearning.Sigils;
using OnDeviceLearning.Sigils.Evaluation;
using Spectre.Console;

namespace OnDeviceLearning.Cli;

/// <summary>Scores for reading.</summary>
internal static class SigilsTables
{
    private const int MostWords = 40, MostMistakes = 3;

    public static void Write(SigilsScores scores, IAnsiConsole console)
    {
        console.Line($"{scores.File} ({scores.Hash[..12]}) on {scores.Device}, seed {scores.Seed}");

        PlayerDescriptionsReport players = scores.Players;
        Table summary = Terminal.Table("Recognised", "", "accuracy", "95 % interval", "trials");
        summary.Row("8 ways, unseen compositions and phrasings", Percent(scores.ZeroShot8.Accuracy.Value), Interval(scores.ZeroShot8.Accuracy), Number(scores.ZeroShot8.Accuracy.Trials));
        summary.Row("20 ways with confusable distractors", Percent(scores.ZeroShot20.Accuracy.Value), Interval(scores.ZeroShot20.Accuracy), Number(scores.ZeroShot20.Accuracy.Trials));
        summary.Row("20 ways, nearly all one edit apart", Percent(scores.OneEdit20.Accuracy.Value), Interval(scores.OneEdit20.Accuracy), Number(scores.OneEdit20.Accuracy.Trials));
        summary.Row("8 ways, words of players", Percent(players.Players.Value), Interval(players.Players), $"{players.Descriptions} texts");
        summary.Row("the same sigils, words of the grammar", Percent(players.Grammar.Value), Interval(players.Grammar), $"{players.Descriptions} texts");
        summary.Row("lost between grammar and players", string.Create(CultureInfo.InvariantCulture, $"{100 * players.Gap:F1} points"), "", "");
        if (scores.Drawings is { } drawn)
        {
            summary.Row($"drawings by people, {drawn.Words.Count} words, no example", Percent(drawn.ZeroShot.Value), Interval(drawn.ZeroShot), Number(drawn.ZeroShot.Trials));
            summary.Row("after one corrected example a word", Percent(drawn.AfterOne.Value), Interval(drawn.AfterOne), $"{drawn.AfterOne.Sample.Count} runs");
            summary.Row("after five corrected examples a word", Percent(drawn.AfterFive.Value), Interval(drawn.AfterFive), $"{drawn.AfterFive.Sample.Count} runs");
        }
        console.Write(summary);

        Table relations = Terminal.Table("By outermost relation", "", "8 ways", "20 ways", "players' words", "trials");
        foreach (string relation in RootRelation.All)
            relations.Row(relation == "single" ? "single (shapes known, phrasing new)" : relation,
                Share(scores.ZeroShot8.PerRelation, relation), Share(scores.ZeroShot20.PerRelation, relation), Share(players.PerRelation, relation),
                $"{Trials(scores.ZeroShot8, relation)} / {Trials(scores.ZeroShot20, relation)} / {players.PerRelation.GetValueOrDefault(relation).Trials}");
        console.Write(relations);

        Distractors("Mistaken for a confusable class, 20 ways", scores.ZeroShot20, console);
        Distractors("Mistaken for one of up to three such classes, 20 ways one edit apart", scores.OneEdit20, console);

        Words(players.Misunderstood, console);
        if (scores.Drawings is { } drawings) Drawings(drawings, console);
        else console.Line($"Drawings by people were not measured. {scores.DrawingsMissing}");
        if (scores.Tuning is { } tuning) Tuning(tuning, console);
    }

    private static void Tuning(DrawingsTuningReport tuning, IAnsiConsole console)
    {
        Table table = Terminal.Table($"Drawings by people after {tuning.Examples} a word, encoder fine-tuned ({tuning.Tuning})", "", "recognised", "95 % interval over the seeds");
        table.Row("shipped encoder", Percent(tuning.HeadAlone.Value), Interval(tuning.HeadAlone));
        table.Row("tuned encoder", Percent(tuning.Tuned.Value), Interval(tuning.Tuned));
        table.Row("paired difference", Percent(tuning.Gain.Value), Interval(tuning.Gain.Low, tuning.Gain.High));
        console.Write(table);
        console.Line($"Dial of each run: {string.Join(", ", tuning.Mixes.Select(mix => mix.ToString(CultureInfo.InvariantCulture)))}; {tuning.Seconds.ToString("F0", CultureInfo.InvariantCulture)} s a run.");
    }

    private static void Distractors(string title, ZeroShotReport report, IAnsiConsole console)
    {
        Table table = Terminal.Table(title, "", "mistaken", "95 % interval", "drawings with one");
        foreach ((DistractorKind kind, Proportion mistaken) in report.PerDistractor)
            table.Row(Name(kind), Percent(mistaken.Value), Interval(mistaken), Number(mistaken.Trials));
        console.Write(table);
    }

    private static void Words(IReadOnlyList<MisunderstoodWord> words, IAnsiConsole console)
    {
        string[] unknown = [.. words.Where(w => w.Certainty <= 0).Select(w => w.Word)];
        Table table = Terminal.Table("Words of players that go with mistakes", "word", "certainty", "descriptions", "recognised");
        foreach (MisunderstoodWord word in words.Where(w => w.Certainty > 0).Take(MostWords))
            table.Row(word.Word, word.Certainty.ToString("F2", CultureInfo.InvariantCulture), Number(word.Descriptions), Percent(word.Recognised.Value));
        if (table.Rows.Count > 0) console.Write(table);
        if (unknown.Length > 0) console.Line($"Words not understood at all: {string.Join(", ", unknown.Take(MostWords))}{(unknown.Length > MostWords ? $" and {unknown.Length - MostWords} more (--json lists all)" : "")}");
    }

    private static void Drawings(DrawingsReport drawings, IAnsiConsole console)
    {
        Table table = Terminal.Table("Drawings by people, word by word", "word", "described as", "no example", "after five", "drawings", "taken for");
        foreach (WordScore word in drawings.Words)
            table.Row(word.Word, word.Sentence, Percent(word.ZeroShot.Value), Percent(word.AfterFive), Number(word.ZeroShot.Trials),
                string.Join(", ", word.Mistaken.Take(MostMistakes).Select(m => $"{m.Word} {m.Count}")));
        console.Write(table);
    }

    internal static string Name(DistractorKind kind) => kind switch
    {
        DistractorKind.SwappedRoles => "swapped roles",
        DistractorKind.OtherRelation => "other relation or arrangement",
        DistractorKind.OtherCount => "other count",
        DistractorKind.OtherStyle => "other style",
        DistractorKind.OtherPrimitive => "other shape",
        _ => "part left out or added",
    };

    private static int Trials(ZeroShotReport report, string relation) => report.PerRelation.GetValueOrDefault(relation).Trials;

    private static string Share(IReadOnlyDictionary<string, Proportion> scores, string relation) => Percent(scores.GetValueOrDefault(relation).Value);

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Percent(double value) => double.IsNaN(value) ? "-" : string.Create(CultureInfo.InvariantCulture, $"{100 * value:F1} %");

    private static string Interval(Proportion p) => Interval(p.Low, p.High);

    private static string Interval(SampleMean m) => Interval(m.Low, m.High);

    private static string Interval(double low, double high) => string.Create(CultureInfo.InvariantCulture, $"{100 * low:F1} to {100 * high:F1}");
}
