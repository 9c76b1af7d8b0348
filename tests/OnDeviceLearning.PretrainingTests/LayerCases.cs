using OnDeviceLearning.Graphs;
using OnDeviceLearning.Operations;
using OnDeviceLearning.Tests.Graphs;

namespace OnDeviceLearning.PretrainingTests;

/// <summary>A small graph around one layer.</summary>
/// <param name="Name">The layer and what is awkward about it.</param>
/// <param name="Tolerance">
/// Largest difference relative to the largest element, of outputs and gradients alike: ten times what was measured
/// (1e-7 at least, one rounding), rounded up to 1, 2 or 5 times a power of ten, which leaves room for other vector widths
/// and for the kernels torch chooses. None was raised to let a case pass, and none may exceed <see cref="LayerCases.Limit"/>.
/// </param>
/// <param name="Build">The graph.</param>
/// <param name="Batch">Samples.</param>
/// <param name="Length">L, for token ids.</param>
internal sealed record LayerCase(string Name, double Tolerance, Func<Graph> Build, int Batch = 3, int? Length = null);

/// <summary>Every kind of layer, in shapes that do not fit vectors, tiles and windows.</summary>
internal static class LayerCases
{
    public const double Limit = 1e-4;

    public static IReadOnlyList<LayerCase> All { get; } =
    [
        .. Convolutions(), .. Linears(), .. Activations(), .. Norms(), .. Pools(), .. Shapes(), .. Sequences(),
        new("every image layer", 5e-6, SmallGraphs.Convolutional),
        new("every sequence layer", 1e-5, () => SmallGraphs.Transformer(), Length: 7),
        new("every sequence layer, causal", 5e-6, () => SmallGraphs.Transformer(causal: true), Length: 9),
    ];

    private static IEnumerable<LayerCase> Convolutions()
    {
        static LayerCase Case(string name, double tolerance, int h, int w, Conv2dLayer layer, int batch = 3) =>
            new("conv2d " + name, tolerance, () => OnImage(layer.InChannels, h, w, layer), batch);
        yield return Case("plain", 1e-5, 7, 9, new(3, 5, 3, 3));
        yield return Case("1x1", 5e-6, 5, 7, new(6, 9, 1, 1));
        yield return Case("padded", 5e-6, 8, 7, new(4, 6, 3, 3, 1, 1));
        yield return Case("strided over an even and an odd side", 5e-6, 8, 7, new(4, 6, 3, 3, 2, 1));
        yield return Case("stride larger than the kernel", 5e-6, 11, 10, new(3, 4, 2, 2, 3, 0));
        yield return Case("1x1 strided", 5e-6, 9, 6, new(5, 7, 1, 1, 2));
        yield return Case("5x3, stride 3, padding 2", 1e-5, 10, 11, new(3, 4, 5, 3, 3, 2));
        yield return Case("1x7 and no bias", 1e-5, 6, 13, new(4, 3, 1, 7, Bias: false));
        yield return Case("more padding than kernel", 5e-6, 4, 5, new(3, 4, 3, 3, 1, 4));
        yield return Case("dilated", 5e-6, 11, 9, new(4, 5, 3, 3, 1, 2, 2));
        yield return Case("dilated, strided, grouped", 1e-5, 13, 12, new(6, 4, 3, 3, 2, 3, 3, 2));
        yield return Case("two groups", 5e-6, 7, 5, new(6, 4, 3, 3, 1, 1, 1, 2));
        yield return Case("depthwise", 1e-5, 9, 17, new(7, 7, 3, 3, 1, 1, 1, 7));
        yield return Case("depthwise, strided", 5e-6, 10, 9, new(5, 5, 5, 5, 2, 2, 1, 5));
        yield return Case("depthwise with multiplier", 1e-5, 8, 7, new(3, 6, 3, 3, 1, 1, 1, 3));
        yield return Case("kernel as large as the image", 5e-6, 5, 6, new(4, 9, 5, 6));
        yield return Case("over several tiles", 2e-5, 19, 21, new(17, 35, 3, 3, 1, 1), 2);
        yield return Case("one sample, one channel", 2e-5, 33, 35, new(1, 19, 5, 5, 2, 2), 1);
    }

    private static IEnumerable<LayerCase> Linears()
    {
        yield return new("linear", 1e-6, () => OnVector(7, new LinearLayer(7, 5)));
        yield return new("linear to one without bias", 1e-6, () => OnVector(13, new LinearLayer(13, 1, Bias: false)));
        yield return new("linear over several tiles", 5e-6, () => OnVector(67, new LinearLayer(67, 129)), 5);
        yield return new("linear on a sequence", 1e-6, () => OnSequence(5, 9, new LinearLayer(9, 17)));
        yield return new("linear on an image's rows", 5e-6, () => OnImage(3, 4, 7, new LinearLayer(7, 5)));
    }

    private static IEnumerable<LayerCase> Activations()
    {
        foreach (ActivationKind kind in Enum.GetValues<ActivationKind>())
            yield return new($"activation {kind}", 5e-6, () => OnSequence(7, 37, new LinearLayer(37, 37), new ActivationLayer(kind)));
        foreach (float factor in (float[])[-2.5f, 0.125f])
            yield return new($"scale by {factor}", 5e-6, () => OnSequence(5, 33, new LinearLayer(33, 33), new ScaleLayer(factor)));
    }

    private static IEnumerable<LayerCase> Norms()
    {
        // Of two elements a norm leaves little more than the sign: most of the gradient cancels.
        foreach ((int width, double tolerance) in ((int, double)[])[(2, 5e-5), (33, 2e-6), (100, 2e-6)])
            yield return new($"layerNorm of {width}", tolerance, () => OnSequence(5, width, new LayerNormLayer(width)));
        yield return new("layerNorm with a large epsilon", 5e-6, () => OnVector(19, new LayerNormLayer(19, 0.1f)));
        foreach (int groups in (int[])[1, 3, 6])
            yield return new($"groupNorm of 6 in {groups}", 5e-6, () => OnImage(6, 5, 3, new GroupNormLayer(6, groups)));
        yield return new("groupNorm of a vector", 2e-6, () => OnVector(12, new GroupNormLayer(12, 2, 1e-3f)));
        yield return new("batchNorm after a convolution", 5e-6, () => OnImage(4, 5, 7, new Conv2dLayer(4, 6, 3, 3, Bias: false), new BatchNormLayer(6)));
        yield return new("batchNorm after a biased convolution", 5e-6, () => OnImage(4, 5, 7, new Conv2dLayer(4, 6, 3, 3, 2, 1, 1, 2), new BatchNormLayer(6, 1e-3f)));
        yield return new("batchNorm after a linear layer", 5e-6, () => OnVector(9, new LinearLayer(9, 11), new BatchNormLayer(11)));
        yield return new("batchNorm alone", 5e-6, () => OnImage(5, 3, 7, new ActivationLayer(ActivationKind.Tanh), new BatchNormLayer(5)));
        yield return new("batchNorm beside another reader", 2e-6, () =>
        {
            var graph = new GraphBuilder(3, 6, 5);
            string conv = graph.Add("conv", new Conv2dLayer(3, 4, 3, 3, 1, 1));
            string norm = graph.Add("norm", new BatchNormLayer(4));
            graph.Add("sum", new AddLayer(), conv, norm);
            return graph.Build();
        });
    }

    private static IEnumerable<LayerCase> Pools()
    {
        foreach ((int kernel, int stride, int padding) in ((int, int, int)[])[(2, 2, 0), (3, 2, 1), (3, 1, 1), (2, 3, 0), (5, 3, 2)])
        {
            string window = $"{kernel}, stride {stride}, padding {padding}";
            yield return new("maxPool2d " + window, 2e-6, () => OnImage(3, 9, 8, new MaxPool2dLayer(kernel, stride, padding)));
            yield return new("averagePool2d " + window, 1e-5, () => OnImage(3, 9, 8, new AveragePool2dLayer(kernel, stride, padding)));
            if (padding > 0)
                yield return new($"averagePool2d {window} not counted", 5e-6, () => OnImage(3, 9, 8, new AveragePool2dLayer(kernel, stride, padding, CountIncludePadding: false)));
        }
        yield return new("globalAveragePool", 5e-6, () => OnImage(5, 7, 9, new GlobalAveragePoolLayer()));
    }

    private static IEnumerable<LayerCase> Shapes()
    {
        yield return new("flatten", 2e-6, () => OnImage(3, 4, 5, new FlattenLayer(), new LinearLayer(60, 3)));
        yield return new("flatten last", 2e-6, () => OnImage(3, 4, 5, new FlattenLayer()));
        yield return new("add a tensor to itself", 2e-6, () =>
        {
            var graph = new GraphBuilder(11);
            string a = graph.Add("a", new LinearLayer(11, 7));
            graph.Add("twice", new AddLayer(), a, a);
            graph.Add("tanh", new ActivationLayer(ActivationKind.Tanh));
            graph.Add("sum", new AddLayer(), "tanh", a);
            return graph.Build();
        });
        for (int axis = 0; axis < 3; axis++)
        {
            int at = axis;
            yield return new($"concat along {axis}", 5e-6, () =>
            {
                var graph = new GraphBuilder(3, 5, 7);
                string[] parts = [graph.Add("a", new Conv2dLayer(3, 3, 1, 1)), graph.Add("b", new Conv2dLayer(3, 3, 3, 3, 1, 1), "input")];
                graph.Add("all", new ConcatLayer(at), parts[0], parts[1], parts[0]);
                graph.Add("silu", new ActivationLayer(ActivationKind.Silu));
                return graph.Build();
            });
        }
        yield return new("softmax", 5e-6, () => OnSequence(5, 13, new LinearLayer(13, 13), new SoftmaxLayer()));
        yield return new("l2Normalize", 2e-6, () => OnSequence(5, 13, new L2NormalizeLayer(1e-6f)));
        yield return new("l2Normalize, some rows shorter than epsilon", 5e-6, () => OnVector(2, new L2NormalizeLayer(0.8f)), 9);
    }

    private static IEnumerable<LayerCase> Sequences()
    {
        foreach ((int length, int heads, int width) in ((int, int, int)[])[(1, 1, 5), (6, 1, 8), (5, 3, 7), (19, 2, 16), (33, 4, 9)])
            foreach (bool causal in (bool[])[false, true])
                yield return new($"attention of {length} tokens, {heads} heads of {width}{(causal ? ", causal" : "")}", 5e-6,
                    () => OnSequence(length, heads * width, new LinearLayer(heads * width, 3 * heads * width), new AttentionLayer(heads, causal)));
        yield return new("embedding", 1e-6, () => OnTokens(5, 7), Length: 9);
        yield return new("position, fewer tokens than positions", 5e-6, () => OnTokens(11, 6, new PositionLayer(12, 6), new LayerNormLayer(6)), Length: 5);
        yield return new("position, as many tokens as positions", 2e-6, () => OnTokens(11, 6, new PositionLayer(5, 6), new LayerNormLayer(6)), Length: 5);
        yield return new("meanTokens", 1e-6, () => OnTokens(11, 10, new MeanTokensLayer()), Length: 7);
        foreach (int index in (int[])[0, 2, -1, -3])
            yield return new($"selectToken {index}", 1e-6, () => OnSequence(4, 10, new SelectTokenLayer(index)), Length: null);
    }

    /// <summary>Layers on [C, H, W], behind two whose gradients tell a wrong input gradient's channel and column.</summary>
    private static Graph OnImage(int channels, int h, int w, params Layer[] layers)
    {
        var graph = new GraphBuilder(channels, h, w);
        graph.Add("columns", new LinearLayer(w, w, Bias: false));
        graph.Add("channels", new Conv2dLayer(channels, channels, 1, 1, Bias: false));
        return Append(graph, layers);
    }

    /// <summary>Layers on [L, D], behind a position layer whose gradient is that of each of their inputs.</summary>
    private static Graph OnSequence(int length, int width, params Layer[] layers)
    {
        var graph = new GraphBuilder(length, width);
        graph.Add("inputs", new PositionLayer(length, width));
        return Append(graph, layers);
    }

    private static Graph OnVector(int width, params Layer[] layers)
    {
        var graph = new GraphBuilder(width);
        graph.Add("features", new LinearLayer(width, width, Bias: false));
        return Append(graph, layers);
    }

    private static Graph OnTokens(int vocabulary, int width, params Layer[] layers)
    {
        GraphBuilder graph = GraphBuilder.ForTokens();
        graph.Add("tokens", new EmbeddingLayer(vocabulary, width));
        return Append(graph, layers);
    }

    private static Graph Append(GraphBuilder graph, Layer[] layers)
    {
        for (int i = 0; i < layers.Length; i++) graph.Add($"{i}.{layers[i].FormatName}", layers[i]);
        return graph.Build();
    }
}
