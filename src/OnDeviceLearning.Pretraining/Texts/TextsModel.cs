using OnDeviceLearning.Graphs;

namespace OnDeviceLearning.Pretraining.Texts;

/// <summary>The text encoder of the texts backbone.</summary>
internal static class TextsModel
{
    /// <summary>Values of an embedding, and those of the encoders that it learns from.</summary>
    public const int Width = 352, MemberWidth = 256;

    public const int MaxTokens = 64;

    /// <summary>
    /// The mean of the pieces' vectors, normalised. The length of a piece's vector says how much the piece matters, so that
    /// "what", "the" and "please" hardly count and a rare word decides. With this little to learn from (a dictionary and
    /// ten thousand questions), what a transformer could add about the order of words does not generalise.
    /// </summary>
    public static Graph Text(int vocabulary)
    {
        GraphBuilder graph = GraphBuilder.ForTokens();
        graph.Add("tokens", new EmbeddingLayer(vocabulary, Width)); // [N, L, D]
        graph.Add("mean", new MeanTokensLayer()); // [N, D]
        graph.Add("embedding", new L2NormalizeLayer(PieceTable.Epsilon));
        return graph.Build();
    }
}
