namespace OnDeviceLearning.Sigils.Evaluation;

/// <summary>A class of an episode: what is shown, and what the player would have written.</summary>
/// <param name="Composition">What is drawn.</param>
/// <param name="Description">A phrasing never trained on.</param>
/// <param name="Kind">How it differs from the first of its family; null for that one itself and for classes drawn at random.</param>
/// <param name="Family">Classes that are easily confused with each other share a number.</param>
internal sealed record EpisodeClass(Composition Composition, string Description, DistractorKind? Kind, int Family = 0);

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
            if (IsNew(c)) return c;
        }
    }

    /// <summary>Whether neither this nor any other way of putting the same drawing into words was trained on.</summary>
    private static bool IsNew(Composition c) => ClearDescription.SameDrawing(c).All(CompositionSampler.IsHeldOut);

    /// <summary>Distinct random held-out compositions.</summary>
    public static List<EpisodeClass> Sample(int ways, Random random) => Describe(Fill([], ways, random), random);

    /// <summary>
    /// Families of confusable classes until there are enough: a random composition, then, where they exist, the same
    /// primitives with swapped roles, with another count, and in another relation.
    /// </summary>
    public static List<EpisodeClass> Families(int ways, Random random)
    {
        var classes = new List<(Composition, DistractorKind?, int)>();
        var taken = new HashSet<string>();
        for (int family = 0; classes.Count < ways; family++)
        {
            Composition first = HeldOutWithTwin(random);
            if (!taken.Add(ClearDescription.Drawn(first))) continue;
            classes.Add((first, null, family));
            foreach (DistractorKind kind in new[] { DistractorKind.SwappedRoles, DistractorKind.OtherCount, DistractorKind.OtherRelation })
                if (classes.Count < ways && HeldOutDistractor(first, kind, taken, random) is { } distractor)
                    classes.Add((distractor, kind, family));
        }
        return Describe(classes, random);
    }

    /// <summary>The query first, then up to three distractors of every kind, each one edit away from it, and random ones for the rest.</summary>
    public static List<EpisodeClass> OneEditAway(int ways, Random random)
    {
        Composition query = HeldOutWithTwin(random);
        var classes = new List<(Composition, DistractorKind?, int)> { (query, null, 0) };
        var taken = new HashSet<string> { ClearDescription.Drawn(query) };
        for (int round = 0; round < DistractorsPerKind; round++)
            foreach (DistractorKind kind in kinds)
                if (classes.Count < ways && HeldOutDistractor(query, kind, taken, random) is { } distractor)
                    classes.Add((distractor, kind, 0));
        return Describe(Fill(classes, ways, random), random);
    }

    /// <summary>
    /// Only one composition in seven is held out, so one is looked for whose swapped twin, where it can have one, is held
    /// out as well; the root relation is drawn before, so that this does not change how often each is asked for.
    /// </summary>
    private static Composition HeldOutWithTwin(Random random)
    {
        Composition query = HeldOut(random);
        string relation = RootRelation.Of(query);
        bool twinWanted = Twins(query, random).Any();
        for (int attempt = 0; twinWanted && attempt < QueryAttempts && !Twins(query, random).Any(IsNew); attempt++)
        {
            do query = HeldOut(random);
            while (RootRelation.Of(query) != relation);
        }
        return query;
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
            if (IsNew(c) && taken.Add(ClearDescription.Drawn(c))) return c;
        }
        return null;
    }

    private static List<(Composition Composition, DistractorKind? Kind, int Family)> Fill(
        List<(Composition Composition, DistractorKind? Kind, int Family)> classes, int ways, Random random)
    {
        HashSet<string> taken = [.. classes.Select(c => ClearDescription.Drawn(c.Composition))];
        while (classes.Count < ways)
        {
            Composition c = HeldOut(random);
            if (taken.Add(ClearDescription.Drawn(c))) classes.Add((c, null, classes.Count));
        }
        return classes;
    }

    private static List<EpisodeClass> Describe(List<(Composition Composition, DistractorKind? Kind, int Family)> classes, Random random)
    {
        Composition[] all = [.. classes.Select(c => c.Composition)];
        return [.. classes.Select(c => new EpisodeClass(c.Composition, ClearDescription.Of(c.Composition, all, random), c.Kind, c.Family))];
    }
}
