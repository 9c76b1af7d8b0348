using System.Numerics.Tensors;
using OnDeviceLearning.Classification;

namespace OnDeviceLearning.Tests.Classification;

/// <summary>
/// Classes as points on a sphere: inputs scatter around a class's point, its description lies some way off it. What a
/// backbone does to drawings, without one.
/// </summary>
internal sealed class SyntheticWorld : IEmbedder
{
    private readonly Random random;
    private readonly float[][] centers;
    private readonly float[][] descriptions;
    private readonly double spread;

    /// <param name="seed">Everything follows from it.</param>
    /// <param name="classes">Number of classes, named "c0", "c1", ... and described by "d0", "d1", ...</param>
    /// <param name="textNoise">Length of the descriptions' error; 1 turns them by 45 degrees.</param>
    /// <param name="spread">Length of the inputs' scatter.</param>
    /// <param name="width">Embedding width.</param>
    /// <param name="kinship">Share that the centers of all classes have in common: 0 unrelated; towards 1 hard to tell apart.</param>
    /// <param name="misdescribed">How many classes, from the first on, have a description that lies anywhere.</param>
    public SyntheticWorld(int seed, int classes = 8, double textNoise = 1.2, double spread = 1.5, int width = 64, double kinship = 0.7, int misdescribed = 0)
    {
        random = new Random(seed);
        this.spread = spread;
        Width = width;
        float[] common = Direction();
        // Descriptions are off for a reason they share, as a text encoder's are, and each for one of its own.
        float[] bias = Direction();
        centers = new float[classes][];
        descriptions = new float[classes][];
        for (int c = 0; c < classes; c++)
        {
            centers[c] = Sum(common, kinship, Direction(), 1 - kinship);
            descriptions[c] = c < misdescribed ? Sum(common, kinship, Direction(), 1 - kinship) : Sum(Sum(centers[c], 1, bias, textNoise * 0.5), 1, Direction(), textNoise * (1 - kinship));
        }
    }

    public int Width { get; }
    public float LogitScale { get; init; } = 20;
    public string Hash { get; init; } = new('a', 64);
    public AdaptationPrior Prior { get; init; } = AdaptationPrior.Default;
    public UnknownCalibration? Unknown { get; init; }
    public int Classes => centers.Length;

    public static string Name(int c) => $"c{c}";

    /// <summary>A fresh input of a class.</summary>
    public float[] Draw(int c) => Sum(centers[c], 1, Direction(), spread * 0.4);

    public float[] Description(int c) => descriptions[c];

    public AdaptiveClassifier Describe(AdaptiveClassifierOptions? options = null)
    {
        var classifier = new AdaptiveClassifier(this, options ?? new AdaptiveClassifierOptions { Worker = AdaptationWorker.None });
        for (int c = 0; c < Classes; c++) classifier.Describe(Name(c), $"d{c}");
        return classifier;
    }

    public int Next(int limit) => random.Next(limit);

    public bool ReadsDescriptions => true;

    /// <summary>An image stands for itself, a drawing for its first stroke's coordinates: normalised, they are the embedding.</summary>
    public void Embed(ClassifierInput input, Span<float> embedding)
    {
        embedding.Clear();
        if (input is GrayImage image)
        {
            if (image.Pixels.Length != Width) throw new ArgumentException($"Embed: {image.Pixels.Length} pixels.");
            image.Pixels.Span.CopyTo(embedding);
        }
        else
        {
            IReadOnlyList<System.Numerics.Vector2> stroke = ((Drawing)input).Strokes[0];
            for (int i = 0; i < stroke.Count; i++)
            {
                embedding[2 * i] = stroke[i].X;
                embedding[2 * i + 1] = stroke[i].Y;
            }
        }
        TensorPrimitives.Divide(embedding, TensorPrimitives.Norm<float>(embedding), embedding);
    }

    /// <summary>"d3" is the description of class 3; anything else is not understood and lies somewhere.</summary>
    public DescriptionReading Embed(string description, Span<float> embedding)
    {
        bool known = description.StartsWith('d') && int.TryParse(description.AsSpan(1), out int index) && index < Classes;
        float[] vector = known ? descriptions[int.Parse(description.AsSpan(1))] : Direction(new Random(description.Length));
        vector.CopyTo(embedding);
        return new DescriptionReading(known ? 1 : 0, [new WordReading(description, known ? 1 : 0, null)]);
    }

    private float[] Direction() => Direction(random);

    private float[] Direction(Random random)
    {
        var vector = new float[Width];
        for (int d = 0; d < Width; d++)
        {
            double u = 1 - random.NextDouble();
            vector[d] = (float)(Math.Sqrt(-2 * Math.Log(u)) * Math.Cos(2 * Math.PI * random.NextDouble()));
        }
        TensorPrimitives.Divide(vector, TensorPrimitives.Norm<float>(vector), vector);
        return vector;
    }

    private static float[] Sum(float[] a, double weightA, float[] b, double weightB)
    {
        var sum = new float[a.Length];
        for (int d = 0; d < a.Length; d++) sum[d] = (float)(weightA * a[d] + weightB * b[d]);
        TensorPrimitives.Divide(sum, TensorPrimitives.Norm<float>(sum), sum);
        return sum;
    }
}
