namespace OnDeviceLearning.Evaluation.FewShot;

/// <summary>
/// One draw of classes, examples and questions. The examples for fewer shots are the first of those for more, and the
/// questions are the same for all, so that methods and shots are compared on the same ground.
/// </summary>
/// <param name="Classes">The classes of the episode.</param>
/// <param name="Support">The examples of each, for the most shots.</param>
/// <param name="Queries">What is to be classified, with the place of its class in <paramref name="Classes"/>.</param>
/// <param name="Strangers">Features of classes that are left out; none where there are no further classes.</param>
internal sealed record FewShotEpisode(int[] Classes, int[][] Support, (int Feature, int Way)[] Queries, int[] Strangers)
{
    /// <summary>Questions a class, if it has so many.</summary>
    public const int QueriesPerClass = 15;

    /// <summary>
    /// Draws an episode. Classes that are confused easily come together: families in random order, each whole, until there
    /// are enough; as many classes again, or what there is, are left out as strangers.
    /// </summary>
    public static FewShotEpisode Draw(FewShotProblem problem, int ways, int mostShots, Random random)
    {
        IReadOnlyList<int[]> members = problem.Members();
        int[] order = Order(problem, random);
        int strangerClasses = Math.Min(ways, order.Length - ways);
        int[] classes = order[..ways];
        var support = new int[ways][];
        var queries = new List<(int, int)>();
        for (int way = 0; way < ways; way++)
        {
            int[] shuffled = Shuffled(members[classes[way]], random);
            support[way] = shuffled[..mostShots];
            foreach (int feature in shuffled.AsSpan(mostShots, Math.Min(QueriesPerClass, shuffled.Length - mostShots))) queries.Add((feature, way));
        }
        var strangers = new List<int>();
        foreach (int c in order.AsSpan(ways, strangerClasses)) strangers.AddRange(Shuffled(members[c], random).Take(QueriesPerClass));
        return new FewShotEpisode(classes, support, [.. queries], [.. strangers]);
    }

    /// <summary>The task with so many examples of each class.</summary>
    public FewShotTask Task(FewShotProblem problem, int shots, ulong seed) => new(problem, Classes, [.. Support.Select(s => s[..shots])], seed);

    /// <summary>The task in which only the first half of the classes, rounded down, is taught.</summary>
    public FewShotTask HalfTaught(FewShotProblem problem, int shots, ulong seed) =>
        new(problem, Classes, [.. Support.Select((s, way) => way < Classes.Length / 2 ? s[..shots] : [])], seed);

    private static int[] Order(FewShotProblem problem, Random random)
    {
        int[] order = Shuffled([.. Enumerable.Range(0, problem.ClassNames.Count)], random);
        if (problem.Families is not { } families) return order;
        var rank = new Dictionary<int, int>();
        foreach (int c in order) rank.TryAdd(families[c], rank.Count);
        return [.. order.OrderBy(c => rank[families[c]])]; // stable
    }

    private static int[] Shuffled(int[] items, Random random)
    {
        int[] result = [.. items];
        random.Shuffle(result);
        return result;
    }
}
