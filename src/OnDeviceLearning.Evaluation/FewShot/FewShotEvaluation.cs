using OnDeviceLearning.Sigils.Evaluation;

namespace OnDeviceLearning.Evaluation.FewShot;

/// <summary>What is measured.</summary>
/// <param name="Ways">Classes of an episode.</param>
/// <param name="Shots">Numbers of examples a class, ascending.</param>
/// <param name="Episodes">Number of episodes.</param>
/// <param name="Seed">Of the episodes and of what methods draw.</param>
public sealed record FewShotOptions(int Ways, IReadOnlyList<int> Shots, int Episodes, int Seed);

/// <summary>How a method did at one number of examples. What it has no answer to is NaN.</summary>
/// <param name="Method">Its name.</param>
/// <param name="Shots">Examples a class.</param>
/// <param name="Accuracy">Mean over episodes.</param>
/// <param name="VersusZeroShot">Mean over episodes of the difference to the descriptions alone, on the same questions.</param>
/// <param name="CalibrationError">Expected calibration error in 15 bins over all answers.</param>
/// <param name="UnknownArea">Mean over episodes of the area under the curve of telling the episode's classes from those left out.</param>
/// <param name="Milliseconds">Median time to learn from the examples; embedding them is not counted.</param>
public sealed record FewShotScore(
    string Method, int Shots, MeanInterval Accuracy, MeanInterval VersusZeroShot, double CalibrationError, double UnknownArea, double Milliseconds);

/// <summary>Few-shot methods on the same features, episodes and questions.</summary>
public static class FewShotEvaluation
{
    /// <summary>The usual methods and ours.</summary>
    /// <exception cref="ArgumentException">The problem has too few classes or too few examples for what is asked, or is not sound.</exception>
    public static IReadOnlyList<FewShotScore> Evaluate(
        FewShotProblem problem, FewShotOptions options, IProgress<double>? progress = null, CancellationToken cancellation = default) =>
        Evaluate(problem, options, [new ZeroShotMethod(), new PrototypesMethod(), new LinearProbeMethod(), new TipAdapterMethod(), new ClapMethod(), new AdaptiveMethod()],
            progress, cancellation);

    /// <summary>Ours with the backbone's adaptation prior, and with plain rules in its place: trust 0, trust 1, k / (k + c) at k examples.</summary>
    /// <inheritdoc cref="Evaluate(FewShotProblem, FewShotOptions, IProgress{double}?, CancellationToken)"/>
    public static IReadOnlyList<FewShotScore> ComparePriors(
        FewShotProblem problem, FewShotOptions options, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        const int most = 64;
        AdaptationPrior Ratio(double c) => new([.. Enumerable.Range(0, most).Select(k => (float)(k / (k + c)))]);
        return Evaluate(problem, options,
            [
                new AdaptiveMethod("the backbone's"), new AdaptiveMethod("always 0", prior: new AdaptationPrior([0])), new AdaptiveMethod("always 1", prior: new AdaptationPrior([1])),
                new AdaptiveMethod("k/(k+1)", prior: Ratio(1)), new AdaptiveMethod("k/(k+2)", prior: Ratio(2)), new AdaptiveMethod("k/(k+4)", prior: Ratio(4)),
            ],
            progress, cancellation);
    }

    internal static IReadOnlyList<FewShotScore> Evaluate(
        FewShotProblem problem, FewShotOptions options, IReadOnlyList<IFewShotMethod> methods, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(problem);
        ArgumentNullException.ThrowIfNull(options);
        Check(problem, options);
        var tallies = Tallies(options, methods.Count);
        for (int e = 0; e < options.Episodes; e++)
        {
            cancellation.ThrowIfCancellationRequested();
            FewShotEpisode episode = FewShotEpisode.Draw(problem, options.Ways, options.Shots[^1], EpisodeRandom(options.Seed, e));
            FewShotAnswers? reference = FewShotAnswers.ByDescriptions(problem, episode);
            for (int s = 0; s < options.Shots.Count; s++)
            {
                FewShotTask task = episode.Task(problem, options.Shots[s], (ulong)e);
                for (int m = 0; m < methods.Count; m++)
                    if (methods[m].Answers(task)) tallies[s, m].Add(FewShotAnswers.Of(methods[m], episode, task), reference);
            }
            progress?.Report((e + 1.0) / options.Episodes);
        }
        return [.. from m in Enumerable.Range(0, methods.Count) from s in Enumerable.Range(0, options.Shots.Count) select tallies[s, m].Score(methods[m].Name, options.Shots[s])];
    }

    internal static FewShotTally[,] Tallies(FewShotOptions options, int columns)
    {
        var tallies = new FewShotTally[options.Shots.Count, columns];
        for (int s = 0; s < options.Shots.Count; s++)
            for (int m = 0; m < columns; m++) tallies[s, m] = new FewShotTally();
        return tallies;
    }

    /// <summary>The same seed gives the same episodes, whatever else is asked for; neighbouring seeds share none.</summary>
    internal static Random EpisodeRandom(int seed, int episode) => new(HashCode(seed, episode));

    private static int HashCode(int seed, int episode) => (int)(Learning.HeadEvidence.Mix(((ulong)(uint)seed << 32) | (uint)episode) >> 33);

    internal static void Check(FewShotProblem problem, FewShotOptions options)
    {
        problem.Check();
        if (options.Shots.Count == 0) throw new ArgumentException("FewShot: no number of shots; expected at least one.");
        for (int s = 0; s < options.Shots.Count; s++)
            if (options.Shots[s] < 0 || (s > 0 && options.Shots[s] <= options.Shots[s - 1]))
                throw new ArgumentException($"FewShot: shots are {string.Join(", ", options.Shots)}; expected ascending numbers from 0 on.");
        if (options.Episodes < 1) throw new ArgumentException($"FewShot: {options.Episodes} episodes; expected at least 1.");
        if (options.Ways < 2) throw new ArgumentException($"FewShot: {options.Ways} ways; expected at least 2, as one class alone is always right.");
        if (options.Shots[^1] == 0 && !problem.IsDescribed)
            throw new ArgumentException($"FewShot: no examples, and {problem.Name} has classes without a description: there is nothing to answer by; give --shots above 0.");
        if (options.Ways > problem.ClassNames.Count)
            throw new ArgumentException($"FewShot: {options.Ways} ways, but {problem.Name} has {problem.ClassNames.Count} classes.");
        IReadOnlyList<int[]> members = problem.Members();
        int most = options.Shots[^1];
        for (int c = 0; c < members.Count; c++)
            if (members[c].Length <= most)
                throw new ArgumentException($"FewShot: class '{problem.ClassNames[c]}' of {problem.Name} has {members[c].Length} examples; {most} shots need {most + 1}, to keep one to ask for.");
    }
}
