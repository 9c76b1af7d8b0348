using System.Diagnostics;
using OnDeviceLearning.Sigils.Evaluation;

namespace OnDeviceLearning.Evaluation.FewShot;

/// <summary>What a method answered to the questions of one episode.</summary>
/// <param name="Truth">The right class of each question.</param>
/// <param name="Best">The answer.</param>
/// <param name="Confidence">Its probability.</param>
/// <param name="Known">How much each question looks like a class.</param>
/// <param name="Unknown">The same of the strangers.</param>
/// <param name="Milliseconds">Time to adapt; NaN where there was nothing to learn from.</param>
internal sealed record FewShotAnswers(int[] Truth, int[] Best, float[] Confidence, float[] Known, float[] Unknown, double Milliseconds)
{
    /// <summary>Lets a method learn and asks it.</summary>
    public static FewShotAnswers Of(IFewShotMethod method, FewShotEpisode episode, FewShotTask task)
    {
        using IFewShotLearner learner = method.Begin(task);
        long start = Stopwatch.GetTimestamp();
        learner.Adapt();
        double milliseconds = task.Examples > 0 ? Stopwatch.GetElapsedTime(start).TotalMilliseconds : double.NaN;

        var probabilities = new float[task.Ways];
        int count = episode.Queries.Length;
        var answers = new FewShotAnswers([.. episode.Queries.Select(q => q.Way)], new int[count], new float[count], new float[count], new float[episode.Strangers.Length], milliseconds);
        for (int i = 0; i < count; i++)
        {
            answers.Known[i] = learner.Classify(task.Problem.Features[episode.Queries[i].Feature], probabilities);
            answers.Confidence[i] = probabilities.Max();
            answers.Best[i] = Array.IndexOf(probabilities, answers.Confidence[i]);
        }
        for (int i = 0; i < answers.Unknown.Length; i++) answers.Unknown[i] = learner.Classify(task.Problem.Features[episode.Strangers[i]], probabilities);
        return answers;
    }

    /// <summary>What the descriptions alone answer; null if not every class has one.</summary>
    public static FewShotAnswers? ByDescriptions(FewShotProblem problem, FewShotEpisode episode)
    {
        var method = new ZeroShotMethod();
        FewShotTask task = episode.Task(problem, 0, 0);
        return method.Answers(task) ? Of(method, episode, task) : null;
    }

    /// <summary>The share of questions about some classes (all if null) that were answered right.</summary>
    public double Accuracy(Func<int, bool>? about = null)
    {
        int right = 0, asked = 0;
        for (int i = 0; i < Truth.Length; i++)
        {
            if (about?.Invoke(Truth[i]) == false) continue;
            asked++;
            if (Best[i] == Truth[i]) right++;
        }
        return (double)right / asked;
    }
}

/// <summary>What a method did in the episodes so far.</summary>
internal sealed class FewShotTally
{
    private readonly List<double> accuracies = [], differences = [], areas = [], milliseconds = [];
    private readonly CalibrationError calibration = new();

    /// <summary>Counts the answers of an episode that are about some classes (all if null).</summary>
    public void Add(FewShotAnswers answers, FewShotAnswers? reference, Func<int, bool>? about = null)
    {
        accuracies.Add(answers.Accuracy(about));
        if (reference is not null) differences.Add(accuracies[^1] - reference.Accuracy(about));
        for (int i = 0; i < answers.Truth.Length; i++)
            if (about?.Invoke(answers.Truth[i]) != false) calibration.Add(answers.Confidence[i], answers.Best[i] == answers.Truth[i]);
        if (answers.Unknown.Length > 0) areas.Add(RankingArea.Of([.. answers.Known.Where((_, i) => about?.Invoke(answers.Truth[i]) != false)], answers.Unknown));
        if (!double.IsNaN(answers.Milliseconds)) milliseconds.Add(answers.Milliseconds);
    }

    public FewShotScore Score(string method, int shots) => new(method, shots, MeanInterval.Of(accuracies).OfShare(), MeanInterval.Of(differences),
        calibration.Value, areas.Count == 0 ? double.NaN : areas.Average(), Median(milliseconds));

    private static double Median(List<double> values)
    {
        if (values.Count == 0) return double.NaN;
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
