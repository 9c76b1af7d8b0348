using System.Globalization;
using OnDeviceLearning.Models;

namespace OnDeviceLearning.Pretraining.Calibration;

/// <summary>What a player wrote for each class, and embeddings to teach under some name and to test, class by class in turn.</summary>
internal sealed record TaughtEpisode(IReadOnlyList<string> Descriptions, IReadOnlyList<float[]> Taught, IReadOnlyList<int> Names, IReadOnlyList<float[]> Tests);

/// <summary>Makes an episode with so many examples a class.</summary>
internal delegate TaughtEpisode PlayEpisode(Backbone backbone, int shots, Random random);

/// <summary>Learns the adaptation prior of a backbone: how far examples are to be trusted over descriptions, by their number.</summary>
internal static class PriorFit
{
    private static readonly float[] trusts = [0, 0.15f, 0.3f, 0.45f, 0.6f, 0.75f, 0.9f, 1];

    /// <summary>For each number of examples, the trust with the best mean log-likelihood on inputs not taught.</summary>
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
        var best = new float[shots[^1] + 1];
        for (int s = 0; s < shots.Length; s++)
            best[shots[s]] = trusts[Enumerable.Range(0, trusts.Length).MaxBy(t => score[s, t])];
        // More examples never deserve less trust; numbers between those measured are interpolated.
        for (int s = 1; s < shots.Length; s++) best[shots[s]] = Math.Max(best[shots[s]], best[shots[s - 1]]);
        for (int s = 1; s < shots.Length; s++)
            for (int k = shots[s - 1] + 1; k < shots[s]; k++)
                best[k] = best[shots[s - 1]] + (best[shots[s]] - best[shots[s - 1]]) * (k - shots[s - 1]) / (shots[s] - shots[s - 1]);
        return $$"""{"trustByExamples":[{{string.Join(",", best.Select(b => b.ToString("0.###", CultureInfo.InvariantCulture)))}}]}""";

        Backbone Load(float trust)
        {
            metadata["odl.adaptationPrior"] = string.Create(CultureInfo.InvariantCulture, $$"""{"trustByExamples":[0,{{trust}}]}""");
            using var stream = new MemoryStream();
            SafetensorsWriter.Write(stream, file.Tensors.Values, metadata);
            stream.Position = 0;
            return Backbone.Load(stream);
        }
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
