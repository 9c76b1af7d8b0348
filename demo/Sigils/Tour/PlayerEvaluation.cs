using System.Globalization;

namespace OnDeviceLearning.Demo;

/// <summary>The tour's players over many seeds, and whether the game reaches what it promises of them.</summary>
internal static class PlayerEvaluation
{
    private const string AloneName = "corrections";
    private const double Careful = 0.95, BadDescriber = 0.90, Worse = 0.02;

    /// <summary>Plays seeds 1 to <paramref name="seeds"/> as fast as it goes and writes the means.</summary>
    public static void Run(TourOptions options, int seeds, TextWriter to)
    {
        using var book = new Spellbook(options.Backbone, options.Device, 1);
        // And the one who describes badly once more, in a game that learns from corrections and nothing else.
        PlayerScript[] scripts = [.. PlayerScript.All, new PlayerScript(AloneName, SpellSets.Vague, Hand.Middling)];
        var accuracy = new double[scripts.Length, Tour.DuelsEach, seeds];
        for (int seed = 1; seed <= seeds; seed++)
            for (int p = 0; p < scripts.Length; p++)
            {
                book.StartOver();
                var game = new ScriptedGame(new Grimoire(book) { LearnsFromSilence = scripts[p].Name != AloneName }, scripts[p], seed);
                game.Describe();
                for (int d = 0; d < Tour.DuelsEach; d++) accuracy[p, d, seed - 1] = game.Duel().Accuracy;
            }
        to.WriteLine(Line($"Casts read right, mean of {seeds} seeds with its 95 % interval; {Duel.RivalCount} rivals a duel. {book.Device}"));
        to.WriteLine($"  {"player",-15}{"duel 1",20}{"duel 2",20}{"duel 3",20}");
        for (int p = 0; p < scripts.Length; p++)
            to.WriteLine($"  {scripts[p].Name,-15}{string.Concat(Enumerable.Range(0, Tour.DuelsEach).Select(d => $"{Cell(Of(p, d)),20}"))}");
        Verdict("careful, duel 1, without an example", Mean(0, 0), Careful);
        Verdict("sloppy, share of misreads gone from duel 1 to 3", 1 - (1 - Mean(1, 2)) / Math.Max(1e-9, 1 - Mean(1, 0)), 0.5);
        Verdict("bad describer, duel 3", Mean(2, 2), BadDescriber);
        Verdict("bad describer, duel 3, by corrections alone", Mean(4, 2), BadDescriber);
        double worst = double.MaxValue;
        for (int p = 0; p < scripts.Length; p++)
            for (int d = 1; d < Tour.DuelsEach; d++) worst = Math.Min(worst, Mean(p, d) - Mean(p, d - 1));
        Verdict("the most anybody lost from one duel to the next", worst, -Worse);

        double[] Of(int p, int d) => [.. Enumerable.Range(0, seeds).Select(s => accuracy[p, d, s])];

        double Mean(int p, int d) => Of(p, d).Average();

        void Verdict(string what, double value, double wanted) =>
            to.WriteLine(Line($"  {what}: {value:P1}, asked for {wanted:P0} or more: {(value >= wanted ? "reached" : "NOT REACHED")}"));
    }

    private static string Cell(double[] values)
    {
        double mean = values.Average();
        double spread = values.Length < 2 ? 0 : Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / (values.Length - 1) / values.Length) * 1.96;
        return Line($"{mean:P1} +- {100 * spread:F1}");
    }

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
