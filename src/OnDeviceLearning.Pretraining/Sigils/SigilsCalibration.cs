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

    /// <summary>Writes a backbone file anew, with <c>odl.unknown</c> and <c>odl.adaptationPrior</c>.</summary>
    public static void Complete(string uncalibrated, string path, int seed, SigilsRecipeSizes sizes, CancellationToken cancellation)
    {
        SafetensorsFile file = SafetensorsReader.Read(uncalibrated);
        var metadata = new Dictionary<string, string>(file.Metadata);
        using (Backbone backbone = Backbone.Load(uncalibrated))
            metadata["odl.unknown"] = Unknown(backbone, sizes, new Random(seed));
        metadata["odl.adaptationPrior"] = PriorFit.ToJson(file, metadata, sizes.MostExamples, sizes.PriorEpisodes,
            (backbone, shots, random) => Play(backbone, sizes.Ways, shots, random), seed, cancellation);
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

    /// <summary>
    /// A player with one hand, a few confusable spells, for a quarter of them a description of something else, and now and
    /// then the wrong name for a drawing: trust in a few examples has to bear all of that.
    /// </summary>
    private static TaughtEpisode Play(Backbone backbone, int ways, int shots, Random random)
    {
        HandStyle hand = random.Next(2) == 0 ? HandStyle.Sloppy(random) : HandStyle.Careful(random);
        List<Composition> compositions = Compositions(ways, random);
        List<string> descriptions = [.. compositions.Select(c =>
            DescriptionGrammar.Describe(random.Next(4) == 0 ? CompositionSampler.Distractor(c, random) : c, random))];
        int[] names = [.. Enumerable.Range(0, ways * shots).Select(i => random.NextDouble() < WrongLabels ? random.Next(ways) : i % ways)];
        return new TaughtEpisode(descriptions, Draw(shots), names, Draw(TestsPerClass));

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
