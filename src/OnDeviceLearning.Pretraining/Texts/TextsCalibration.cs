using System.Globalization;
using System.Numerics.Tensors;
using OnDeviceLearning.Datasets;
using OnDeviceLearning.Models;
using OnDeviceLearning.Pretraining.Calibration;

namespace OnDeviceLearning.Pretraining.Texts;

/// <summary>
/// What a finished texts backbone still lacks, measured on what training held out: the scale of its logits, when a text
/// belongs to none of the described classes, and how far a few examples are to be trusted over the descriptions.
/// Classes are intents of Banking77, described by their names, and synsets of WordNet with their definitions and examples.
/// </summary>
internal sealed class TextsCalibration(TextsCorpus corpus, TextsRecipeSizes sizes, int seed)
{
    private const int TestsPerClass = 3, FewestTexts = 4, Outsiders = 3;

    /// <summary>The share of examples that a player gives a wrong name, and of descriptions that say something else.</summary>
    private const double WrongLabels = 0.05, WrongDescriptions = 0.1;

    private static readonly float[] scales = [5, 7, 10, 14, 20, 28, 40];

    private readonly List<TrainingIntent> classes =
    [
        .. corpus.Calibration.Select(i => new TrainingIntent(i.Words, i.Texts)),
        .. corpus.Synsets.Where((s, i) => TextsCorpus.IsHeldOut(i) && s.Examples.Count >= FewestTexts).Select(s => new TrainingIntent(s.Definition, s.Examples)),
    ];

    /// <summary>Writes a backbone file anew, with <c>odl.logitScale</c>, <c>odl.unknown</c> and <c>odl.adaptationPrior</c>.</summary>
    public void Complete(string uncalibrated, string path, CancellationToken cancellation)
    {
        SafetensorsFile file = SafetensorsReader.Read(uncalibrated);
        var metadata = new Dictionary<string, string>(file.Metadata);
        using (Backbone backbone = Backbone.Load(uncalibrated))
        {
            metadata["odl.logitScale"] = Scale(backbone, cancellation).ToString("R", CultureInfo.InvariantCulture);
            metadata["odl.unknown"] = Unknown(backbone, cancellation);
        }
        metadata["odl.adaptationPrior"] = PriorFit.ToJson(file, metadata, sizes.MostExamples, sizes.PriorEpisodes, Play, seed, cancellation);
        SafetensorsWriter.Write(path, file.Tensors.Values, metadata);
    }

    /// <summary>The scale under which the right classes are likeliest.</summary>
    private float Scale(Backbone backbone, CancellationToken cancellation)
    {
        var logLikelihood = new double[scales.Length];
        var random = new Random(seed);
        for (int e = 0; e < sizes.UnknownEpisodes; e++)
        {
            cancellation.ThrowIfCancellationRequested();
            List<TrainingIntent> drawn = Draw(random, 0);
            float[][] described = [.. drawn.Select(c => Embed(backbone, c.Name))];
            for (int c = 0; c < drawn.Count; c++)
            {
                float[] text = Embed(backbone, drawn[c].Texts[random.Next(drawn[c].Texts.Count)]);
                float[] cosines = [.. described.Select(d => TensorPrimitives.Dot<float>(d, text))];
                for (int s = 0; s < scales.Length; s++)
                    logLikelihood[s] += scales[s] * cosines[c] - Math.Log(cosines.Sum(v => Math.Exp(scales[s] * v)));
            }
        }
        return scales[Enumerable.Range(0, scales.Length).MaxBy(s => logLikelihood[s])];
    }

    private string Unknown(Backbone backbone, CancellationToken cancellation)
    {
        var fit = new UnknownFit();
        var random = new Random(seed);
        for (int e = 0; e < sizes.UnknownEpisodes; e++)
        {
            cancellation.ThrowIfCancellationRequested();
            List<TrainingIntent> drawn = Draw(random, Outsiders);
            int ways = drawn.Count - Outsiders, shots = 1 + e % (FewestTexts - 1);
            float[][] described = [.. drawn.Take(ways).Select(c => Embed(backbone, c.Name))], means = new float[ways][];
            var tests = new float[drawn.Count][];
            for (int c = 0; c < drawn.Count; c++)
            {
                string[] texts = Texts(drawn[c], shots + 1, random);
                tests[c] = Embed(backbone, texts[0]);
                if (c < ways) means[c] = Mean([.. texts[1..].Select(t => Embed(backbone, t))]);
            }
            for (int c = 0; c < drawn.Count; c++)
            {
                (c < ways ? fit.Known : fit.Unknown).Add(described.Max(d => TensorPrimitives.Dot<float>(d, tests[c])));
                if (c < ways) fit.KnownByExamples.Add(TensorPrimitives.Dot<float>(means[c], tests[c]));
                else fit.UnknownByExamples.Add(means.Max(m => TensorPrimitives.Dot<float>(m, tests[c])));
            }
        }
        return fit.ToJson();
    }

    /// <summary>Somebody with a few classes, now and then a description of something else and a wrong name for an example.</summary>
    private TaughtEpisode Play(Backbone backbone, int shots, Random random)
    {
        List<TrainingIntent> drawn = Draw(random, 0, shots + 1);
        int ways = drawn.Count;
        List<string> descriptions = [.. drawn.Select(c => random.NextDouble() < WrongDescriptions ? classes[random.Next(classes.Count)].Name : c.Name)];
        string[][] texts = [.. drawn.Select(c => Texts(c, shots + TestsPerClass, random))];
        int[] names = [.. Enumerable.Range(0, ways * shots).Select(i => random.NextDouble() < WrongLabels ? random.Next(ways) : i % ways)];
        float[][] taught = [.. Enumerable.Range(0, ways * shots).Select(i => Embed(backbone, texts[i % ways][i / ways]))];
        // A class with few texts is tested on the last of them more than once; never on one that was taught.
        float[][] tests = [.. Enumerable.Range(0, ways * TestsPerClass).Select(i => Embed(backbone, texts[i % ways][Math.Min(texts[i % ways].Length - 1, shots + i / ways)]))];
        return new TaughtEpisode(descriptions, taught, names, tests);
    }

    /// <summary>Different classes, half of them of one subject where there are enough: intents of a bank are confusable.</summary>
    private List<TrainingIntent> Draw(Random random, int more, int fewest = FewestTexts)
    {
        TrainingIntent[] eligible = [.. classes.Where(c => c.Texts.Count >= fewest)];
        TrainingIntent[] questions = [.. eligible.Take(corpus.Calibration.Count)], rest = [.. eligible.Skip(corpus.Calibration.Count)];
        random.Shuffle(questions);
        random.Shuffle(rest);
        int count = Math.Min(sizes.Ways + more, eligible.Length), fromBank = Math.Min(questions.Length, Math.Max(count / 2, count - rest.Length));
        TrainingIntent[] drawn = [.. questions.Take(fromBank), .. rest.Take(count - fromBank)];
        random.Shuffle(drawn);
        return [.. drawn];
    }

    private static string[] Texts(TrainingIntent from, int count, Random random)
    {
        string[] all = [.. from.Texts];
        random.Shuffle(all);
        return all[..Math.Min(count, all.Length)];
    }

    private static float[] Embed(Backbone backbone, string text)
    {
        var embedding = new float[backbone.EmbeddingWidth];
        backbone.Embed(text, embedding);
        return embedding;
    }

    private static float[] Mean(float[][] vectors)
    {
        float[] sum = new float[vectors[0].Length];
        foreach (float[] v in vectors) TensorPrimitives.Add(sum, v, sum);
        TensorPrimitives.Divide(sum, Math.Max(1e-9f, TensorPrimitives.Norm<float>(sum)), sum);
        return sum;
    }
}
