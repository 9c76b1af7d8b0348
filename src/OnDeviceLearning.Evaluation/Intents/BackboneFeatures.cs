namespace OnDeviceLearning.Evaluation.Intents;

/// <summary>The embeddings of a backbone.</summary>
internal sealed class BackboneFeatures(Backbone backbone) : ITextFeatures
{
    public string Name => "ours";

    public float[][] Embed(IReadOnlyList<string> texts) => [.. texts.Select(text =>
    {
        var embedding = new float[backbone.EmbeddingWidth];
        backbone.Embed(text, embedding);
        return embedding;
    })];
}
