using OnDeviceLearning.Datasets;

namespace OnDeviceLearning.Evaluation.FewShot;

/// <summary>Requests with what they ask for, each intent described by the sentence that was written from its name.</summary>
public static class IntentsProblem
{
    /// <summary>Embeds the texts; classes are in the order of their names.</summary>
    /// <param name="backbone">Reads texts.</param>
    /// <param name="dataset">clinc, banking or snips: whose sentences are taken.</param>
    /// <param name="texts">The texts.</param>
    /// <param name="most">The most texts of an intent, the first ones.</param>
    /// <param name="progress">0 to 1.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="ArgumentException">The backbone reads no texts as inputs.</exception>
    public static FewShotProblem Create(
        Backbone backbone, string dataset, IReadOnlyList<LabelledText> texts, int most = 60, IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(backbone);
        ArgumentNullException.ThrowIfNull(texts);
        if (!backbone.Reads.HasFlag(InputKinds.Texts)) throw new ArgumentException("FewShot: the backbone reads no texts; expected one of 'odl pretrain texts'.", nameof(backbone));
        Dictionary<string, string> sentences = Sentences(dataset);
        IGrouping<string, LabelledText>[] intents = [.. texts.GroupBy(t => t.Intent).OrderBy(g => g.Key, StringComparer.Ordinal)];
        var embedding = new ProblemEmbedding(backbone);
        for (int c = 0; c < intents.Length; c++)
        {
            cancellation.ThrowIfCancellationRequested();
            string[] description = sentences.TryGetValue(intents[c].Key, out string? sentence) ? [sentence] : [];
            embedding.Add(intents[c].Key, [.. intents[c].Take(most).Select(t => new TextInput(t.Text))], description);
            progress?.Report((c + 1.0) / intents.Length);
        }
        return embedding.Problem(dataset);
    }

    private static Dictionary<string, string> Sentences(string dataset)
    {
        using Stream stream = typeof(IntentsProblem).Assembly.GetManifestResourceStream("intent-descriptions.tsv")!;
        using var reader = new StreamReader(stream);
        var sentences = new Dictionary<string, string>();
        while (reader.ReadLine() is { } line)
            if (line.Split('\t') is [var set, var intent, var sentence] && set == dataset) sentences.Add(intent, sentence);
        return sentences;
    }
}
