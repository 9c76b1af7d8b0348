using System.Numerics.Tensors;
using OnDeviceLearning.Models;
using OnDeviceLearning.Pretraining.Calibration;
using OnDeviceLearning.Sigils.Evaluation;

namespace OnDeviceLearning.Pretraining.Vision;

/// <summary>
/// Calibrates "unknown" and learns the adaptation prior on drawings of words that were neither trained on nor held out to
/// be measured: what a backbone does on words it knows says little of new ones.
/// </summary>
internal static class SketchCalibration
{
    private const int Ways = 8, Strangers = 2, TestsPerClass = 3, MostExamples = 8;

    /// <summary>The share of examples that a player gives a wrong name.</summary>
    private const double WrongLabels = 0.05;

    /// <summary>Writes a backbone file anew; as it is where there are too few words to calibrate on.</summary>
    public static void Complete(string uncalibrated, string path, IReadOnlyList<LabelledDrawing> drawings, int episodes, int seed, CancellationToken cancellation)
    {
        SafetensorsFile file = SafetensorsReader.Read(uncalibrated);
        var metadata = new Dictionary<string, string>(file.Metadata);
        using (Backbone backbone = Backbone.Load(uncalibrated))
        {
            int width = backbone.EmbeddingWidth;
            var features = new float[drawings.Count * width];
            backbone.EmbedAll([.. drawings.Select(d => d.Drawing)], features);
            (string Word, float[][] Drawings)[] words = [.. Enumerable.Range(0, drawings.Count).GroupBy(i => drawings[i].Word)
                .Select(g => (g.Key, g.Select(i => features[(i * width)..((i + 1) * width)]).ToArray()))
                .Where(w => w.Item2.Length >= MostExamples + TestsPerClass).OrderBy(w => w.Key, StringComparer.Ordinal)];
            if (words.Length >= Ways + Strangers)
            {
                metadata["odl.unknown"] = Unknown(backbone, words, 10 * episodes, new Random(seed), cancellation);
                metadata["odl.adaptationPrior"] = PriorFit.ToJson(file, metadata, MostExamples, episodes, (_, shots, random) => Play(words, shots, random), seed, cancellation);
            }
        }
        SafetensorsWriter.Write(path, file.Tensors.Values, metadata);
    }

    private static string Unknown(Backbone backbone, (string Word, float[][] Drawings)[] words, int episodes, Random random, CancellationToken cancellation)
    {
        var fit = new UnknownFit();
        Dictionary<string, float[]> texts = words.ToDictionary(w => w.Word, w =>
        {
            var text = new float[backbone.EmbeddingWidth];
            backbone.Embed($"a drawing of a {w.Word}", text);
            return text;
        });
        for (int e = 0; e < episodes; e++)
        {
            cancellation.ThrowIfCancellationRequested();
            random.Shuffle(words);
            int shots = 1 + e % 5;
            foreach ((_, float[][] drawn) in words) random.Shuffle(drawn);
            float[][] means = [.. words.Take(Ways).Select(w => Mean(w.Drawings.Take(shots)))];
            for (int c = 0; c < Ways + Strangers; c++)
            {
                float[] query = words[c].Drawings[shots];
                (c < Ways ? fit.Known : fit.Unknown).Add(words.Take(Ways).Max(w => TensorPrimitives.Dot<float>(texts[w.Word], query)));
                if (c < Ways) fit.KnownByExamples.Add(TensorPrimitives.Dot<float>(means[c], query));
                else fit.UnknownByExamples.Add(means.Max(m => TensorPrimitives.Dot<float>(m, query)));
            }
        }
        return fit.ToJson();
    }

    private static float[] Mean(IEnumerable<float[]> drawings)
    {
        float[]? sum = null;
        foreach (float[] drawing in drawings)
            if (sum is null) sum = [.. drawing];
            else TensorPrimitives.Add(sum, drawing, sum);
        TensorPrimitives.Divide(sum!, TensorPrimitives.Norm<float>(sum!), sum!);
        return sum!;
    }

    private static TaughtEpisode Play((string Word, float[][] Drawings)[] words, int shots, Random random)
    {
        (string Word, float[][] Drawings)[] chosen = [.. words];
        random.Shuffle(chosen);
        chosen = [.. chosen.Take(Ways).Select(w => (w.Word, w.Drawings.OrderBy(_ => random.Next()).ToArray()))];
        int[] names = [.. Enumerable.Range(0, Ways * shots).Select(i => random.NextDouble() < WrongLabels ? random.Next(Ways) : i % Ways)];
        return new TaughtEpisode(
            [.. chosen.Select(w => $"a drawing of a {w.Word}")],
            [.. Enumerable.Range(0, Ways * shots).Select(i => chosen[i % Ways].Drawings[i / Ways])], names,
            [.. Enumerable.Range(0, Ways * TestsPerClass).Select(i => chosen[i % Ways].Drawings[shots + i / Ways])]);
    }
}
