using OnDeviceLearning.Graphs;
using OnDeviceLearning.Models;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Cli;

/// <summary>Networks to measure, each a graph and its parameters; of the benchmarks too.</summary>
internal static class ReferenceNetworks
{
    /// <summary>The shipped image encoder, one channel of 64x64 to an embedding.</summary>
    public static (Graph Graph, IReadOnlyDictionary<string, float[]> Parameters) SigilsImage() => Encoder("image");

    /// <summary>The shipped text encoder, token ids to an embedding.</summary>
    public static (Graph Graph, IReadOnlyDictionary<string, float[]> Parameters) SigilsText() => Encoder("text");

    /// <summary>3x3 convolutions of 64, 128 and 128 channels, each pooled; then 1024, 512 and 10.</summary>
    public static (Graph Graph, IReadOnlyDictionary<string, float[]> Parameters) ConvNet()
    {
        var graph = new GraphBuilder(3, 32, 32);
        int channels = 3, index = 1;
        foreach (int width in (int[])[64, 128, 128])
        {
            string name = $"conv{index++}";
            graph.Add(name, new Conv2dLayer(channels, width, 3, 3, 1, 1));
            Relu(graph, name);
            graph.Add($"{name}.pool", new MaxPool2dLayer(2, 2));
            channels = width;
        }
        graph.Add("flatten", new FlattenLayer()); // [128 x 4 x 4]
        graph.Add("fc1", new LinearLayer(2048, 1024));
        Relu(graph, "fc1");
        graph.Add("fc2", new LinearLayer(1024, 512));
        Relu(graph, "fc2");
        graph.Add("fc3", new LinearLayer(512, 10));
        return WithRandomParameters(graph.Build());
    }

    /// <summary>arXiv 1512.03385, for 32x32. The two shortcuts that change the width are 1x1 convolutions (the paper's type B).</summary>
    public static (Graph Graph, IReadOnlyDictionary<string, float[]> Parameters) ResNet20()
    {
        var graph = new GraphBuilder(3, 32, 32);
        ConvolutionNorm(graph, "stem", 3, 16, 3, 1, 1);
        string at = Relu(graph, "stem");
        int channels = 16;
        for (int stage = 0; stage < 3; stage++)
            for (int block = 0; block < 3; block++)
            {
                int width = 16 << stage, stride = width == channels ? 1 : 2;
                string name = $"stage{stage}.block{block}";
                ConvolutionNorm(graph, $"{name}.1", channels, width, 3, stride, 1, from: at);
                Relu(graph, $"{name}.1");
                string residual = ConvolutionNorm(graph, $"{name}.2", width, width, 3, 1, 1);
                if (stride == 2) at = ConvolutionNorm(graph, $"{name}.shortcut", channels, width, 1, 2, 0, from: at);
                graph.Add($"{name}.add", new AddLayer(), residual, at);
                at = Relu(graph, name);
                channels = width;
            }
        graph.Add("mean", new GlobalAveragePoolLayer());
        graph.Add("fc", new LinearLayer(64, 10));
        return WithRandomParameters(graph.Build());
    }

    /// <summary>A convolution without bias and the normalisation of its output.</summary>
    public static string ConvolutionNorm(
        GraphBuilder graph, string name, int channels, int width, int kernel, int stride, int padding, int groups = 1, string? from = null)
    {
        graph.Add($"{name}.conv", new Conv2dLayer(channels, width, kernel, kernel, stride, padding, 1, groups, Bias: false), from ?? graph.Last);
        return graph.Add($"{name}.norm", new BatchNormLayer(width));
    }

    /// <summary>max(x, 0) of what was added last.</summary>
    public static string Relu(GraphBuilder graph, string name) => graph.Add($"{name}.relu", new ActivationLayer(ActivationKind.Relu));

    private static (Graph, IReadOnlyDictionary<string, float[]>) WithRandomParameters(Graph graph) => (graph, NetworkParameters.Random(graph, seed: 1));

    private static (Graph, IReadOnlyDictionary<string, float[]>) Encoder(string part)
    {
        using Stream stream = typeof(ReferenceNetworks).Assembly.GetManifestResourceStream("sigils.safetensors")!;
        SafetensorsFile file = SafetensorsReader.Read(stream);
        Graph graph = Graph.Parse(file.Metadata[$"odl.{part}.graph"]);
        return (graph, graph.Parameters.ToDictionary(p => p.Name, p =>
        {
            SafetensorsTensor tensor = file.Tensors[$"{part}.{p.Name}"];
            var values = new float[tensor.Length];
            tensor.CopyTo(values);
            return values;
        }));
    }
}
