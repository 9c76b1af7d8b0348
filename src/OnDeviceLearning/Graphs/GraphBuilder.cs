using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Graphs;

/// <summary>
/// Builds a <see cref="Graph"/> node by node: <c>builder.Add("stem", new Conv2dLayer(1, 32, 3, 3))</c> reads the node
/// added last unless told otherwise, and returns its own name.
/// </summary>
public sealed class GraphBuilder
{
    private readonly GraphInput input;
    private readonly List<GraphNode> nodes = [];

    /// <summary>A graph for images or vectors of this shape, without the batch.</summary>
    public GraphBuilder(params ReadOnlySpan<int> inputShape)
        : this(new GraphInput(new TensorShape(inputShape)))
    {
    }

    /// <summary>A graph for this input.</summary>
    public GraphBuilder(GraphInput input) => this.input = input;

    /// <summary>A graph for sequences of token ids of any length.</summary>
    public static GraphBuilder ForTokens() => new(new GraphInput(new TensorShape(TensorShape.Dynamic), ElementType.Int32));

    /// <summary>The name of the node added last; "input" before there is one.</summary>
    public string Last => nodes.Count == 0 ? Graph.InputName : nodes[^1].Name;

    /// <summary>Appends a node.</summary>
    /// <param name="name">Its name; its parameters are "name.weight" and so on.</param>
    /// <param name="layer">What it computes.</param>
    /// <param name="inputs">What it reads; the node added last if nothing is given.</param>
    /// <returns><paramref name="name"/></returns>
    public string Add(string name, Layer layer, params ReadOnlySpan<string> inputs)
    {
        nodes.Add(new GraphNode(name, layer, inputs.IsEmpty ? [Last] : inputs.ToArray()));
        return name;
    }

    /// <summary>The graph whose result is the node added last, or <paramref name="output"/>.</summary>
    /// <exception cref="ArgumentException">Something does not fit; the message names the node.</exception>
    public Graph Build(string? output = null) => new(input, nodes, output ?? Last);
}
