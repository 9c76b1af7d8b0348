using OnDeviceLearning.Graphs;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Pretraining.Texts;

/// <summary>The text encoder of the texts backbone.</summary>
internal static class TextsModel
{
    /// <summary>Values of the learnt part of an embedding.</summary>
    public const int Width = 256;

    public const int MaxTokens = 64;

    /// <summary>
    /// The weight of words in common beside that of what was learnt, in the cosine of two texts; chosen on the validation
    /// split of CLINC150.
    /// </summary>
    private const float WordsWeight = 0.5f;

    /// <summary>
    /// The learnt part is the mean of the pieces' vectors. The length of a piece's vector says how much the piece matters, so
    /// that "what", "the" and "please" hardly count and a rare word decides. With this little to learn from (a dictionary and
    /// ten thousand questions), what a transformer could add about the order of words does not generalise. Beside it stand
    /// the words themselves (<see cref="WordBuckets"/>), for subjects of which little was learnt. Each part has length 1
    /// before they are weighed, so that the cosine of two texts is the weighted mean of both cosines.
    /// </summary>
    public static Graph Text(int vocabulary)
    {
        GraphBuilder graph = GraphBuilder.ForTokens();
        graph.Add("tokens", new EmbeddingLayer(vocabulary, Width)); // [N, L, D]
        graph.Add("mean", new MeanTokensLayer()); // [N, D]
        string learnt = graph.Add("learnt", new L2NormalizeLayer(PieceTable.Epsilon));
        graph.Add("codes", new EmbeddingLayer(vocabulary, WordBuckets.CodeWidth), Graph.InputName); // [N, L, C]
        graph.Add("buckets", new LinearLayer(WordBuckets.CodeWidth, WordBuckets.Count, Bias: false)); // [N, L, B]
        graph.Add("own", new ActivationLayer(ActivationKind.Relu));
        graph.Add("counts", new MeanTokensLayer()); // [N, B]
        graph.Add("unit", new L2NormalizeLayer(PieceTable.Epsilon));
        string words = graph.Add("words", new ScaleLayer(MathF.Sqrt(WordsWeight)));
        graph.Add("both", new ConcatLayer(0), learnt, words); // [N, D + B]
        graph.Add("embedding", new L2NormalizeLayer(PieceTable.Epsilon));
        return graph.Build();
    }
}
