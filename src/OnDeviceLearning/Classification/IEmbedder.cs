namespace OnDeviceLearning.Classification;

/// <summary>What a classifier needs of a backbone. Embeddings are unit vectors [<see cref="Width"/>].</summary>
internal interface IEmbedder
{
    int Width { get; }

    /// <summary>tau: logits are this times a cosine.</summary>
    float LogitScale { get; }

    /// <summary>Identifies the backbone's file.</summary>
    string Hash { get; }

    /// <summary>Whether it embeds descriptions.</summary>
    bool ReadsDescriptions { get; }

    void Embed(ClassifierInput input, Span<float> embedding);
    DescriptionReading Embed(string description, Span<float> embedding);

    /// <summary>The guard's mix before any evidence speaks.</summary>
    AdaptationPrior Prior { get; }

    /// <summary>Turns the cosine to the nearest class weight into the probability of being known; null if never measured.</summary>
    UnknownCalibration? Unknown { get; }

    /// <summary>The image encoder, where it can be tuned.</summary>
    TunableEncoder? Tunable => null;
}

/// <summary>A backbone, seen as an embedder.</summary>
internal sealed class BackboneEmbedder(Backbone backbone) : IEmbedder
{
    public int Width => backbone.EmbeddingWidth;
    public float LogitScale => backbone.LogitScale;
    public string Hash => backbone.Hash;
    public AdaptationPrior Prior => backbone.Prior;
    public UnknownCalibration? Unknown => backbone.Unknown;
    public bool ReadsDescriptions => backbone.ReadsDescriptions;
    public TunableEncoder? Tunable { get; } = backbone.ImageGraph is null ? null : new TunableEncoder(backbone);
    public void Embed(ClassifierInput input, Span<float> embedding) => backbone.Embed(input, embedding);
    public DescriptionReading Embed(string description, Span<float> embedding) => backbone.Embed(description, embedding);
}
