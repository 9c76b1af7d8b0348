using OnDeviceLearning.Graphs;

namespace OnDeviceLearning.Cli;

/// <summary>A node of a graph with what it costs for one input.</summary>
/// <param name="Flops">An FMA counts as two; the few of element-wise layers are left out.</param>
internal sealed record NodeSummary(string Name, string Layer, TensorShape Output, long Parameters, long Flops);

/// <summary>What a graph makes of one input.</summary>
internal static class GraphSummary
{
    /// <param name="graph">The graph.</param>
    /// <param name="length">L, for graphs of sequences.</param>
    public static IReadOnlyList<NodeSummary> Of(Graph graph, int length)
    {
        var input = new TensorShape([.. graph.Input.Shape.Select(d => d == TensorShape.Dynamic ? length : d)]);
        var shapes = new Dictionary<string, TensorShape> { [Graph.InputName] = input };
        var nodes = new List<NodeSummary>();
        foreach (GraphNode node in graph.Nodes)
        {
            TensorShape[] inputs = [.. node.Inputs.Select(name => shapes[name])];
            TensorShape output = shapes[node.Name] = node.Layer.InferShape(node.Name, inputs);
            nodes.Add(new NodeSummary(node.Name, node.Layer.FormatName, output, node.Layer.Parameters.Sum(p => p.Shape.ElementCount), Flops(node.Layer, inputs[0], output)));
        }
        return nodes;
    }

    private static long Flops(Layer layer, TensorShape input, TensorShape output) => layer switch
    {
        LinearLayer linear => 2 * output.ElementCount * linear.InFeatures,
        Conv2dLayer conv => 2 * output.ElementCount * (conv.InChannels / conv.Groups) * conv.KernelH * conv.KernelW,
        // Queries with keys, weights with values: [L, L, D] each; the input is [L, 3 D].
        AttentionLayer attention => 4 * input[0] * output.ElementCount / (attention.Causal ? 2 : 1),
        _ => 0,
    };
}
