using System.Numerics.Tensors;

namespace OnDeviceLearning.Evaluation.FewShot;

/// <summary>Puts a problem together, class by class. A backbone that reads no descriptions gives a problem without any.</summary>
internal sealed class ProblemEmbedding(Backbone backbone)
{
    private readonly List<float[]> features = [];
    private readonly List<int> labels = [];
    private readonly List<string> names = [];
    private readonly List<float[]?> descriptions = [];
    private readonly List<double> understood = [];

    /// <summary>Adds a class with its inputs and its descriptions, if there are any; several are averaged, as the classifier does.</summary>
    public void Add(string name, IReadOnlyList<ClassifierInput> inputs, IReadOnlyList<string> texts)
    {
        int width = backbone.EmbeddingWidth;
        var block = new float[inputs.Count * width];
        backbone.EmbedAll(inputs, block);
        for (int i = 0; i < inputs.Count; i++)
        {
            features.Add(block[(i * width)..((i + 1) * width)]);
            labels.Add(names.Count);
        }
        names.Add(name);
        if (texts.Count == 0 || !backbone.ReadsDescriptions)
        {
            descriptions.Add(null);
            understood.Add(0);
            return;
        }
        float[] sum = new float[width], text = new float[width];
        double share = 0;
        foreach (string sentence in texts)
        {
            share += backbone.Embed(sentence, text).Understood / texts.Count;
            TensorPrimitives.Add(sum, text, sum);
        }
        TensorPrimitives.Divide(sum, TensorPrimitives.Norm<float>(sum), sum);
        understood.Add(share);
        descriptions.Add(sum);
    }

    public FewShotProblem Problem(string name, IReadOnlyList<int>? families = null) => new()
    {
        Name = $"{name} ({backbone.Hash[..12]})",
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
