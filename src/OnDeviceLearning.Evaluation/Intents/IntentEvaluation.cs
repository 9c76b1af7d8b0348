using System.Numerics.Tensors;
using OnDeviceLearning.Datasets;
using OnDeviceLearning.Evaluation.FewShot;
using OnDeviceLearning.Sigils.Evaluation;

namespace OnDeviceLearning.Evaluation.Intents;

/// <summary>What is measured.</summary>
/// <param name="Shots">Examples an intent, for the curves.</param>
/// <param name="Runs">Runs of each, with other examples.</param>
/// <param name="Seed">Seed of the examples, of the sample of texts and of the word vectors.</param>
/// <param name="MostTexts">Of more texts than these a sample is taken.</param>
public sealed record IntentEvaluationOptions(IReadOnlyList<int> Shots, int Runs, int Seed, int MostTexts = 4500);

/// <summary>
/// Texts against one description for each intent, all intents of a data set at once: a backbone beside the baselines on
/// the same texts and descriptions, without an example and with a few.
/// </summary>
public static class IntentEvaluation
{
    private const int WordVectorWidth = 200, WorstIntents = 15;

    /// <summary>Measures a backbone and, with WordNet, the baselines.</summary>
    /// <param name="backbone">With a text encoder.</param>
    /// <param name="task">The texts.</param>
    /// <param name="wordNet">What baselines learn from; null leaves them out.</param>
    /// <param name="missing">Why they are left out.</param>
    /// <param name="options">Shots, runs, seed.</param>
    /// <param name="cancellation">Stops between two runs.</param>
    public static IntentReport Evaluate(
        Backbone backbone, IntentTask task, IReadOnlyList<Synset>? wordNet, string? missing, IntentEvaluationOptions options, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(backbone);
        ArgumentNullException.ThrowIfNull(task);
        ArgumentNullException.ThrowIfNull(options);
        if (!backbone.ReadsDescriptions) throw new ArgumentException("IntentEvaluation: the backbone has no text encoder; expected one of 'odl pretrain texts'.", nameof(backbone));
        var random = new Random(options.Seed);
        (string Text, int Intent)[] texts = [.. task.Texts];
        if (texts.Length > options.MostTexts)
        {
            random.Shuffle(texts);
            texts = texts[..options.MostTexts];
        }
        string[] words = [.. texts.Select(t => t.Text)];

        var ours = new BackboneFeatures(backbone);
        List<ITextFeatures> methods = [ours, .. Baselines(task, words, wordNet, options.Seed)];
        var zeroShot = new List<IntentZeroShot>();
        var answers = new List<int[]>();
        var fewShot = new List<IntentFewShot>();
        IReadOnlyList<IntentExamples> draws = IntentExamples.Draw(task, texts, options);
        foreach (ITextFeatures method in methods)
        {
            cancellation.ThrowIfCancellationRequested();
            float[][] descriptions = method.Embed(task.Descriptions), features = method.Embed(words), strangers = method.Embed(task.Strangers);
            answers.Add([.. features.Select(f => Nearest(descriptions, f).Index)]);
            zeroShot.Add(Score(method.Name, task, texts, answers[^1],
                [.. features.Select(f => Nearest(descriptions, f).Cosine)], [.. strangers.Select(f => Nearest(descriptions, f).Cosine)]));
            fewShot.AddRange(draws.GroupBy(d => d.Shots).Select(runs =>
                new IntentFewShot(method.Name, runs.Key, new SampleMean([.. runs.Select(r => r.Prototypes(method, descriptions, features, cancellation))]))));
            if (method == ours)
                fewShot.AddRange(draws.GroupBy(d => d.Shots).Select(runs =>
                    new IntentFewShot("ours, adapted", runs.Key, new SampleMean([.. runs.Select(r => r.Adapted(backbone, task, features, cancellation))]))));
        }
        return new IntentReport(task.Dataset, task.Split, task.Dataset == "banking", task.Intents.Count, texts.Length, task.Strangers.Count,
            zeroShot, [.. Enumerable.Range(1, methods.Count - 1).Select(m => Gain(methods[m].Name, texts, answers[0], answers[m]))], fewShot,
            Worst(task, texts, answers[0]), missing);
    }

    /// <summary>The unit vector nearest to another; the first of equals.</summary>
    internal static (int Index, float Cosine) Nearest(float[][] among, float[] query)
    {
        (int best, float highest) = (0, float.NegativeInfinity);
        for (int i = 0; i < among.Length; i++)
        {
            float cosine = TensorPrimitives.Dot<float>(among[i], query);
            if (cosine > highest) (best, highest) = (i, cosine);
        }
        return (best, highest);
    }

    private static IEnumerable<ITextFeatures> Baselines(IntentTask task, string[] texts, IReadOnlyList<Synset>? wordNet, int seed)
    {
        if (wordNet is null) return [];
        string[][] documents =
        [
            .. wordNet.Select(s => TfIdfFeatures.Words($"{string.Join(' ', s.Lemmas)} {s.Definition}")),
            .. wordNet.SelectMany(s => s.Examples).Select(TfIdfFeatures.Words),
        ];
        return
        [
            new TfIdfFeatures([.. documents, .. task.Descriptions.Select(TfIdfFeatures.Words)], [.. task.Descriptions, .. texts, .. task.Strangers, .. task.Examples.Select(e => e.Text)]),
            .. WordVectorFeatures.Learn(documents, WordVectorWidth, seed),
        ];
    }

    private static IntentZeroShot Score(string name, IntentTask task, (string Text, int Intent)[] texts, int[] answers, float[] known, float[] strange)
    {
        var perIntent = new Proportion[task.Intents.Count];
        for (int i = 0; i < texts.Length; i++) perIntent[texts[i].Intent] = perIntent[texts[i].Intent].With(answers[i] == texts[i].Intent);
        double wins = known.Sum(k => strange.Sum(s => k > s ? 1.0 : k == s ? 0.5 : 0));
        return new IntentZeroShot(name, new Proportion(perIntent.Sum(p => p.Hits), texts.Length),
            perIntent.Where(p => p.Trials > 0).Average(p => p.Value), strange.Length == 0 ? double.NaN : wins / ((double)known.Length * strange.Length));
    }

    private static IntentGain Gain(string baseline, (string Text, int Intent)[] texts, int[] ours, int[] theirs)
    {
        double[] differences = [.. texts.Select((t, i) => (ours[i] == t.Intent ? 1.0 : 0) - (theirs[i] == t.Intent ? 1 : 0))];
        MeanInterval gain = MeanInterval.Of(differences);
        return new IntentGain(baseline, 100 * gain.Value, 100 * gain.Low, 100 * gain.High);
    }

    private static IReadOnlyList<IntentScore> Worst(IntentTask task, (string Text, int Intent)[] texts, int[] answers) =>
    [
        .. texts.Select((t, i) => (t.Intent, Answer: answers[i])).GroupBy(t => t.Intent)
            .Select(g => new IntentScore(task.Intents[g.Key], task.Descriptions[g.Key], new Proportion(g.Count(t => t.Answer == g.Key), g.Count()),
                [.. g.Where(t => t.Answer != g.Key).GroupBy(t => t.Answer).OrderByDescending(a => a.Count()).ThenBy(a => a.Key).Take(3).Select(a => (task.Intents[a.Key], a.Count()))]))
            .OrderBy(s => s.Accuracy.Value).ThenBy(s => s.Intent, StringComparer.Ordinal).Take(WorstIntents),
    ];
}
