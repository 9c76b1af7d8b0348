namespace OnDeviceLearning.Evaluation.Intents;

/// <summary>The project's sentence for each intent of the data sets, written from the intents' names alone.</summary>
public static class IntentDescriptions
{
    private const string Resource = "intent-descriptions.tsv";

    /// <summary>The sentences of a data set by intent.</summary>
    /// <param name="dataset">clinc, banking or snips.</param>
    /// <exception cref="ArgumentException">There is no such data set.</exception>
    public static IReadOnlyDictionary<string, string> Of(string dataset)
    {
        ArgumentException.ThrowIfNullOrEmpty(dataset);
        using Stream stream = typeof(IntentDescriptions).Assembly.GetManifestResourceStream(Resource)!;
        using var reader = new StreamReader(stream);
        var result = reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1)
            .Select(line => line.TrimEnd('\r').Split('\t')).Where(f => f[0] == dataset).ToDictionary(f => f[1], f => f[2]);
        return result.Count > 0 ? result : throw new ArgumentException($"IntentDescriptions: there are none for '{dataset}'; expected clinc, banking or snips.", nameof(dataset));
    }
}
