using OnDeviceLearning.Datasets;
using OnDeviceLearning.Learning;

namespace OnDeviceLearning.Evaluation.FewShot;

/// <summary>
/// Whether what is learnt of some classes helps their relatives: in each episode the first half of the classes, rounded down, is taught and
/// the other half only described. All classes compete; the questions about either half are scored apart, and together.
/// </summary>
public static class HalfTaughtEvaluation
{
    /// <summary>Ours, in which untaught classes move as their relatives; relatives by WordNet and not by their descriptions; as all taught ones alike; not at all.</summary>
    /// <param name="problem">Its classes have descriptions, and for WordNet names of words.</param>
    /// <param name="options">What is measured.</param>
    /// <param name="wordNet">Null leaves its rows out.</param>
    /// <param name="progress">0 to 1.</param>
    /// <param name="cancellation">Stops between two episodes.</param>
    /// <exception cref="ArgumentException">The problem has no descriptions, too few classes or too few examples for what is asked, or is not sound.</exception>
    public static IReadOnlyList<FewShotScore> Evaluate(
        FewShotProblem problem, FewShotOptions options, IReadOnlyList<Synset>? wordNet, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(problem);
        double[,]? nearness = wordNet is null ? null : new WordNetKinship(wordNet).Between(problem.ClassNames);
        return Evaluate(problem, options,
            [
                new AdaptiveMethod(),
                .. nearness is null ? Array.Empty<IFewShotMethod>() : [new AdaptiveMethod("by WordNet", nearness: nearness)],
                new AdaptiveMethod("all alike", HeadTrainingSettings.Default with { Kinship = 0 }),
                new AdaptiveMethod("stay", HeadTrainingSettings.Default with { Kinship = null }),
            ],
            progress, cancellation);
    }

    internal static IReadOnlyList<FewShotScore> Evaluate(
        FewShotProblem problem, FewShotOptions options, IReadOnlyList<IFewShotMethod> methods, IProgress<double>? progress, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(problem);
        ArgumentNullException.ThrowIfNull(options);
        FewShotEvaluation.Check(problem, options);
        if (!problem.IsDescribed) throw new ArgumentException($"FewShot: relatives are found by their descriptions, and {problem.Name} has none.");
        int half = options.Ways / 2;
        (string Name, Func<int, bool>? About)[] parts = [("taught half", way => way < half), ("untaught half", way => way >= half), ("all", null)];
        FewShotTally[,] tallies = FewShotEvaluation.Tallies(options, methods.Count * parts.Length);
        for (int e = 0; e < options.Episodes; e++)
        {
            cancellation.ThrowIfCancellationRequested();
            FewShotEpisode episode = FewShotEpisode.Draw(problem, options.Ways, options.Shots[^1], FewShotEvaluation.EpisodeRandom(options.Seed, e));
            FewShotAnswers reference = FewShotAnswers.ByDescriptions(problem, episode)!;
            for (int s = 0; s < options.Shots.Count; s++)
            {
                FewShotTask task = episode.HalfTaught(problem, options.Shots[s], (ulong)e);
                for (int m = 0; m < methods.Count; m++)
                {
                    FewShotAnswers answers = FewShotAnswers.Of(methods[m], episode, task);
                    for (int part = 0; part < parts.Length; part++) tallies[s, m * parts.Length + part].Add(answers, reference, parts[part].About);
                }
            }
            progress?.Report((e + 1.0) / options.Episodes);
        }
        return [.. from part in Enumerable.Range(0, parts.Length) from m in Enumerable.Range(0, methods.Count) from s in Enumerable.Range(0, options.Shots.Count)
            select tallies[s, m * parts.Length + part].Score($"{methods[m].Name}: {parts[part].Name}", options.Shots[s])];
    }
}
