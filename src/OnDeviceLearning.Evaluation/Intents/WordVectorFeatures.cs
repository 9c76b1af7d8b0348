using System.Numerics.Tensors;
using OnDeviceLearning.Datasets;

namespace OnDeviceLearning.Evaluation.Intents;

/// <summary>The baseline of averaged word vectors: the mean of the vectors of a text's words, as learnt from WordNet (<see cref="WordVectors"/>), each word counting alike or by how rare it is.</summary>
internal sealed class WordVectorFeatures : ITextFeatures
{
    private const int RarestWord = 5;

    private readonly Dictionary<string, int> words = [];
    private readonly float[] vectors;
    private readonly int width;
    private readonly double[] weights;

    private WordVectorFeatures(Dictionary<string, int> words, float[] vectors, int width, double[] weights, string name) =>
        (this.words, this.vectors, this.width, this.weights, Name) = (words, vectors, width, weights, name);

    /// <summary>Learns the vectors once and gives both ways to average them.</summary>
    /// <param name="texts">The words of the texts of WordNet.</param>
    /// <param name="width">Values of a vector.</param>
    /// <param name="seed">Where learning starts.</param>
    public static IReadOnlyList<WordVectorFeatures> Learn(IReadOnlyList<string[]> texts, int width, int seed)
    {
        var counts = new Dictionary<string, int>();
        foreach (string word in texts.SelectMany(t => t)) counts[word] = counts.GetValueOrDefault(word) + 1;
        string[] known = [.. counts.Where(c => c.Value >= RarestWord).Select(c => c.Key).Order(StringComparer.Ordinal)];
        Dictionary<string, int> index = known.Select((word, i) => (word, i)).ToDictionary(p => p.word, p => p.i);
        int[][] documents = [.. texts.Select(t => t.Where(index.ContainsKey).Select(w => index[w]).ToArray()).Where(d => d.Length > 1)];
        width = Math.Min(width, known.Length);
        float[] vectors = WordVectors.Learn(documents, known.Length, width, 0.5, seed);
        double total = counts.Values.Sum(c => (double)c);
        return
        [
            new WordVectorFeatures(index, vectors, width, [.. known.Select(_ => 1.0)], "word vectors"),
            // Smooth inverse frequency (Arora et al., ICLR 2017).
            new WordVectorFeatures(index, vectors, width, [.. known.Select(w => 1e-4 / (1e-4 + counts[w] / total))], "word vectors, rare words first"),
        ];
    }

    public string Name { get; }

    public float[][] Embed(IReadOnlyList<string> texts) => [.. texts.Select(text =>
    {
        var sum = new float[width];
        foreach (string word in TfIdfFeatures.Words(text))
            if (words.TryGetValue(word, out int i)) TensorPrimitives.MultiplyAdd(vectors.AsSpan(i * width, width), (float)weights[i], sum, sum);
        return UnitLength.Of(sum);
    })];
}
