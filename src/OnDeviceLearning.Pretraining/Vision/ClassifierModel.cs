using OnDeviceLearning.Graphs;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Pretraining.Vision;

/// <summary>
/// A network that ends with class logits, its trunk, and the encoder that its trunk becomes: the same nodes and an L2
/// normalisation in the head's place.
/// </summary>
/// <param name="Trunk">From images to a feature vector.</param>
internal sealed record ClassifierModel(Graph Trunk)
{
    /// <summary>The name of the head's node.</summary>
    public const string Head = "head";

    /// <summary>Elements of the feature vector.</summary>
    public int Width => Trunk.OutputShape[0];

    /// <summary>Images to logits.</summary>
    public Graph Logits(int classes) => new(Trunk.Input, [.. Trunk.Nodes, new GraphNode(Head, new LinearLayer(Width, classes), [Trunk.Output])], Head);

    /// <summary>Images to unit vectors.</summary>
    public Graph Encoder() => new(Trunk.Input, [.. Trunk.Nodes, new GraphNode("embedding", new L2NormalizeLayer(1e-6f), [Trunk.Output])], "embedding");

    /// <summary>
    /// The brief's network for CIFAR-10: 3 x 3 convolutions to 64, 128 and 128 channels, each with ReLU and 2 x 2 max
    /// pooling, then fully connected 1024 and 512 with ReLU; 3.2 M parameters.
    /// </summary>
    public static ClassifierModel Cifar()
    {
        var graph = new GraphBuilder(3, 32, 32);
        int channels = 3, stage = 0;
        foreach (int outChannels in new[] { 64, 128, 128 })
        {
            graph.Add($"conv{++stage}", new Conv2dLayer(channels, outChannels, 3, 3, 1, 1));
            graph.Add($"conv{stage}.relu", new ActivationLayer(ActivationKind.Relu));
            graph.Add($"conv{stage}.pool", new MaxPool2dLayer(2, 2)); // [N, C, 16, 16], [N, C, 8, 8], [N, C, 4, 4]
            channels = outChannels;
        }
        graph.Add("flatten", new FlattenLayer()); // [N, 2048]
        graph.Add("fc1", new LinearLayer(channels * 16, 1024));
        graph.Add("fc1.relu", new ActivationLayer(ActivationKind.Relu));
        graph.Add("fc2", new LinearLayer(1024, 512));
        graph.Add("fc2.relu", new ActivationLayer(ActivationKind.Relu)); // [N, 512]
        return new ClassifierModel(graph.Build());
    }

    /// <summary>For 28 x 28 grey images: a small residual convnet, 0.36 M parameters.</summary>
    public static ClassifierModel Fashion()
    {
        var graph = new GraphBuilder(1, 28, 28);
        graph.Block("stem", 1, 24, 3, 1);         // [N, 24, 28, 28]
        graph.Block("stage1.down", 24, 48, 3, 2); // [N, 48, 14, 14]
        graph.Residual("stage1.block", 48);
        graph.Block("stage2.down", 48, 96, 3, 2); // [N, 96, 7, 7]
        graph.Residual("stage2.block", 96);
        graph.Block("stage3.down", 96, 128, 3, 2); // [N, 128, 4, 4]
        graph.Add("pool", new GlobalAveragePoolLayer()); // [N, 128]
        return new ClassifierModel(graph.Build());
    }
}
