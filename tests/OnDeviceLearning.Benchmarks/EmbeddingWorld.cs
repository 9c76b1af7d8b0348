using System.Numerics.Tensors;
using OnDeviceLearning.Classification;
using OnDeviceLearning.Models;

namespace OnDeviceLearning.Benchmarks;

/// <summary>
/// Classes as points on a sphere, related to one another: examples scatter around a class's point, its description lies
/// some way off it. What a backbone makes of drawings, without the drawings.
/// </summary>
internal sealed class EmbeddingWorld : IEmbedder
{
    public const int EmbeddingWidth = 256;

    public EmbeddingWorld(int classes, int examples)
    {
        var random = new Random(1);
        float[] common = Unit(random);
        Descriptions = new float[classes][];
        var centers = new float[classes][];
        for (int c = 0; c < classes; c++)
        {
            centers[c] = Sum(common, 0.7f, Unit(random), 0.3f);
            Descriptions[c] = Sum(centers[c], 1, Unit(random), 0.4f);
        }
        Features = new float[examples][];
        Labels = new int[examples];
        for (int i = 0; i < examples; i++)
        {
            Labels[i] = i % classes;
            Features[i] = Sum(centers[Labels[i]], 1, Unit(random), 0.6f);
        }
    }

    /// <summary>[C][D]</summary>
    public float[][] Descriptions { get; }

    /// <summary>[N][D]</summary>
    public float[][] Features { get; }

    /// <summary>Class of each example.</summary>
    public int[] Labels { get; }

    public int Width => EmbeddingWidth;
    public float LogitScale => 20;
    public string Hash => new('0', 64);
    public AdaptationPrior Prior => AdaptationPrior.Default;
    public UnknownCalibration? Unknown => null;

    public bool ReadsDescriptions => true;

    public void Embed(ClassifierInput input, Span<float> embedding) => throw new NotSupportedException("EmbeddingWorld: there are embeddings alone.");
    public DescriptionReading Embed(string description, Span<float> embedding) => throw new NotSupportedException("EmbeddingWorld: there are embeddings alone.");

    /// <summary>
    /// A classifier that remembers all examples and has learnt nothing from them yet, read from a save: to describe and
    /// teach one by one would take longer than what is measured.
    /// </summary>
    public AdaptiveClassifier Classifier()
    {
        int classes = Descriptions.Length, examples = Features.Length;
        SafetensorsTensor Rows(string name, float[][] rows) => SafetensorsTensor.FromSingle(name, [rows.Length, Width], rows.SelectMany(row => row).ToArray());
        byte[] save = PlayerSave.Write(
            [
                Rows(PlayerSave.DescriptionsTensor, Descriptions), Rows(PlayerSave.HeadTensor, Descriptions), Rows(PlayerSave.ExamplesTensor, Features),
                SafetensorsTensor.FromInt32(PlayerSave.LabelsTensor, [examples], Labels),
                SafetensorsTensor.FromInt32(PlayerSave.IdsTensor, [examples], [.. Enumerable.Range(1, examples)]),
            ],
            new Dictionary<string, string>
            {
                [PlayerSave.BackboneKey] = Hash,
                [PlayerSave.StateKey] = $$"""
                    { "seed": "0", "examples": {{examples}}, "lastExample": {{examples}}, "learnt": false,
                      "evidenceBefore": "NaN", "evidenceAfter": "NaN", "guardMix": "0", "guardSteppedIn": false }
                    """,
                [PlayerSave.ClassesKey] = $$"""{ "classes": [{{string.Join(", ", Enumerable.Range(0, classes).Select(c =>
                    $$"""{ "name": "{{c}}", "hasWeight": true, "descriptions": ["{{c}}"], "understood": ["1"] }"""))}}] }""",
            });
        return AdaptiveClassifier.Load(new MemoryStream(save), this, new AdaptiveClassifierOptions { MaxExamples = examples, Worker = AdaptationWorker.None });
    }

    private static float[] Unit(Random random)
    {
        var vector = new float[EmbeddingWidth];
        for (int d = 0; d < vector.Length; d++)
            vector[d] = (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
        TensorPrimitives.Divide(vector, TensorPrimitives.Norm<float>(vector), vector);
        return vector;
    }

    private static float[] Sum(float[] a, float weightA, float[] b, float weightB)
    {
        var sum = new float[a.Length];
        TensorPrimitives.Multiply(a, weightA, sum);
        TensorPrimitives.MultiplyAdd(b, weightB, sum, sum);
        TensorPrimitives.Divide(sum, TensorPrimitives.Norm<float>(sum), sum);
        return sum;
    }
}
