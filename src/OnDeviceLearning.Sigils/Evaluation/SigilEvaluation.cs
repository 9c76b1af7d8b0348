namespace OnDeviceLearning.Sigils.Evaluation;

/// <summary>The outcome of zero-shot episodes.</summary>
/// <param name="Ways">Classes of an episode.</param>
/// <param name="Episodes">Number of episodes.</param>
/// <param name="Accuracy">Drawings matched with their own description.</param>
/// <param name="PerRelation">
/// The same by <see cref="RootRelation"/>. "single" stands apart from <paramref name="Accuracy"/>: plain single shapes are
/// all trained on, so that only their phrasings are new.
/// </param>
/// <param name="PerDistractor">
/// Of the queries that had a distractor of this kind, how many were mistaken for it; empty without distractors.
/// </param>
public sealed record ZeroShotReport(
    int Ways, int Episodes, Proportion Accuracy,
    IReadOnlyDictionary<string, Proportion> PerRelation, IReadOnlyDictionary<DistractorKind, Proportion> PerDistractor);

/// <summary>Zero-shot tests on compositions and phrasings that were never trained on.</summary>
public static class SigilEvaluation
{
    /// <summary>
    /// Each episode draws <paramref name="ways"/> held-out compositions at random, describes each in a held-out phrasing
    /// and draws each once, half of them carefully and half sloppily; a drawing goes to the description with the highest cosine.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than two ways or no episodes.</exception>
    public static ZeroShotReport ZeroShot(
        Backbone backbone, int ways, int episodes, int seed, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        Check(backbone, ways, episodes);
        var random = new Random(seed);
        var tally = new Tally();
        var texts = new Embeddings(ways, backbone.EmbeddingWidth);
        var image = new float[backbone.EmbeddingWidth];
        int[] candidates = [.. Enumerable.Range(0, ways)];
        for (int episode = 0; episode < episodes; episode++)
        {
            cancellation.ThrowIfCancellationRequested();
            List<EpisodeClass> classes = Episode.Sample(ways, random);
            for (int i = 0; i < ways; i++) backbone.Embed(classes[i].Description, texts[i]);
            for (int i = 0; i < ways; i++)
            {
                backbone.Embed(SigilArtist.Draw(classes[i].Composition, Hand(i, random), random), image);
                tally.Add(classes, i, texts.Nearest(image, candidates), counts: true);
            }
            progress?.Report((episode + 1.0) / (episodes + SingleEpisodes(episodes)));
        }
        Singles(backbone, tally, ways, SingleEpisodes(episodes), random, cancellation);
        progress?.Report(1);
        return tally.Report(ways, episodes);
    }

    /// <summary>
    /// Each episode is a book of held-out classes in families that are easily confused: a composition, the same primitives
    /// with swapped roles, another count, another relation. The first of each family is drawn once and looked for among all
    /// classes. A phrasing that would be just as true of another class ("beside", where left and right are swapped) is
    /// replaced by a clearer one.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than two ways or no episodes.</exception>
    public static ZeroShotReport Confusable(
        Backbone backbone, int ways, int episodes, int seed, IProgress<double>? progress = null, CancellationToken cancellation = default) =>
        Distinguish(backbone, ways, episodes, seed, random => Episode.Families(ways, random), progress, cancellation);

    /// <summary>
    /// As <see cref="Confusable"/>, but nearly all other classes are one edit away from the only one that is drawn (swapped
    /// roles, other relation, count, style or shape, a part left out or added; up to three of each): harder than any book of
    /// spells a player would write, and the place where progress shows longest.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than two ways or no episodes.</exception>
    public static ZeroShotReport OneEditAway(
        Backbone backbone, int ways, int episodes, int seed, IProgress<double>? progress = null, CancellationToken cancellation = default) =>
        Distinguish(backbone, ways, episodes, seed, random => Episode.OneEditAway(ways, random), progress, cancellation);

    private static ZeroShotReport Distinguish(
        Backbone backbone, int ways, int episodes, int seed, Func<Random, List<EpisodeClass>> book,
        IProgress<double>? progress, CancellationToken cancellation)
    {
        Check(backbone, ways, episodes);
        var random = new Random(seed);
        var tally = new Tally();
        var texts = new Embeddings(ways, backbone.EmbeddingWidth);
        var image = new float[backbone.EmbeddingWidth];
        for (int episode = 0; episode < episodes; episode++)
        {
            cancellation.ThrowIfCancellationRequested();
            List<EpisodeClass> classes = book(random);
            for (int i = 0; i < ways; i++) backbone.Embed(classes[i].Description, texts[i]);
            int[] queries = [.. classes.Select((c, i) => (c, i)).Where(c => c.c.Kind is null && classes.Any(o => o.Kind is not null && o.Family == c.c.Family)).Select(c => c.i)];
            foreach (int query in queries)
            {
                backbone.Embed(SigilArtist.Draw(classes[query].Composition, Hand(random.Next(2), random), random), image);
                // The query comes last among equals: a backbone that says the same of everything scores nothing.
                int[] candidates = [.. Enumerable.Range(0, ways).Where(i => i != query), query];
                tally.Add(classes, query, texts.Nearest(image, candidates), counts: true);
            }
            progress?.Report((episode + 1.0) / episodes);
        }
        return tally.Report(ways, episodes);
    }

    /// <summary>Half of all drawings are careful, half sloppy.</summary>
    internal static HandStyle Hand(int index, Random random) => index % 2 == 0 ? HandStyle.Careful(random) : HandStyle.Sloppy(random);

    private static int SingleEpisodes(int episodes) => Math.Max(1, episodes / 8);

    private static void Singles(Backbone backbone, Tally tally, int ways, int episodes, Random random, CancellationToken cancellation)
    {
        Composition[] all = [.. Enum.GetValues<Primitive>().Select(p => new Term(p))];
        int count = Math.Min(ways, all.Length);
        var texts = new Embeddings(count, backbone.EmbeddingWidth);
        var image = new float[backbone.EmbeddingWidth];
        int[] candidates = [.. Enumerable.Range(0, count)];
        for (int episode = 0; episode < episodes; episode++)
        {
            cancellation.ThrowIfCancellationRequested();
            random.Shuffle(all);
            List<EpisodeClass> classes = [.. all.Take(count).Select(c => new EpisodeClass(c, DescriptionGrammar.Describe(c, random, PhraseSplit.HeldOut), null))];
            for (int i = 0; i < count; i++) backbone.Embed(classes[i].Description, texts[i]);
            for (int i = 0; i < count; i++)
            {
                backbone.Embed(SigilArtist.Draw(classes[i].Composition, Hand(i, random), random), image);
                tally.Add(classes, i, texts.Nearest(image, candidates), counts: false);
            }
        }
    }

    private static void Check(Backbone backbone, int ways, int episodes)
    {
        ArgumentNullException.ThrowIfNull(backbone);
        if (ways < 2) throw new ArgumentOutOfRangeException(nameof(ways), $"ZeroShot: ways is {ways}; expected at least 2.");
        if (episodes < 1) throw new ArgumentOutOfRangeException(nameof(episodes), $"ZeroShot: episodes is {episodes}; expected at least 1.");
    }

    private sealed class Tally
    {
        private readonly Dictionary<string, Proportion> relations = [];
        private readonly Dictionary<DistractorKind, Proportion> distractors = [];
        private Proportion accuracy;

        public void Add(List<EpisodeClass> classes, int truth, int answer, bool counts)
        {
            if (counts) accuracy = accuracy.With(answer == truth);
            string relation = RootRelation.Of(classes[truth].Composition);
            relations[relation] = relations.GetValueOrDefault(relation).With(answer == truth);
            int family = classes[truth].Family;
            foreach (DistractorKind kind in classes.Where(c => c.Family == family).Select(c => c.Kind).OfType<DistractorKind>().Distinct())
                distractors[kind] = distractors.GetValueOrDefault(kind).With(classes[answer].Family == family && classes[answer].Kind == kind);
        }

        public ZeroShotReport Report(int ways, int episodes) => new(ways, episodes, accuracy,
            RootRelation.All.Where(relations.ContainsKey).ToDictionary(r => r, r => relations[r]),
            distractors.OrderBy(d => d.Key).ToDictionary(d => d.Key, d => d.Value));
    }
}
