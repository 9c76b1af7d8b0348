using OnDeviceLearning.Graphs;
using OnDeviceLearning.Learning;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Benchmarks;

/// <summary>A network to run and train.</summary>
/// <param name="Name">Its short name.</param>
/// <param name="Create">Its graph and parameters.</param>
/// <param name="Optimizer">What its training step updates with.</param>
/// <param name="IsEncoder">Whether its output is an embedding, trained by cosines with class embeddings, and not logits.</param>
/// <param name="SequenceLength">L, for token ids.</param>
internal sealed record Network(
    string Name, Func<(Graph Graph, IReadOnlyDictionary<string, float[]> Parameters)> Create, Optimizer Optimizer, bool IsEncoder = false, int? SequenceLength = null)
{
    public static readonly IReadOnlyList<Network> All =
    [
        new("sigils image encoder", ReferenceNetworks.SigilsImage, new SgdOptimizer(), IsEncoder: true),
        new("convnet", ReferenceNetworks.ConvNet, new SgdOptimizer()),
        new("ResNet-20", ReferenceNetworks.ResNet20, new SgdOptimizer()),
        new("MobileNetV2", () => WithRandomParameters(MobileNetV2()), new SgdOptimizer()),
        new("ViT-Tiny", () => WithRandomParameters(ViTTiny()), new AdamWOptimizer()),
        new("text encoder", ReferenceNetworks.SigilsText, new AdamWOptimizer(), IsEncoder: true, SequenceLength: 16),
    ];

    private static (Graph, IReadOnlyDictionary<string, float[]>) WithRandomParameters(Graph graph) => (graph, NetworkParameters.Random(graph, seed: 1));

    /// <summary>arXiv 1801.04381 at width 1 and 96x96, with ReLU where the paper has ReLU6.</summary>
    private static Graph MobileNetV2()
    {
        var graph = new GraphBuilder(3, 96, 96);
        ReferenceNetworks.ConvolutionNorm(graph, "stem", 3, 32, 3, 2, 1);
        ReferenceNetworks.Relu(graph, "stem");
        int channels = 32, index = 0;
        foreach ((int expansion, int width, int repeats, int firstStride) in
            ((int, int, int, int)[])[(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)])
            for (int i = 0; i < repeats; i++)
            {
                string name = $"block{index++}", input = graph.Last;
                int stride = i == 0 ? firstStride : 1, hidden = channels * expansion;
                if (expansion > 1)
                {
                    ReferenceNetworks.ConvolutionNorm(graph, $"{name}.expand", channels, hidden, 1, 1, 0);
                    ReferenceNetworks.Relu(graph, $"{name}.expand");
                }
                ReferenceNetworks.ConvolutionNorm(graph, $"{name}.depthwise", hidden, hidden, 3, stride, 1, groups: hidden);
                ReferenceNetworks.Relu(graph, $"{name}.depthwise");
                string output = ReferenceNetworks.ConvolutionNorm(graph, $"{name}.project", hidden, width, 1, 1, 0);
                if (stride == 1 && channels == width) graph.Add($"{name}.add", new AddLayer(), output, input);
                channels = width;
            }
        ReferenceNetworks.ConvolutionNorm(graph, "last", channels, 1280, 1, 1, 0);
        ReferenceNetworks.Relu(graph, "last");
        graph.Add("mean", new GlobalAveragePoolLayer());
        graph.Add("fc", new LinearLayer(1280, 1000));
        return graph.Build();
    }

    /// <summary>
    /// arXiv 2012.12877's tiny model (width 192, 3 heads, 12 layers) on the 64 patches of 8x8 of a 64x64 image. Patches
    /// come as rows [64, 192], so that the embedding of patches is a linear layer; the mean of the tokens stands for the
    /// class token.
    /// </summary>
    private static Graph ViTTiny()
    {
        const int patches = 64, width = 192;
        var graph = new GraphBuilder(patches, 3 * 8 * 8);
        graph.Add("patches", new LinearLayer(3 * 8 * 8, width));
        string stream = graph.Add("positions", new PositionLayer(patches, width));
        for (int i = 0; i < 12; i++)
        {
            string layer = $"layer{i}";
            graph.Add($"{layer}.norm1", new LayerNormLayer(width, 1e-6f));
            graph.Add($"{layer}.qkv", new LinearLayer(width, 3 * width));
            graph.Add($"{layer}.attention", new AttentionLayer(3));
            graph.Add($"{layer}.out", new LinearLayer(width, width));
            stream = graph.Add($"{layer}.add1", new AddLayer(), graph.Last, stream);
            graph.Add($"{layer}.norm2", new LayerNormLayer(width, 1e-6f));
            graph.Add($"{layer}.mlp.in", new LinearLayer(width, 4 * width));
            graph.Add($"{layer}.gelu", new ActivationLayer(ActivationKind.Gelu));
            graph.Add($"{layer}.mlp.out", new LinearLayer(4 * width, width));
            stream = graph.Add($"{layer}.add2", new AddLayer(), graph.Last, stream);
        }
        graph.Add("norm", new LayerNormLayer(width, 1e-6f));
        graph.Add("mean", new MeanTokensLayer());
        graph.Add("head", new LinearLayer(width, 10));
        return graph.Build();
    }
}
