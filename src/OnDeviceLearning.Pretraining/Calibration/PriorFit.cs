using System.Globalization;
using OnDeviceLearning.Models;

namespace OnDeviceLearning.Pretraining.Calibration;

/// <summary>What a player wrote for each class, and embeddings to teach under some name and to test, class by class in turn.</summary>
internal sealed record TaughtEpisode(IReadOnlyList<string> Descriptions, IReadOnlyList<float[]> Taught, IReadOnlyList<int> Names, IReadOnlyList<float[]> Tests);

/// <summary>Makes an episode with so many examples a class.</summary>
internal delegate TaughtEpisode PlayEpisode(Backbone backbone, int shots, Random random);

/// <summary>
/// Learns the adaptation prior of a backbone: how far examples are to be trusted over descriptions, by their number. The classes it
/// learns from may be described worse than a player would (by the bare name of an intent, by a definition), and then one example looks
/// better than it is. So a description counts for at least one example: the trust in k is never more than k / (k + 1).
/// A description that its own class's examples contradict is the classifier's to see.
/// </summary>
internal static class PriorFit
{
    /// <summary>Numbers of examples that the prior speaks of; more are trusted as so many.</summary>
    internal const int Longest = 32;

    private static readonly float[] trusts = [0, 0.15f, 0.3f, 0.45f, 0.6f, 0.75f, 0.9f, 1];

    /// <summary>For each number of examples, the trust with the best mean log-likelihood on inputs not taught, as far as it is allowed.</summary>
    public static string ToJson(
        SafetensorsFile file, Dictionary<string, string> metadata, int mostExamples, int episodesPerCount, PlayEpisode play, int seed, CancellationToken cancellation)
    {
        int[] shots = [.. Enumerable.Range(0, 31).Select(i => 1 << i).TakeWhile(s => s <= mostExamples)];
        // The same episodes, embedded once, for every trust: only the differences count.
        var episodes = new List<TaughtEpisode>[shots.Length];
        using (Backbone backbone = Load(0))
            for (int k = 0; k < shots.Length; k++)
            {
                episodes[k] = [];
                for (int e = 0; e < episodesPerCount; e++)
                {
                    cancellation.ThrowIfCancellationRequested();
                    episodes[k].Add(play(backbone, shots[k], new Random(seed + 1000 * k + e)));
                }
            }
        var score = new double[shots.Length, trusts.Length];
        for (int t = 0; t < trusts.Length; t++)
        {
            using Backbone backbone = Load(trusts[t]);
            for (int k = 0; k < shots.Length; k++)
                foreach (TaughtEpisode episode in episodes[k])
                {
                    cancellation.ThrowIfCancellationRequested();
                    score[k, t] += LogLikelihood(backbone, episode);
                }
        }
        var best = new Dictionary<int, float>();
        for (int k = 0; k < shots.Length; k++) best.Add(shots[k], trusts[Enumerable.Range(0, trusts.Length).MaxBy(t => score[k, t])]);
        IReadOnlyList<float> trust = Trust(best);
        return $$"""{"trustByExamples":[{{string.Join(",", trust.Select(t => t.ToString("0.###", CultureInfo.InvariantCulture)))}}]}""";

        Backbone Load(float trust)
        {
            metadata["odl.adaptationPrior"] = string.Create(CultureInfo.InvariantCulture, $$"""{"trustByExamples":[0,{{trust}}]}""");
            using var stream = new MemoryStream();
            SafetensorsWriter.Write(stream, file.Tensors.Values, metadata);
            stream.Position = 0;
            return Backbone.Load(stream);
        }
    }

    /// <summary>
    /// The prior for 0, 1, ... examples from the best trust at some numbers of them, ascending: more never deserve less; numbers in
    /// between are interpolated, what lies beyond is trusted as the last; and none is trusted more than the description allows.
    /// </summary>
    internal static IReadOnlyList<float> Trust(IReadOnlyDictionary<int, float> best)
    {
        int[] measured = [.. best.Keys.Order()];
        var trust = new float[Math.Max(Longest, measured[^1]) + 1];
        int before = 0;
        foreach (int k in measured)
        {
            trust[k] = Math.Max(best[k], trust[before]);
            for (int between = before + 1; before > 0 && between < k; between++)
                trust[between] = trust[before] + (trust[k] - trust[before]) * (between - before) / (k - before);
            before = k;
        }
        for (int k = before + 1; k < trust.Length; k++) trust[k] = trust[before];
        for (int k = 0; k < trust.Length; k++) trust[k] = Math.Min(trust[k], k / (k + 1f));
        return trust;
    }

    /// <summary>Mean log-likelihood of the right class on the test inputs, after learning from the taught ones.</summary>
    private static double LogLikelihood(Backbone backbone, TaughtEpisode episode)
    {
        using var classifier = new AdaptiveClassifier(backbone, new AdaptiveClassifierOptions { Worker = AdaptationWorker.None });
        int ways = episode.Descriptions.Count;
        for (int i = 0; i < ways; i++) classifier.Describe($"class {i}", episode.Descriptions[i]);
        for (int i = 0; i < episode.Taught.Count; i++) classifier.Teach(episode.Taught[i], $"class {episode.Names[i]}");
        classifier.AdaptToEnd();
        double sum = 0;
        for (int i = 0; i < episode.Tests.Count; i++)
            sum += Math.Log(Math.Max(1e-6, classifier.Classify(episode.Tests[i]).Probabilities[i % ways]));
        return sum / episode.Tests.Count;
    }
}
