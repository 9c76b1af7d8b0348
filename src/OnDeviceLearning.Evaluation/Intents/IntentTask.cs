using OnDeviceLearning.Datasets;

namespace OnDeviceLearning.Evaluation.Intents;

/// <summary>Texts to classify by descriptions of intents.</summary>
public sealed class IntentTask
{
    private IntentTask(string dataset, string split, IReadOnlyList<LabelledText> texts, IReadOnlyList<LabelledText> examples, IReadOnlyList<string> strangers)
    {
        IReadOnlyDictionary<string, string> sentences = IntentDescriptions.Of(dataset);
        foreach (string intent in texts.Concat(examples).Select(t => t.Intent).Distinct().Order(StringComparer.Ordinal))
            if (!sentences.ContainsKey(intent))
                throw new FormatException($"the texts have the intent '{intent}', which is none of the {sentences.Count} described intents of {dataset}.");
        (Dataset, Split, Strangers) = (dataset, split, strangers);
        Intents = [.. sentences.Keys.Order(StringComparer.Ordinal)];
        Descriptions = [.. Intents.Select(i => sentences[i])];
        Dictionary<string, int> index = Intents.Select((name, i) => (name, i)).ToDictionary(p => p.name, p => p.i);
        Texts = [.. texts.Select(t => (t.Text, index[t.Intent]))];
        Examples = [.. examples.Select(t => (t.Text, index[t.Intent]))];
    }

    /// <summary>clinc, banking or snips.</summary>
    public string Dataset { get; }

    /// <summary>Which texts they are.</summary>
    public string Split { get; }

    /// <summary>The names of all intents, described or not met among the texts.</summary>
    public IReadOnlyList<string> Intents { get; }

    /// <summary>One sentence for each intent.</summary>
    public IReadOnlyList<string> Descriptions { get; }

    /// <summary>The texts to classify and the numbers of their intents.</summary>
    public IReadOnlyList<(string Text, int Intent)> Texts { get; }

    /// <summary>Texts that few-shot runs are taught with: the training split where there is one, else the texts themselves, those that are taught left out of the test.</summary>
    public IReadOnlyList<(string Text, int Intent)> Examples { get; }

    /// <summary>Texts of none of the intents; empty where the data set has none.</summary>
    public IReadOnlyList<string> Strangers { get; }

    /// <summary>Reads a data set.</summary>
    /// <param name="dataset">clinc, banking or snips.</param>
    /// <param name="file">A file of the data set's format; null for the one in the data folder.</param>
    /// <param name="folder">The data folder; that of <c>ODL_DATA</c> if null.</param>
    /// <exception cref="FileNotFoundException">The file is not there; the message says where to get it.</exception>
    /// <exception cref="FormatException">It is damaged, or has an intent that is not described.</exception>
    public static IntentTask Read(string dataset, string? file = null, string? folder = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(dataset);
        if (file is not null && !File.Exists(file)) throw new FileNotFoundException($"there is no file '{file}'.");
        switch (dataset)
        {
            case "clinc":
                return Clinc(ClincFile.Read(file ?? ClincFile.Find(folder)), folder);
            case "banking":
                IReadOnlyList<LabelledText> questions = BankingFile.Read(file ?? BankingFile.Find(folder));
                return new IntentTask(dataset, file is null ? "train" : "file", questions, questions, []);
            case "snips":
                IReadOnlyList<LabelledText> requests = SnipsFile.Read(file ?? SnipsFile.Find(folder));
                return new IntentTask(dataset, file is null ? "train" : "file", requests, requests, []);
            default:
                throw new ArgumentException($"there is no data set '{dataset}'; expected clinc, banking or snips.", nameof(dataset));
        }
    }

    private static IntentTask Clinc(ClincFile file, string? folder)
    {
        // A test split alone is taught from the training split of the data folder, or else from itself.
        IReadOnlyList<LabelledText> train = file.Train.Count > 0 ? file.Train : Training(folder) ?? file.Test;
        return file.Test.Count > 0 ? new IntentTask("clinc", "test", file.Test, train, TextsOf(file.OutOfScopeTest))
            : file.Validation.Count > 0 ? new IntentTask("clinc", "val", file.Validation, train, TextsOf(file.OutOfScopeValidation))
            : new IntentTask("clinc", "train", file.Train, file.Train, TextsOf(file.OutOfScopeTrain));
    }

    private static IReadOnlyList<LabelledText>? Training(string? folder)
    {
        try
        {
            return ClincFile.Read(ClincFile.Find(folder)).Train is { Count: > 0 } rows ? rows : null;
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    private static IReadOnlyList<string> TextsOf(IReadOnlyList<LabelledText> rows) => [.. rows.Select(r => r.Text)];
}
