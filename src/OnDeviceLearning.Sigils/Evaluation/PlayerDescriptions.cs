namespace OnDeviceLearning.Sigils.Evaluation;

/// <summary>A word that stands in descriptions which were not recognised, or that was not understood at all.</summary>
/// <param name="Word">As written, in lower case.</param>
/// <param name="Certainty">How surely the backbone reads it, 0 to 1.</param>
/// <param name="Descriptions">Descriptions it stands in.</param>
/// <param name="Recognised">Trials with these descriptions, and how many came out.</param>
public sealed record MisunderstoodWord(string Word, double Certainty, int Descriptions, Proportion Recognised);

/// <summary>The outcome of a test on hand-written descriptions.</summary>
/// <param name="Ways">Classes of a trial.</param>
/// <param name="Descriptions">Number of descriptions.</param>
/// <param name="Players">Drawings matched with what people wrote; the interval is over the descriptions, whose choice matters most.</param>
/// <param name="Grammar">The same drawings and opponents, described by the grammar in held-out phrasings.</param>
/// <param name="PerRelation"><paramref name="Players"/> by <see cref="RootRelation"/>.</param>
/// <param name="Misunderstood">Words that stand out, the costliest first.</param>
public sealed record PlayerDescriptionsReport(
    int Ways, int Descriptions, SampleMean Players, SampleMean Grammar,
    IReadOnlyDictionary<string, Proportion> PerRelation, IReadOnlyList<MisunderstoodWord> Misunderstood)
{
    /// <summary>What is lost between the grammar's words and people's.</summary>
    public double Gap => Grammar.Value - Players.Value;
}

/// <summary>
/// Descriptions written by hand before the grammar was looked at, and never trained on. They are a test set: read single
/// words of it in a report, not its rows.
/// </summary>
public static class PlayerDescriptions
{
    /// <summary>The compositions and what was written for them.</summary>
    public static IReadOnlyList<(Composition Composition, string Description)> Load()
    {
        using Stream stream = typeof(PlayerDescriptions).Assembly.GetManifestResourceStream("player-descriptions.tsv")!;
        using var reader = new StreamReader(stream);
        return Read(reader, "player-descriptions.tsv");
    }

    /// <summary>Reads lines of composition, tab, description.</summary>
    /// <exception cref="FormatException">A line has another shape; the message names it by number.</exception>
    internal static List<(Composition Composition, string Description)> Read(TextReader reader, string name)
    {
        var rows = new List<(Composition, string)>();
        int number = 0;
        while (reader.ReadLine() is { } line)
        {
            number++;
            if (line.Length == 0) continue;
            string[] cells = line.Split('\t');
            if (cells.Length != 2 || cells[1].Trim().Length == 0)
                throw new FormatException($"{name}: line {number} has {cells.Length} columns; expected a composition, a tab and a description.");
            rows.Add((Composition.Parse(cells[0].Trim()), cells[1].Trim()));
        }
        return rows;
    }

    /// <summary>
    /// Draws every row's composition once a seed, careful and sloppy by turns, and asks for its description among those of
    /// <paramref name="ways"/> - 1 other random rows with other compositions; then the same with the grammar's phrasings.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than two ways or no seeds.</exception>
    public static PlayerDescriptionsReport Evaluate(
        Backbone backbone, int ways = 8, int seed = 1, int seeds = 5, IProgress<double>? progress = null, CancellationToken cancellation = default) =>
        Evaluate(backbone, Load(), ways, seed, seeds, progress, cancellation);

    internal static PlayerDescriptionsReport Evaluate(
        Backbone backbone, IReadOnlyList<(Composition Composition, string Description)> rows, int ways, int seed, int seeds,
        IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(backbone);
        string[] compositions = [.. rows.Select(r => r.Composition.ToString()!)];
        int distinct = compositions.Distinct().Count();
        if (ways < 2 || ways > distinct) throw new ArgumentOutOfRangeException(nameof(ways), $"PlayerDescriptions: ways is {ways}; expected 2 to {distinct}.");
        if (seeds < 1) throw new ArgumentOutOfRangeException(nameof(seeds), $"PlayerDescriptions: seeds is {seeds}; expected at least 1.");

        var written = new Embeddings(rows.Count, backbone.EmbeddingWidth);
        var generated = new Embeddings(rows.Count, backbone.EmbeddingWidth);
        var readings = new DescriptionReading[rows.Count];
        for (int i = 0; i < rows.Count; i++) readings[i] = backbone.Embed(rows[i].Description, written[i]);

        var image = new float[backbone.EmbeddingWidth];
        var perRow = new Proportion[rows.Count];
        var byGrammar = new Proportion[rows.Count];
        var candidates = new int[ways];
        for (int run = 0; run < seeds; run++)
        {
            var random = new Random(seed + run);
            for (int i = 0; i < rows.Count; i++) backbone.Embed(DescriptionGrammar.Describe(rows[i].Composition, random, PhraseSplit.HeldOut), generated[i]);
            for (int i = 0; i < rows.Count; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                Opponents(i, compositions, candidates, random);
                backbone.Embed(SigilArtist.Draw(rows[i].Composition, SigilEvaluation.Hand(i + run, random), random), image);
                perRow[i] = perRow[i].With(written.Nearest(image, candidates) == i);
                byGrammar[i] = byGrammar[i].With(generated.Nearest(image, candidates) == i);
            }
            progress?.Report((run + 1.0) / seeds);
        }

        Dictionary<string, Proportion> perRelation = rows.Select((r, i) => (Relation: RootRelation.Of(r.Composition), Score: perRow[i]))
            .GroupBy(r => r.Relation, r => r.Score).ToDictionary(g => g.Key, Sum);
        return new PlayerDescriptionsReport(ways, rows.Count, Mean(perRow), Mean(byGrammar),
            RootRelation.All.Where(perRelation.ContainsKey).ToDictionary(r => r, r => perRelation[r]), Misunderstood(readings, perRow));
    }

    /// <summary>Fills <paramref name="candidates"/> with other rows, the row itself last, all of different compositions.</summary>
    private static void Opponents(int row, string[] compositions, int[] candidates, Random random)
    {
        HashSet<string> taken = [compositions[row]];
        for (int c = 0; c < candidates.Length - 1;)
        {
            int other = random.Next(compositions.Length);
            if (taken.Add(compositions[other])) candidates[c++] = other;
        }
        candidates[^1] = row;
    }

    /// <summary>Words in at least two descriptions with more misses than chance share, and words not understood at all.</summary>
    private static List<MisunderstoodWord> Misunderstood(DescriptionReading[] readings, Proportion[] perRow)
    {
        double missed = 1 - Sum(perRow).Value;
        return [.. readings
            .SelectMany((reading, row) => reading.Words.DistinctBy(w => w.Word).Select(w => (Reading: w, Row: row)))
            .GroupBy(w => w.Reading.Word)
            .Select(g => new MisunderstoodWord(g.Key, g.Min(w => w.Reading.Certainty), g.Count(), Sum(g.Select(w => perRow[w.Row]))))
            .Select(word => (Word: word, Excess: word.Recognised.Trials - word.Recognised.Hits - missed * word.Recognised.Trials))
            .Where(w => w.Word.Certainty <= 0 || (w.Word.Descriptions > 1 && w.Excess > 1))
            .OrderByDescending(w => w.Excess).ThenBy(w => w.Word.Word, StringComparer.Ordinal)
            .Select(w => w.Word)];
    }

    private static SampleMean Mean(Proportion[] rows) => new([.. rows.Select(r => r.Value)]);

    private static Proportion Sum(IEnumerable<Proportion> parts) =>
        parts.Aggregate(default(Proportion), (a, b) => new Proportion(a.Hits + b.Hits, a.Trials + b.Trials));
}
