using OnDeviceLearning.Graphs;
using OnDeviceLearning.Operations;
using TorchSharp;
using static TorchSharp.torch;

namespace OnDeviceLearning.Benchmarks;

/// <summary>A batch of inputs that every contestant is given: [N, ...] floats, or [N, L] token ids.</summary>
internal sealed class NetworkInput
{
    public delegate void Floats(ReadOnlySpan<float> values);

    public delegate void Integers(ReadOnlySpan<int> ids);

    public NetworkInput(Graph graph, int batch, int? sequenceLength)
    {
        var random = new Random(batch);
        Shape = [batch, .. graph.Input.Shape.Select(d => d == TensorShape.Dynamic ? (long)sequenceLength!.Value : d)];
        int count = (int)Shape.Aggregate(1L, (product, d) => product * d);
        if (graph.Input.Type == ElementType.Float32)
        {
            Values = new float[count];
            for (int i = 0; i < count; i++) Values[i] = 2 * random.NextSingle() - 1;
        }
        else
        {
            int vocabulary = graph.Nodes.Select(n => n.Layer).OfType<EmbeddingLayer>().Min(e => e.Vocabulary);
            Ids = new int[count];
            for (int i = 0; i < count; i++) Ids[i] = random.Next(vocabulary);
        }
    }

    /// <summary>One vector.</summary>
    public NetworkInput(float[] values) => (Values, Shape) = (values, [1, values.Length]);

    public long[] Shape { get; }

    public float[]? Values { get; }

    public int[]? Ids { get; }

    public int Length => Values?.Length ?? Ids!.Length;

    public void Give(Floats floats, Integers integers)
    {
        if (Values is not null) floats(Values);
        else integers(Ids);
    }

    /// <summary>The input for torch; images with the channels last in memory, with which libtorch's convolutions are up to half as fast again.</summary>
    public Tensor ToTensor()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor value = (Values is not null ? tensor(Values) : tensor(Ids!).to(ScalarType.Int64)).view(Shape);
        if (Shape.Length == 4) value = value.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2);
        return value.MoveToOuterDisposeScope();
    }
}
