namespace OnDeviceLearning.Sigils.Evaluation;

/// <summary>A class of an episode: what is shown, and what the player would have written.</summary>
/// <param name="Composition">What is drawn.</param>
/// <param name="Description">A phrasing never trained on.</param>
/// <param name="Kind">How it differs from the episode's query; null for the query itself and for classes drawn at random.</param>
internal sealed record EpisodeClass(Composition Composition, string Description, DistractorKind? Kind);

/// <summary>
/// Puts together the classes of zero-shot tests. Every composition is held out, distractors too, so that no class was
/// trained on; so is every phrasing.
/// </summary>
internal static class Episode
{
    private const int QueryAttempts = 4000, KindAttempts = 48, DistractorsPerKind = 3;

    private static readonly DistractorKind[] kinds = Enum.GetValues<DistractorKind>();

    /// <summary>A random composition that was never trained on.</summary>
    public static Composition HeldOut(Random random)
    {
        while (true)
        {
            Composition c = CompositionSampler.Sample(random);
            if (CompositionSampler.IsHeldOut(c)) return c;
        }
    }

    /// <summary>Distinct random held-out compositions.</summary>
    public static List<EpisodeClass> Sample(int ways, Random random) => Describe(Fill([], ways, random), random);

    /// <summary>
    /// The query first, then its distractors, several of each kind that applies, and random ones for the rest. Only one
    /// composition in seven is held out, so a query is looked for whose swapped twin, where it can have one, is held out as
    /// well; the root relation is drawn before, so that this does not change how often each is asked for.
    /// </summary>
    public static List<EpisodeClass> Confusable(int ways, Random random)
    {
        Composition query = HeldOut(random);
        string relation = RootRelation.Of(query);
        bool twinWanted = Twins(query, random).Any();
        for (int attempt = 0; twinWanted && attempt < QueryAttempts && !Twins(query, random).Any(CompositionSampler.IsHeldOut); attempt++)
        {
            do query = HeldOut(random);
            while (RootRelation.Of(query) != relation);
        }

        var classes = new List<(Composition, DistractorKind?)> { (query, null) };
        var taken = new HashSet<string> { ClearDescription.Drawn(query) };
        for (int round = 0; round < DistractorsPerKind; round++)
            foreach (DistractorKind kind in kinds)
                if (classes.Count < ways && HeldOutDistractor(query, kind, taken, random) is { } distractor)
                    classes.Add((distractor, kind));
        return Describe(Fill(classes, ways, random), random);
    }

    /// <summary>Compositions with roles swapped that look different: crossing things only trade names.</summary>
    private static IEnumerable<Composition> Twins(Composition of, Random random)
    {
        string drawn = ClearDescription.Drawn(of);
        for (int attempt = 0; attempt < KindAttempts; attempt++)
        {
            if (CompositionSampler.Distractor(of, DistractorKind.SwappedRoles, random) is not { } c) yield break;
            if (ClearDescription.Drawn(c) != drawn) yield return c;
        }
    }

    private static Composition? HeldOutDistractor(Composition of, DistractorKind kind, HashSet<string> taken, Random random)
    {
        for (int attempt = 0; attempt < KindAttempts; attempt++)
        {
            if (CompositionSampler.Distractor(of, kind, random) is not { } c) return null;
            if (CompositionSampler.IsHeldOut(c) && taken.Add(ClearDescription.Drawn(c))) return c;
        }
        return null;
    }

    private static List<(Composition Composition, DistractorKind? Kind)> Fill(List<(Composition Composition, DistractorKind? Kind)> classes, int ways, Random random)
    {
        HashSet<string> taken = [.. classes.Select(c => ClearDescription.Drawn(c.Composition))];
        while (classes.Count < ways)
        {
            Composition c = HeldOut(random);
            if (taken.Add(ClearDescription.Drawn(c))) classes.Add((c, null));
        }
        return classes;
    }

    private static List<EpisodeClass> Describe(List<(Composition Composition, DistractorKind? Kind)> classes, Random random)
    {
        Composition[] all = [.. classes.Select(c => c.Composition)];
        return [.. classes.Select(c => new EpisodeClass(c.Composition, ClearDescription.Of(c.Composition, all, random), c.Kind))];
    }
}
