using System.Diagnostics;

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
    /// <summary>All methods.</summary>
    /// <exception cref="ArgumentException">The problem has too few classes or too few examples for what is asked, or is not sound.</exception>
    public static IReadOnlyList<FewShotScore> Evaluate(
        FewShotProblem problem, FewShotOptions options, IProgress<double>? progress = null, CancellationToken cancellation = default) =>
        Evaluate(problem, options, Methods(), progress, cancellation);

    internal static IReadOnlyList<IFewShotMethod> Methods() =>
        [new ZeroShotMethod(), new PrototypesMethod(), new LinearProbeMethod(), new TipAdapterMethod(), new ClapMethod(), new AdaptiveMethod()];

    internal static IReadOnlyList<FewShotScore> Evaluate(
        FewShotProblem problem, FewShotOptions options, IReadOnlyList<IFewShotMethod> methods, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(problem);
        ArgumentNullException.ThrowIfNull(options);
        Check(problem, options);
        var zeroShot = new ZeroShotMethod();
        var tallies = new FewShotTally[options.Shots.Count, methods.Count];
        for (int s = 0; s < options.Shots.Count; s++)
            for (int m = 0; m < methods.Count; m++) tallies[s, m] = new FewShotTally();
        for (int e = 0; e < options.Episodes; e++)
        {
            cancellation.ThrowIfCancellationRequested();
            FewShotEpisode episode = FewShotEpisode.Draw(problem, options.Ways, options.Shots[^1], EpisodeRandom(options.Seed, e));
            double reference = double.NaN;
            if (zeroShot.Answers(episode.Task(problem, 0, 0))) reference = new FewShotTally().Play(zeroShot, episode, episode.Task(problem, 0, 0), double.NaN);
            for (int s = 0; s < options.Shots.Count; s++)
            {
                FewShotTask task = episode.Task(problem, options.Shots[s], (ulong)e);
                for (int m = 0; m < methods.Count; m++)
                    if (methods[m].Answers(task)) tallies[s, m].Play(methods[m], episode, task, reference);
            }
            progress?.Report((e + 1.0) / options.Episodes);
        }
        return [.. from m in Enumerable.Range(0, methods.Count) from s in Enumerable.Range(0, options.Shots.Count) select tallies[s, m].Score(methods[m].Name, options.Shots[s])];
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
        if (options.Ways > problem.ClassNames.Count)
            throw new ArgumentException($"FewShot: {options.Ways} ways, but {problem.Name} has {problem.ClassNames.Count} classes.");
        IReadOnlyList<int[]> members = problem.Members();
        int most = options.Shots[^1];
        for (int c = 0; c < members.Count; c++)
            if (members[c].Length <= most)
                throw new ArgumentException($"FewShot: class '{problem.ClassNames[c]}' of {problem.Name} has {members[c].Length} examples; {most} shots need {most + 1}, to keep one to ask for.");
    }
}

/// <summary>What a method did in the episodes so far.</summary>
internal sealed class FewShotTally
{
    private readonly List<double> accuracies = [], differences = [], areas = [], milliseconds = [];
    private readonly CalibrationError calibration = new();

    /// <summary>Plays one episode and returns the share of questions answered right.</summary>
    public double Play(IFewShotMethod method, FewShotEpisode episode, FewShotTask task, double reference)
    {
        using IFewShotLearner learner = method.Begin(task);
        long start = Stopwatch.GetTimestamp();
        learner.Adapt();
        if (task.Examples > 0) milliseconds.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);

        var probabilities = new float[task.Ways];
        var known = new float[episode.Queries.Length];
        var unknown = new float[episode.Strangers.Length];
        int right = 0;
        for (int i = 0; i < known.Length; i++)
        {
            known[i] = learner.Classify(task.Problem.Features[episode.Queries[i].Feature], probabilities);
            int best = Array.IndexOf(probabilities, probabilities.Max());
            bool isRight = best == episode.Queries[i].Way;
            if (isRight) right++;
            calibration.Add(probabilities[best], isRight);
        }
        for (int i = 0; i < unknown.Length; i++) unknown[i] = learner.Classify(task.Problem.Features[episode.Strangers[i]], probabilities);
        double accuracy = (double)right / known.Length;
        accuracies.Add(accuracy);
        if (!double.IsNaN(reference)) differences.Add(accuracy - reference);
        if (unknown.Length > 0) areas.Add(RankingArea.Of(known, unknown));
        return accuracy;
    }

    public FewShotScore Score(string method, int shots) => new(method, shots, MeanInterval.Of(accuracies), MeanInterval.Of(differences),
        calibration.Value, areas.Count == 0 ? double.NaN : areas.Average(), Median(milliseconds));

    private static double Median(List<double> values)
    {
        if (values.Count == 0) return double.NaN;
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
