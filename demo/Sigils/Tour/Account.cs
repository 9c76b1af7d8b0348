using System.Globalization;
using System.Text;
using System.Text.Json;

namespace OnDeviceLearning.Demo;

/// <summary>What the tour says on the console. Plain text: it is read by people and by scripts.</summary>
internal static class Account
{
    /// <summary>Words read less surely than this are listed.</summary>
    private const double SureReading = 0.5;

    /// <summary>The short account.</summary>
    public static void Write(Tour tour, TextWriter to)
    {
        to.WriteLine($"Device: {tour.Device}");
        to.WriteLine(Line($"First prediction {tour.ColdStartMilliseconds:F0} ms after the process started."));
        to.WriteLine();
        to.WriteLine($"Four players, {Tour.DuelsEach} duels each, one game of many (--seeds 20 gives means). Casts read right, (what was corrected), score:");
        to.WriteLine($"  {"player",-15}{string.Concat(Enumerable.Range(1, Tour.DuelsEach).Select(d => $"{$"duel {d}",22}"))}");
        foreach (ScriptedGame player in tour.Players)
            to.WriteLine($"  {player.Script.Name,-15}{string.Concat(player.Duels.Select(d => $"{Line($"{d.Right}/{d.Casts} ({d.Corrections}) {d.Score,6:N0}"),22}"))}");
        to.WriteLine();
        to.WriteLine("The sloppy player's test drawings, never taught:");
        to.WriteLine($"  {"spell",-9}{"the player's words",-50}{"before",7}{"sure",7}{"after",9}{"sure",7}");
        Spell[] spells = tour.Players[1].Script.Spells;
        for (int s = 0; s < spells.Length; s++)
            to.WriteLine(Line($"  {spells[s].Name,-9}{spells[s].Description,-50}{Hits(tour.Before[s]),7}{Sure(tour.Before[s]),7:P0}{Hits(tour.After[s]),9}{Sure(tour.After[s]),7:P0}"));
        to.WriteLine(Line($"  {"all",-9}{"",-50}{Tour.Accuracy(tour.Before),7:P0}{"",7}{Tour.Accuracy(tour.After),9:P0}"));
        to.WriteLine();
        WriteMisread(to, "Words not understood", tour, w => w.Certainty <= 0);
        WriteMisread(to, "Words half understood", tour, w => w.Certainty is > 0 and < SureReading && w.ReadAs is null);
        WriteMisread(to, "Words read as others", tour, w => w.ReadAs is not null);
        to.WriteLine(Line($"Frames: {tour.Frames.Frames} at 60 Hz, {tour.Frames.ManagedBytesPerFrame:0.#} managed bytes a frame."));
        Distribution adapt = new(tour.Frames.AdaptMilliseconds), classify = new(tour.Frames.ClassifyMilliseconds);
        to.WriteLine($"  {"ms",-22}{"p50",8}{"p99",8}{"max",8}");
        to.WriteLine(Line($"  {$"Adapt({Spellbook.Budget.TotalMilliseconds:0} ms)",-22}{adapt.Median,8:F3}{adapt.P99,8:F3}{adapt.Max,8:F3}"));
        to.WriteLine(Line($"  {"Cast",-22}{classify.Median,8:F3}{classify.P99,8:F3}{classify.Max,8:F3}"));
        to.WriteLine();
    }

    /// <summary>The measured figures as one JSON object.</summary>
    public static void WriteJson(Tour tour, TextWriter to)
    {
        var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true }))
        {
            var adapt = new Distribution(tour.Frames.AdaptMilliseconds);
            json.WriteStartObject();
            json.WriteString("device", tour.Device);
            json.WriteNumber("zeroShotAccuracy", Math.Round(tour.ZeroShotAccuracy, 4));
            json.WriteNumber("confusableBefore", Math.Round(Tour.Accuracy(tour.Before), 4));
            json.WriteNumber("confusableAfter", Math.Round(Tour.Accuracy(tour.After), 4));
            json.WriteNumber("classes", tour.Players[1].Script.Spells.Length);
            json.WriteNumber("adaptBudgetMs", Spellbook.Budget.TotalMilliseconds);
            json.WriteNumber("adaptP50Ms", Math.Round(adapt.Median, 4));
            json.WriteNumber("adaptP99Ms", Math.Round(adapt.P99, 4));
            json.WriteNumber("managedBytesPerFrame", Math.Round(tour.Frames.ManagedBytesPerFrame, 2));
            json.WriteNumber("coldStartMs", Math.Round(tour.ColdStartMilliseconds, 1));
            WritePlayers(json, tour);
            json.WriteEndObject();
        }
        to.WriteLine(Encoding.UTF8.GetString(stream.ToArray()));
    }

    private static void WritePlayers(Utf8JsonWriter json, Tour tour)
    {
        json.WriteStartArray("players");
        foreach (ScriptedGame player in tour.Players)
        {
            json.WriteStartObject();
            json.WriteString("name", player.Script.Name);
            json.WriteStartArray("duels");
            foreach (DuelResult duel in player.Duels)
            {
                json.WriteStartObject();
                json.WriteNumber("casts", duel.Casts);
                json.WriteNumber("right", duel.Right);
                json.WriteNumber("accuracy", Math.Round(duel.Accuracy, 4));
                json.WriteNumber("corrections", duel.Corrections);
                json.WriteNumber("confirmations", duel.Confirmations);
                json.WriteNumber("score", duel.Score);
                json.WriteNumber("seals", duel.Seals);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteMisread(TextWriter to, string heading, Tour tour, Func<WordReading, bool> which)
    {
        string[] words = [.. tour.Sentences.SelectMany(s => s.Words).Where(which)
            .Select(w => w.ReadAs is null ? w.Word : $"{w.Word} (as {w.ReadAs})").Distinct()];
        if (words.Length > 0) to.WriteLine($"{heading}: {string.Join(", ", words)}.");
    }

    /// <summary>"7/12"; over several spells their sum.</summary>
    internal static string Hits(params Reading[][] readings) => $"{readings.Sum(r => r.Count(x => x.Right))}/{readings.Sum(r => r.Length)}";

    /// <summary>Mean confidence in the spell that was meant.</summary>
    internal static float Sure(Reading[] readings) => readings.Average(r => r.Confidence);

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

/// <summary>Percentiles of some milliseconds.</summary>
internal readonly struct Distribution
{
    /// <summary>Sorts a copy; all zero for no values.</summary>
    public Distribution(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        if (sorted.Length == 0) return;
        Median = sorted[sorted.Length / 2];
        P99 = sorted[Math.Min(sorted.Length - 1, (int)(0.99 * sorted.Length))];
        Max = sorted[^1];
    }

    public double Median { get; }
    public double P99 { get; }
    public double Max { get; }
}
