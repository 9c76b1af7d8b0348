using System.Globalization;
using System.Numerics.Tensors;
using OnDeviceLearning.Models;
using OnDeviceLearning.Pretraining.Calibration;
using OnDeviceLearning.Sigils;

namespace OnDeviceLearning.Pretraining.Sigils;

/// <summary>
/// What a finished backbone still lacks and only its own behaviour can tell, measured on training compositions and
/// phrasings alone: when an input belongs to none of the described classes, and how far a few examples are to be trusted
/// over the descriptions.
/// </summary>
internal static class SigilsCalibration
{
    private const int TestsPerClass = 3;

    /// <summary>The share of examples that a player gives a wrong name.</summary>
    private const double WrongLabels = 0.08;

    private static readonly float[] trusts = [0, 0.15f, 0.3f, 0.45f, 0.6f, 0.75f, 0.9f, 1];

    /// <summary>Writes a backbone file anew, with <c>odl.unknown</c> and <c>odl.adaptationPrior</c>.</summary>
    public static void Complete(string uncalibrated, string path, int seed, SigilsRecipeSizes sizes, CancellationToken cancellation)
    {
        SafetensorsFile file = SafetensorsReader.Read(uncalibrated);
        var metadata = new Dictionary<string, string>(file.Metadata);
        using (Backbone backbone = Backbone.Load(uncalibrated))
            metadata["odl.unknown"] = Unknown(backbone, sizes, new Random(seed));
        metadata["odl.adaptationPrior"] = Prior(file, metadata, sizes, seed, cancellation);
        SafetensorsWriter.Write(path, file.Tensors.Values, metadata);
    }

    /// <summary>
    /// Platt scaling of the best cosine similarity: inputs of a described class against inputs of none; and the same for the
    /// cosine to the mean of a class's examples, moved so that one threshold serves both.
    /// </summary>
    private static string Unknown(Backbone backbone, SigilsRecipeSizes sizes, Random random)
    {
        var fit = new UnknownFit();
        var image = new float[backbone.EmbeddingWidth];
        for (int e = 0; e < sizes.UnknownEpisodes; e++)
        {
            List<Composition> compositions = Compositions(sizes.Ways + 2, random);
            float[][] texts = compositions.Take(sizes.Ways).Select(c => Embed(backbone, c, random)).ToArray();
            HandStyle hand = HandStyle.Sample(random);
            int shots = 1 + e % 5;
            float[][] means = compositions.Take(sizes.Ways).Select(c => Mean(backbone, c, shots, hand, random)).ToArray();
            for (int i = 0; i < compositions.Count; i++)
            {
                backbone.Embed(SigilArtist.Draw(compositions[i], HandStyle.Sample(random), random), image);
                double best = texts.Max(t => TensorPrimitives.Dot(t, image));
                (i < sizes.Ways ? fit.Known : fit.Unknown).Add(best);
                // A class's own mean: that another's is nearer makes nothing known. Strangers are known by any.
                if (i < sizes.Ways) fit.KnownByExamples.Add(TensorPrimitives.Dot(means[i], image));
                else fit.UnknownByExamples.Add(means.Max(m => TensorPrimitives.Dot(m, image)));
            }
        }
        return fit.ToJson();
    }

    /// <summary>The normalised mean of some drawings' embeddings.</summary>
    private static float[] Mean(Backbone backbone, Composition composition, int count, HandStyle hand, Random random)
    {
        float[] sum = new float[backbone.EmbeddingWidth], image = new float[sum.Length];
        for (int i = 0; i < count; i++)
        {
            backbone.Embed(SigilArtist.Draw(composition, hand, random), image);
            TensorPrimitives.Add(sum, image, sum);
        }
        TensorPrimitives.Divide(sum, TensorPrimitives.Norm<float>(sum), sum);
        return sum;
    }

    /// <summary>For each number of examples, the trust with the best mean log-likelihood on drawings not taught.</summary>
    private static string Prior(SafetensorsFile file, Dictionary<string, string> metadata, SigilsRecipeSizes sizes, int seed, CancellationToken cancellation)
    {
        int[] shots = [.. Enumerable.Range(0, 31).Select(i => 1 << i).TakeWhile(s => s <= sizes.MostExamples)];
        // The same episodes, embedded once, for every trust: only the differences count.
        var episodes = new List<Episode>[shots.Length];
        using (Backbone backbone = Load(0))
            for (int k = 0; k < shots.Length; k++)
            {
                episodes[k] = [];
                for (int e = 0; e < sizes.PriorEpisodes; e++)
                {
                    cancellation.ThrowIfCancellationRequested();
                    episodes[k].Add(Play(backbone, sizes.Ways, shots[k], new Random(seed + 1000 * k + e)));
                }
            }
        var score = new double[shots.Length, trusts.Length];
        for (int t = 0; t < trusts.Length; t++)
        {
            using Backbone backbone = Load(trusts[t]);
            for (int k = 0; k < shots.Length; k++)
                foreach (Episode episode in episodes[k])
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

    /// <summary>What a player wrote for each spell, and embeddings of drawings to teach under some name and to test, spell by spell in turn.</summary>
    private sealed record Episode(IReadOnlyList<string> Descriptions, IReadOnlyList<float[]> Taught, IReadOnlyList<int> Names, IReadOnlyList<float[]> Tests);

    /// <summary>
    /// A player with one hand, a few confusable spells, for a quarter of them a description of something else, and now and
    /// then the wrong name for a drawing: trust in a few examples has to bear all of that.
    /// </summary>
    private static Episode Play(Backbone backbone, int ways, int shots, Random random)
    {
        HandStyle hand = random.Next(2) == 0 ? HandStyle.Sloppy(random) : HandStyle.Careful(random);
        List<Composition> compositions = Compositions(ways, random);
        List<string> descriptions = [.. compositions.Select(c =>
            DescriptionGrammar.Describe(random.Next(4) == 0 ? CompositionSampler.Distractor(c, random) : c, random))];
        int[] names = [.. Enumerable.Range(0, ways * shots).Select(i => random.NextDouble() < WrongLabels ? random.Next(ways) : i % ways)];
        return new Episode(descriptions, Draw(shots), names, Draw(TestsPerClass));

        List<float[]> Draw(int perClass)
        {
            var drawn = new List<float[]>();
            for (int i = 0; i < ways * perClass; i++)
            {
                drawn.Add(new float[backbone.EmbeddingWidth]);
                backbone.Embed(SigilArtist.Draw(compositions[i % ways], hand, random), drawn[^1]);
            }
            return drawn;
        }
    }

    /// <summary>Mean log-likelihood of the right spell on the test drawings, after learning from the taught ones.</summary>
    private static double LogLikelihood(Backbone backbone, Episode episode)
    {
        using var classifier = new AdaptiveClassifier(backbone, new AdaptiveClassifierOptions { Worker = AdaptationWorker.None });
        int ways = episode.Descriptions.Count;
        for (int i = 0; i < ways; i++) classifier.Describe($"spell {i}", episode.Descriptions[i]);
        for (int i = 0; i < episode.Taught.Count; i++) classifier.Teach(episode.Taught[i], $"spell {episode.Names[i]}");
        classifier.AdaptToEnd();
        double sum = 0;
        for (int i = 0; i < episode.Tests.Count; i++)
            sum += Math.Log(Math.Max(1e-6, classifier.Classify(episode.Tests[i]).Probabilities[i % ways]));
        return sum / episode.Tests.Count;
    }

    /// <summary>Different compositions that training may have seen, half of them confusable with one another.</summary>
    private static List<Composition> Compositions(int count, Random random)
    {
        var result = new List<Composition>();
        while (result.Count < count)
        {
            Composition c = result.Count % 2 == 1 ? CompositionSampler.Distractor(result[^1], random) : CompositionSampler.Sample(random);
            if (!CompositionSampler.IsHeldOut(c) && !result.Contains(c)) result.Add(c);
            else if (result.Count % 2 == 1) result.Add(Fresh(result, random));
        }
        return result;
    }

    private static Composition Fresh(List<Composition> taken, Random random)
    {
        while (true)
        {
            Composition c = CompositionSampler.Sample(random);
            if (!CompositionSampler.IsHeldOut(c) && !taken.Contains(c)) return c;
        }
    }

    private static float[] Embed(Backbone backbone, Composition composition, Random random)
    {
        var result = new float[backbone.EmbeddingWidth];
        backbone.Embed(DescriptionGrammar.Describe(composition, random), result);
        return result;
    }
}
