using System.Numerics.Tensors;

namespace OnDeviceLearning.Evaluation.Intents;

/// <summary>The examples of one run, some of every intent, and the texts that are left to be tested.</summary>
internal sealed class IntentExamples
{
    private readonly (string Text, int Intent)[] taught, texts;
    private readonly bool[] left;

    private IntentExamples(int shots, int seed, (string Text, int Intent)[] taught, (string Text, int Intent)[] texts)
    {
        (Shots, Seed, this.taught, this.texts) = (shots, seed, taught, texts);
        HashSet<string> known = [.. taught.Select(t => t.Text)];
        // A text that was taught is never tested, wherever both come from.
        left = [.. texts.Select(t => !known.Contains(t.Text))];
    }

    /// <summary>Examples an intent.</summary>
    public int Shots { get; }

    private int Seed { get; }

    /// <summary>Every run of every number of examples.</summary>
    public static IReadOnlyList<IntentExamples> Draw(IntentTask task, (string Text, int Intent)[] texts, IntentEvaluationOptions options)
    {
        ILookup<int, (string Text, int Intent)> pools = task.Examples.ToLookup(e => e.Intent);
        int fewest = pools.Count == 0 ? 0 : pools.Min(p => p.Count());
        var draws = new List<IntentExamples>();
        foreach (int shots in options.Shots)
        {
            if (shots < 1 || shots > fewest)
                throw new ArgumentException($"IntentExamples: {shots} examples of each intent; expected 1 to {fewest}, as many as the rarest intent has.", nameof(options));
            for (int run = 0; run < options.Runs; run++)
            {
                int seed = options.Seed + 1000 * shots + run;
                var random = new Random(seed);
                draws.Add(new IntentExamples(shots, seed, [.. pools.OrderBy(p => p.Key).SelectMany(pool =>
                {
                    var shuffled = pool.ToArray();
                    random.Shuffle(shuffled);
                    return shuffled.Take(shots);
                })], texts));
            }
        }
        return draws;
    }

    /// <summary>Accuracy by the nearest mean of an intent's description and examples, which count alike.</summary>
    public double Prototypes(ITextFeatures method, float[][] descriptions, float[][] features, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        float[][] means = [.. descriptions.Select(d => (float[])d.Clone())], examples = method.Embed([.. taught.Select(t => t.Text)]);
        for (int i = 0; i < taught.Length; i++) TensorPrimitives.Add(means[taught[i].Intent], examples[i], means[taught[i].Intent]);
        foreach (float[] mean in means) UnitLength.Of(mean);
        return Accuracy(i => IntentEvaluation.Nearest(means, features[i]).Index);
    }

    /// <summary>Accuracy of a classifier that is told the descriptions, taught the examples and left to adapt.</summary>
    public double Adapted(Backbone backbone, IntentTask task, float[][] features, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        using var classifier = new AdaptiveClassifier(backbone, new AdaptiveClassifierOptions { Worker = AdaptationWorker.None, Seed = (ulong)Seed });
        for (int c = 0; c < task.Intents.Count; c++) classifier.Describe(task.Intents[c], task.Descriptions[c]);
        foreach ((string text, int intent) in taught) classifier.Teach(new TextInput(text), task.Intents[intent]);
        classifier.AdaptToEnd();
        return Accuracy(i =>
        {
            ReadOnlySpan<float> probabilities = classifier.Classify((ReadOnlySpan<float>)features[i]).Probabilities;
            return TensorPrimitives.IndexOfMax(probabilities);
        });
    }

    private double Accuracy(Func<int, int> answer)
    {
        int right = 0, all = 0;
        for (int i = 0; i < texts.Length; i++)
        {
            if (!left[i]) continue;
            all++;
            if (answer(i) == texts[i].Intent) right++;
        }
        return all == 0 ? double.NaN : (double)right / all;
    }
}
