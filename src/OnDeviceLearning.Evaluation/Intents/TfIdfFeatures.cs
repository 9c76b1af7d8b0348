using OnDeviceLearning.Text;

namespace OnDeviceLearning.Evaluation.Intents;

/// <summary>
/// The baseline of words in common: term frequency times ln((1 + N) / (1 + df)) + 1, as scikit-learn has it, over the N
/// definitions and examples of WordNet and the descriptions; no text to classify is counted.
/// </summary>
internal sealed class TfIdfFeatures : ITextFeatures
{
    private readonly Dictionary<string, int> columns = [];
    private readonly List<double> weights = [];
    private readonly Dictionary<string, int> frequencies = [];
    private readonly int documents;

    /// <param name="texts">What frequencies are counted in.</param>
    /// <param name="vocabulary">Texts whose words get a place in the vectors: the descriptions and the texts to classify. Words of neither could not change an answer.</param>
    public TfIdfFeatures(IReadOnlyList<string[]> texts, IEnumerable<string> vocabulary)
    {
        documents = texts.Count;
        foreach (string[] text in texts)
            foreach (string word in text.Distinct()) frequencies[word] = frequencies.GetValueOrDefault(word) + 1;
        foreach (string text in vocabulary)
            foreach (string word in Words(text))
                if (columns.TryAdd(word, columns.Count)) weights.Add(Math.Log((1.0 + documents) / (1 + frequencies.GetValueOrDefault(word))) + 1);
    }

    public string Name => "TF-IDF";

    /// <summary>The words of a text, in lower case, without punctuation.</summary>
    public static string[] Words(string text) => [.. TextTokenizer.Split(text).Where(w => char.IsLetterOrDigit(w[0]))];

    public float[][] Embed(IReadOnlyList<string> texts) => [.. texts.Select(text =>
    {
        var row = new float[columns.Count];
        foreach (string word in Words(text))
            if (columns.TryGetValue(word, out int column)) row[column] += (float)weights[column];
        return UnitLength.Of(row);
    })];
}
