using OnDeviceLearning.Graphs;
using OnDeviceLearning.Models;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Evaluation.Transfer;

/// <summary>A network without its head, its weights on the host, and how it wants images.</summary>
/// <param name="Name">The file, or how it was made.</param>
/// <param name="Trunk">From images [C, H, W] to a vector.</param>
/// <param name="Weights">Every parameter of the trunk by its name.</param>
/// <param name="Head">Weight [classes, D] and bias of the source's head; null where the file has none.</param>
/// <param name="Mean">Subtracted from each channel.</param>
/// <param name="Deviation">Each channel is divided by it.</param>
public sealed record TransferNetwork(
    string Name, Graph Trunk, IReadOnlyDictionary<string, float[]> Weights, (float[] Weight, float[] Bias)? Head, float[] Mean, float[] Deviation)
{
    /// <summary>Names of the heads' nodes, and of what both are joined in.</summary>
    public const string SourceHead = "head.source", TargetHead = "head.target", Joined = "head.joined";

    /// <summary>The strings of its file's metadata; empty where it comes from none.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether the file brought <see cref="Head"/>.</summary>
    public bool HasOwnHead { get; init; }

    /// <summary>Elements of the trunk's output.</summary>
    public int Width => Trunk.OutputShape[0];

    /// <summary>A small convnet that can be trained on the device within a minute: two 3x3 convolutions, pools, one hidden layer.</summary>
    public static Graph SmallTrunk(int channels, int height, int width)
    {
        var graph = new GraphBuilder(channels, height, width);
        graph.Add("conv1", new Conv2dLayer(channels, 32, 3, 3, Padding: 1));
        graph.Add("conv1.relu", new ActivationLayer(ActivationKind.Relu));
        graph.Add("conv1.pool", new MaxPool2dLayer(2, 2));
        graph.Add("conv2", new Conv2dLayer(32, 64, 3, 3, Padding: 1));
        graph.Add("conv2.relu", new ActivationLayer(ActivationKind.Relu));
        graph.Add("conv2.pool", new MaxPool2dLayer(2, 2));
        graph.Add("flat", new FlattenLayer());
        graph.Add("fc", new LinearLayer(64 * (height / 4) * (width / 4), 128));
        graph.Add("fc.relu", new ActivationLayer(ActivationKind.Relu));
        return graph.Build();
    }

    /// <summary>
    /// Reads the image network of a file that <c>odl pretrain</c> wrote. Its head is the one that stands beside the network
    /// (<c>odl.head</c>), if that names the source's classes, or a last linear layer with as many outputs; a normalisation
    /// to unit length at the end is left out.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="sourceClasses">Names of the source's classes.</param>
    /// <param name="targetClasses">Names of the target's, none of which it may have been trained on.</param>
    /// <exception cref="ArgumentException">The network was trained on classes of the target.</exception>
    /// <exception cref="ModelFormatException">The file has no image network, or not all of its weights.</exception>
    /// <exception cref="IOException">The file is not there or cannot be read.</exception>
    public static TransferNetwork Read(string path, IReadOnlyList<string> sourceClasses, IReadOnlyList<string> targetClasses)
    {
        SafetensorsFile file = SafetensorsReader.Read(path);
        string name = Path.GetFileName(path);
        if (!file.Metadata.TryGetValue("odl.image.graph", out string? json)) throw new ModelFormatException($"{name}: no metadata 'odl.image.graph'; it holds no image network.");
        Graph graph = Graph.Parse(json);
        if (graph.Input.Shape.Count != 3 || graph.Input.Type != ElementType.Float32 || graph.OutputShape.Count != 1)
            throw new ModelFormatException($"{name}: the image network goes from {graph.Input.Shape} to {graph.OutputShape}; expected an image [C, H, W] to a vector.");
        var values = new Dictionary<string, float[]>();
        foreach (GraphParameter parameter in graph.Parameters)
        {
            if (!file.Tensors.TryGetValue("image." + parameter.Name, out SafetensorsTensor? tensor) && !file.Tensors.TryGetValue(parameter.Name, out tensor))
                throw new ModelFormatException($"{name}: tensor 'image.{parameter.Name}' is missing.");
            if (tensor.Length != parameter.Shape.ElementCount)
                throw new ModelFormatException($"{name}: tensor '{tensor.Name}' has {tensor.Length} elements; expected {parameter.Shape}.");
            tensor.CopyTo(values[parameter.Name] = new float[tensor.Length]);
        }
        Graph trunk = graph;
        if (graph.Nodes[^1] is { Layer: L2NormalizeLayer, Inputs: [not Graph.InputName] } last && graph.Output == last.Name) trunk = Without(graph, last);
        (float[], float[])? head = TransferHead.Read(file, name, trunk.OutputShape[0], sourceClasses, targetClasses);
        if (head is null && trunk.Nodes[^1] is { Layer: LinearLayer { Bias: true } linear, Inputs: [not Graph.InputName] } node && trunk.Output == node.Name && linear.OutFeatures == sourceClasses.Count)
        {
            head = (values[$"{node.Name}.weight"], values[$"{node.Name}.bias"]);
            values.Remove($"{node.Name}.weight");
            values.Remove($"{node.Name}.bias");
            trunk = Without(trunk, node);
        }
        (float[] mean, float[] deviation) = Preprocessing(file.Metadata, name, graph.Input.Shape[0]);
        return new TransferNetwork(name, trunk, values, head, mean, deviation) { Metadata = file.Metadata, HasOwnHead = head is not null };
    }

    /// <summary>The trunk with a head for the target and, if there are source classes, one for the source, one behind the other in the output.</summary>
    public static Graph WithHeads(Graph trunk, int sourceClasses, int targetClasses)
    {
        var nodes = new List<GraphNode>(trunk.Nodes);
        int width = trunk.OutputShape[0];
        if (sourceClasses > 0) nodes.Add(new GraphNode(SourceHead, new LinearLayer(width, sourceClasses), [trunk.Output]));
        if (targetClasses > 0) nodes.Add(new GraphNode(TargetHead, new LinearLayer(width, targetClasses), [trunk.Output]));
        if (sourceClasses > 0 && targetClasses > 0) nodes.Add(new GraphNode(Joined, new ConcatLayer(0), [SourceHead, TargetHead]));
        return new Graph(trunk.Input, nodes, nodes[^1].Name);
    }

    private static Graph Without(Graph graph, GraphNode last) => new(graph.Input, [.. graph.Nodes.Where(n => n != last)], last.Inputs[0]);

    private static (float[] Mean, float[] Deviation) Preprocessing(IReadOnlyDictionary<string, string> metadata, string file, int channels)
    {
        float[] zeros = new float[channels], ones = [.. Enumerable.Repeat(1f, channels)];
        if (!metadata.TryGetValue("odl.preprocessing", out string? text)) return (zeros, ones);
        try
        {
            using var json = System.Text.Json.JsonDocument.Parse(text);
            return (Numbers(json.RootElement.GetProperty("mean")), Numbers(json.RootElement.GetProperty("std")));
        }
        catch (Exception e) when (e is System.Text.Json.JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new ModelFormatException($"{file}: metadata 'odl.preprocessing' has no mean and std for {channels} channels ({e.Message}).", e);
        }

        float[] Numbers(System.Text.Json.JsonElement element)
        {
            float[] numbers = element.ValueKind == System.Text.Json.JsonValueKind.Array
                ? [.. element.EnumerateArray().Select(n => n.GetSingle())]
                : [.. Enumerable.Repeat(element.GetSingle(), channels)];
            return numbers.Length == channels ? numbers : throw new FormatException($"{numbers.Length} numbers");
        }
    }
}
