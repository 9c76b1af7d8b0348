using OnDeviceLearning.Graphs;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Tests.Graphs;

/// <summary>Small graphs that hold every layer between them, with random parameters.</summary>
internal static class SmallGraphs
{
    public const int Vocabulary = 11;

    /// <summary>[2, 9, 9] to [5]: convolutions (plain, grouped, biased), batch and group normalisation, residual, both pools, concatenation.</summary>
    public static Graph Convolutional()
    {
        var graph = new GraphBuilder(2, 9, 9);
        graph.Add("stem.conv", new Conv2dLayer(2, 6, 3, 3, 2, 1, 1, 1, Bias: false));   // [6, 5, 5]
        graph.Add("stem.norm", new BatchNormLayer(6));
        string stem = graph.Add("stem.act", new ActivationLayer(ActivationKind.Silu));
        graph.Add("block.conv", new Conv2dLayer(6, 6, 3, 3, 1, 1, 1, 2));
        graph.Add("block.norm", new BatchNormLayer(6));
        graph.Add("block.add", new AddLayer(), "block.norm", stem);
        string block = graph.Add("block.act", new ActivationLayer(ActivationKind.Relu));
        graph.Add("down", new Conv2dLayer(6, 4, 3, 2, 1, 1, 2, 1));                      // [4, 3, 5]
        graph.Add("down.norm", new GroupNormLayer(4, 2));
        string down = graph.Add("down.pool", new MaxPool2dLayer(3, 1, 1));
        graph.Add("side", new AveragePool2dLayer(3, 2, 1, false), block);                // [6, 3, 3]
        string side = graph.Add("side.mean", new GlobalAveragePoolLayer());              // [6]
        graph.Add("flat", new FlattenLayer(), down);                                     // [60]
        graph.Add("both", new ConcatLayer(0), "flat", side);                             // [66]
        graph.Add("head", new LinearLayer(66, 5));
        return graph.Build();
    }

    /// <summary>[L] ids to [6], normalised: embedding, positions, a pre-norm transformer block, mean and first token.</summary>
    public static Graph Transformer(bool causal = false)
    {
        var graph = GraphBuilder.ForTokens();
        graph.Add("tokens", new EmbeddingLayer(Vocabulary, 8));
        string at = graph.Add("positions", new PositionLayer(9, 8));
        graph.Add("norm1", new LayerNormLayer(8));
        graph.Add("qkv", new LinearLayer(8, 24));
        graph.Add("attention", new AttentionLayer(2, causal));
        graph.Add("out", new LinearLayer(8, 8, Bias: false));
        at = graph.Add("add1", new AddLayer(), "out", at);
        graph.Add("norm2", new LayerNormLayer(8));
        graph.Add("mlp.in", new LinearLayer(8, 16));
        graph.Add("mlp.act", new ActivationLayer(ActivationKind.Gelu));
        graph.Add("mlp.out", new LinearLayer(16, 8));
        at = graph.Add("add2", new AddLayer(), "mlp.out", at);
        graph.Add("mean", new MeanTokensLayer(), at);
        graph.Add("last", new SelectTokenLayer(-1), at);
        graph.Add("soft", new SoftmaxLayer(), "last");
        graph.Add("both", new ConcatLayer(0), "mean", "soft");
        graph.Add("projection", new LinearLayer(16, 6));
        graph.Add("embedding", new L2NormalizeLayer(1e-6f));
        return graph.Build();
    }

    /// <summary>[features] to [classes] through one hidden layer.</summary>
    public static Graph Perceptron(int features, int hidden, int classes, ActivationKind activation = ActivationKind.Tanh)
    {
        var graph = new GraphBuilder(features);
        graph.Add("hidden", new LinearLayer(features, hidden));
        graph.Add("activation", new ActivationLayer(activation));
        graph.Add("output", new LinearLayer(hidden, classes));
        return graph.Build();
    }

    /// <summary>Weights about as large as a trained network's, gains near 1, positive variances.</summary>
    public static ParameterSet Parameters(ComputeDevice device, Graph graph, int seed)
    {
        var random = new Random(seed);
        var set = new ParameterSet(device, graph);
        foreach (GraphParameter parameter in graph.Parameters)
        {
            float[] values = Random(random, (int)parameter.Shape.ElementCount);
            bool gain = parameter.Shape.Count == 1 && !parameter.Name.EndsWith(".bias", StringComparison.Ordinal) && !parameter.Name.EndsWith(".mean", StringComparison.Ordinal);
            float scale = gain ? 0.3f : 1 / MathF.Sqrt(Math.Max(4, parameter.Shape.Skip(1).Aggregate(1, (a, b) => a * b)));
            for (int i = 0; i < values.Length; i++) values[i] = values[i] * scale + (gain ? 1 : 0);
            set.Write(parameter.Name, values);
        }
        return set;
    }

    /// <summary>Uniform in -1..1.</summary>
    public static float[] Random(Random random, int length)
    {
        var values = new float[length];
        for (int i = 0; i < length; i++) values[i] = 2 * random.NextSingle() - 1;
        return values;
    }

    public static float[] Read(DeviceBuffer buffer)
    {
        var values = new float[buffer.Length];
        buffer.Read(values);
        return values;
    }

    public static float[] Read(ParameterSet parameters, string name)
    {
        var values = new float[parameters.Graph.Parameters.Single(p => p.Name == name).Shape.ElementCount];
        parameters.Read(name, values);
        return values;
    }
}
