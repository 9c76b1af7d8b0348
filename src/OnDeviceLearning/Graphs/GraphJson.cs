using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Graphs;

/// <summary>
/// A graph as JSON: <c>{"input":{"shape":[1,64,64],"type":"float32"},"nodes":[{"name":"stem","layer":"conv2d",
/// "inputs":["input"],...}],"output":"stem"}</c>. Every attribute of a layer is there, none is optional.
/// </summary>
internal static class GraphJson
{
    // No model comes near; a stranger's file could otherwise make shape inference and planning take minutes.
    private const int MaxNodes = 4096, MaxInputs = 256, MaxRank = 8;

    private static readonly Dictionary<string, Func<LayerAttributes, Layer>> readers = new()
    {
        ["linear"] = LinearLayer.Read,
        ["conv2d"] = Conv2dLayer.Read,
        ["activation"] = ActivationLayer.Read,
        ["layerNorm"] = LayerNormLayer.Read,
        ["groupNorm"] = GroupNormLayer.Read,
        ["batchNorm"] = BatchNormLayer.Read,
        ["maxPool2d"] = MaxPool2dLayer.Read,
        ["averagePool2d"] = AveragePool2dLayer.Read,
        ["globalAveragePool"] = _ => new GlobalAveragePoolLayer(),
        ["meanTokens"] = _ => new MeanTokensLayer(),
        ["add"] = _ => new AddLayer(),
        ["scale"] = ScaleLayer.Read,
        ["concat"] = ConcatLayer.Read,
        ["embedding"] = EmbeddingLayer.Read,
        ["position"] = PositionLayer.Read,
        ["attention"] = AttentionLayer.Read,
        ["softmax"] = _ => new SoftmaxLayer(),
        ["l2Normalize"] = L2NormalizeLayer.Read,
        ["flatten"] = _ => new FlattenLayer(),
        ["selectToken"] = SelectTokenLayer.Read,
    };

    public static string Write(Graph graph)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteStartObject("input");
            json.WriteStartArray("shape");
            foreach (int dimension in graph.Input.Shape)
            {
                if (dimension == TensorShape.Dynamic) json.WriteStringValue("L");
                else json.WriteNumberValue(dimension);
            }
            json.WriteEndArray();
            json.WriteString("type", graph.Input.Type == ElementType.Int32 ? "int32" : "float32");
            json.WriteEndObject();
            json.WriteStartArray("nodes");
            foreach (GraphNode node in graph.Nodes)
            {
                json.WriteStartObject();
                json.WriteString("name", node.Name);
                json.WriteString("layer", node.Layer.FormatName);
                json.WriteStartArray("inputs");
                foreach (string input in node.Inputs) json.WriteStringValue(input);
                json.WriteEndArray();
                node.Layer.WriteAttributes(json);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteString("output", graph.Output);
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    public static Graph Read(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        try
        {
            using JsonDocument document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 8 });
            var root = new LayerAttributes("Graph", document.RootElement);
            GraphInput input = ReadInput(new LayerAttributes("Graph: input", root.Element("input", JsonValueKind.Object)));
            var nodes = new List<GraphNode>();
            foreach (JsonElement element in root.Element("nodes", JsonValueKind.Array).EnumerateArray())
            {
                if (nodes.Count == MaxNodes) throw new ModelFormatException($"Graph: more than {MaxNodes} nodes.");
                nodes.Add(ReadNode(nodes.Count, element));
            }
            string output = root.String("output");
            root.RequireAllRead();
            return new Graph(input, nodes, output);
        }
        // ArgumentException: what the graph refuses, and lone surrogates in the text.
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            throw new ModelFormatException(e is JsonException ? $"Graph: not valid JSON ({e.Message})" : e.Message, e);
        }
    }

    private static GraphInput ReadInput(LayerAttributes attributes)
    {
        var dimensions = new List<int>();
        foreach (JsonElement element in attributes.Element("shape", JsonValueKind.Array).EnumerateArray())
        {
            if (dimensions.Count == MaxRank) throw attributes.Error($"'shape' has more than {MaxRank} dimensions");
            if (element.ValueKind == JsonValueKind.String && element.ValueEquals("L")) dimensions.Add(TensorShape.Dynamic);
            else if (element.ValueKind == JsonValueKind.Number && element.TryGetInt32(out int number) && number > 0) dimensions.Add(number);
            else throw attributes.Error($"'shape' holds {element.GetRawText()}; expected whole numbers of at least 1, or \"L\"");
        }
        ElementType type = attributes.Choice("type", [(ElementType.Float32, "float32"), (ElementType.Int32, "int32")]);
        attributes.RequireAllRead();
        return new GraphInput(new TensorShape([.. dimensions]), type);
    }

    private static GraphNode ReadNode(int index, JsonElement element)
    {
        var unnamed = new LayerAttributes($"Graph: node {index}", element);
        string name = unnamed.String("name");
        var attributes = new LayerAttributes($"Node '{name}'", element);
        attributes.String("name");
        string layer = attributes.String("layer");
        if (!readers.TryGetValue(layer, out Func<LayerAttributes, Layer>? read)) throw attributes.Error($"layer '{layer}' is unknown");
        var inputs = new List<string>();
        foreach (JsonElement input in attributes.Element("inputs", JsonValueKind.Array).EnumerateArray())
        {
            if (inputs.Count == MaxInputs) throw attributes.Error($"more than {MaxInputs} inputs");
            if (input.ValueKind != JsonValueKind.String) throw attributes.Error($"'inputs' holds {input.ValueKind}; expected names");
            inputs.Add(attributes.Text("inputs", input));
        }
        var node = new GraphNode(name, read(attributes), inputs);
        attributes.RequireAllRead();
        return node;
    }
}
