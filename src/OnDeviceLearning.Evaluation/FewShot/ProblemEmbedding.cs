namespace OnDeviceLearning.Evaluation.FewShot;

/// <summary>Embeds the inputs of many in one call, [inputs, width].</summary>
internal delegate void EmbedMany<T>(IReadOnlyList<T> inputs, Span<float> embeddings);

/// <summary>Embeds a text and says how much of it was understood.</summary>
internal delegate DescriptionReading EmbedText(string text, Span<float> embedding);

/// <summary>Puts a problem together, class by class.</summary>
internal sealed class ProblemEmbedding(int width)
{
    private readonly List<float[]> features = [];
    private readonly List<int> labels = [];
    private readonly List<string> names = [];
    private readonly List<float[]?> descriptions = [];
    private readonly List<double> understood = [];

    /// <summary>Adds a class with its inputs and, if there is one, its description.</summary>
    public void Add<T>(string name, IReadOnlyList<T> inputs, EmbedMany<T> embed, string? description, EmbedText? read)
    {
        var block = new float[inputs.Count * width];
        embed(inputs, block);
        for (int i = 0; i < inputs.Count; i++)
        {
            features.Add(block[(i * width)..((i + 1) * width)]);
            labels.Add(names.Count);
        }
        names.Add(name);
        if (description is null || read is null)
        {
            descriptions.Add(null);
            understood.Add(0);
            return;
        }
        var text = new float[width];
        understood.Add(read(description, text).Understood);
        descriptions.Add(text);
    }

    public FewShotProblem Problem(string name, Backbone backbone, IReadOnlyList<int>? families = null) => new()
    {
        Name = name,
        Features = features,
        Labels = labels,
        ClassNames = names,
        Descriptions = descriptions,
        Understood = understood,
        LogitScale = backbone.LogitScale,
        Prior = backbone.Prior,
        Unknown = backbone.Unknown,
        Families = families,
    };
}
