using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Graphs;

/// <summary>What a graph is given: a sample's shape, which may have one dynamic dimension, and its elements' type.</summary>
public sealed record GraphInput(TensorShape Shape, ElementType Type = ElementType.Float32);

/// <summary>A layer of a graph, its name, and the names of the nodes it reads ("input" is the graph's input).</summary>
public sealed record GraphNode(string Name, Layer Layer, IReadOnlyList<string> Inputs);

/// <summary>A parameter of a graph.</summary>
/// <param name="Name">"node.weight", "node.bias", "node.mean" or "node.variance".</param>
/// <param name="Shape">Its dimensions.</param>
/// <param name="IsStatistic">Whether it was measured, not learned: never trained.</param>
public sealed record GraphParameter(string Name, TensorShape Shape, bool IsStatistic);

/// <summary>
/// A model as data: nodes in an order in which they can be computed, each a <see cref="Layer"/>. It holds no weights and
/// knows no device; <see cref="ParameterSet"/> holds the one, programs are planned for the other. Immutable, safe from
/// any thread.
/// </summary>
public sealed class Graph
{
    /// <summary>The name by which nodes refer to the graph's input.</summary>
    public const string InputName = "input";

    private readonly int[][] inputIndices;
    private readonly TensorShape[] shapes;

    /// <summary>Checks names, order and shapes.</summary>
    /// <param name="input">What the graph is given.</param>
    /// <param name="nodes">Each after the nodes it reads; every one contributes to the output.</param>
    /// <param name="output">Name of the node whose value is the result.</param>
    /// <exception cref="ArgumentException">Something does not fit; the message names the node.</exception>
    public Graph(GraphInput input, IReadOnlyList<GraphNode> nodes, string output)
    {
        ArgumentNullException.ThrowIfNull(input);
        ArgumentNullException.ThrowIfNull(nodes);
        ArgumentNullException.ThrowIfNull(output);
        Input = input;
        Nodes = [.. nodes];
        Output = output;
        if (Nodes.Count == 0) throw new ArgumentException("Graph: no nodes.", nameof(nodes));

        var indices = new Dictionary<string, int> { [InputName] = -1 };
        inputIndices = new int[Nodes.Count][];
        for (int i = 0; i < Nodes.Count; i++)
        {
            GraphNode node = Nodes[i];
            if (string.IsNullOrWhiteSpace(node.Name)) throw new ArgumentException($"Graph: node {i} has no name.", nameof(nodes));
            inputIndices[i] = new int[node.Inputs.Count];
            for (int k = 0; k < node.Inputs.Count; k++)
            {
                if (!indices.TryGetValue(node.Inputs[k], out inputIndices[i][k]))
                    throw new ArgumentException($"Node '{node.Name}': its input '{node.Inputs[k]}' is neither \"{InputName}\" nor a node before it.", nameof(nodes));
            }
            if (!indices.TryAdd(node.Name, i))
                throw new ArgumentException($"Node '{node.Name}': the name is {(node.Name == InputName ? "kept for the graph's input" : "used twice")}.", nameof(nodes));
        }
        if (!indices.TryGetValue(output, out int outputIndex) || outputIndex < 0)
            throw new ArgumentException($"Graph: the output '{output}' is no node.", nameof(output));
        OutputIndex = outputIndex;
        CheckUsed();
        shapes = Infer(input.Shape);
        Parameters = CollectParameters();
    }

    /// <summary>What the graph is given.</summary>
    public GraphInput Input { get; }

    /// <summary>The nodes, each after those it reads.</summary>
    public IReadOnlyList<GraphNode> Nodes { get; }

    /// <summary>Name of the node whose value is the result.</summary>
    public string Output { get; }

    /// <summary>Shape of the result without the batch, with L where it depends on the input's length.</summary>
    public TensorShape OutputShape => shapes[OutputIndex];

    /// <summary>Every parameter, in the order of the nodes.</summary>
    public IReadOnlyList<GraphParameter> Parameters { get; }

    /// <summary>Number of all parameters' elements.</summary>
    public long ParameterElements
    {
        get
        {
            long elements = 0;
            foreach (GraphParameter parameter in Parameters) elements += parameter.Shape.ElementCount;
            return elements;
        }
    }

    internal int OutputIndex { get; }

    /// <summary>Number of ids the input may be drawn from; null where it is not ids.</summary>
    internal int? Vocabulary
    {
        get
        {
            int least = int.MaxValue;
            for (int i = 0; i < Nodes.Count; i++)
                if (Nodes[i].Layer is EmbeddingLayer embedding) least = Math.Min(least, embedding.Vocabulary);
            return Input.Type == ElementType.Int32 ? least : null;
        }
    }

    /// <summary>The nodes that node <paramref name="node"/> reads; -1 is the graph's input.</summary>
    internal int[] InputIndices(int node) => inputIndices[node];

    /// <summary>The shape of a node's output, with L where it is dynamic.</summary>
    internal TensorShape ShapeOf(int node) => shapes[node];

    /// <summary>Elements of all intermediate values of one sample.</summary>
    /// <param name="sequenceLength">L, where the input's shape is dynamic.</param>
    /// <exception cref="ArgumentException">A length is given for an input of fixed shape, or none for a dynamic one, or it does not fit.</exception>
    public long ActivationElements(int? sequenceLength = null)
    {
        TensorShape[] inferred = InferShapes(sequenceLength);
        long elements = 0;
        for (int i = 0; i < Nodes.Count; i++) elements += inferred[i].ElementCount;
        return elements;
    }

    /// <summary>The shape of every node's output, and last that of the input, with L known.</summary>
    internal TensorShape[] InferShapes(int? sequenceLength)
    {
        if (Input.Shape.IsDynamic != sequenceLength.HasValue)
            throw new ArgumentException(sequenceLength.HasValue
                ? $"Graph: a sequence length of {sequenceLength} is given, but the input's shape is {Input.Shape}."
                : $"Graph: the input's shape is {Input.Shape}; a sequence length is needed.", nameof(sequenceLength));
        if (sequenceLength is not { } length) return [.. shapes, Input.Shape];
        if (length < 1) throw new ArgumentException($"Graph: the sequence length is {length}; expected at least 1.", nameof(sequenceLength));
        TensorShape known = Input.Shape.WithLength(length);
        return [.. Infer(known), known];
    }

    /// <summary>The input's shape among those of <see cref="InferShapes"/>.</summary>
    internal TensorShape InputShape(TensorShape[] inferred) => inferred[Nodes.Count];

    /// <summary>Writes the graph as JSON, as a backbone file holds it.</summary>
    public string ToJson() => GraphJson.Write(this);

    /// <summary>Reads what <see cref="ToJson"/> writes.</summary>
    /// <exception cref="ModelFormatException">It is no graph; the message says what is wrong at which node.</exception>
    public static Graph Parse(string json) => GraphJson.Read(json);

    private TensorShape[] Infer(TensorShape input)
    {
        var inferred = new TensorShape[Nodes.Count];
        for (int i = 0; i < inferred.Length; i++)
        {
            GraphNode node = Nodes[i];
            var inputs = new TensorShape[inputIndices[i].Length];
            for (int k = 0; k < inputs.Length; k++)
            {
                int source = inputIndices[i][k];
                inputs[k] = source < 0 ? input : inferred[source];
                ElementType type = source < 0 ? Input.Type : ElementType.Float32;
                if (type != node.Layer.InputType)
                    throw new ArgumentException($"Node '{node.Name}': its input '{node.Inputs[k]}' is {type}; expected {node.Layer.InputType}.");
            }
            inferred[i] = node.Layer.InferShape(node.Name, inputs);
            if (!inferred[i].IsDynamic) RequireCountable(node.Name, "its output", inferred[i]);
        }
        return inferred;
    }

    private List<GraphParameter> CollectParameters()
    {
        var parameters = new List<GraphParameter>();
        var names = new HashSet<string>();
        foreach (GraphNode node in Nodes)
            foreach (ParameterSpec spec in node.Layer.Parameters)
            {
                RequireCountable(node.Name, spec.Name, spec.Shape);
                string name = $"{node.Name}.{spec.Name}";
                if (!names.Add(name)) throw new ArgumentException($"Node '{node.Name}': another parameter is named '{name}'.");
                parameters.Add(new GraphParameter(name, spec.Shape, spec.IsStatistic));
            }
        return parameters;
    }

    private static void RequireCountable(string node, string what, TensorShape shape)
    {
        if (shape.ElementCount > TensorShape.MaxElements)
            throw new ArgumentException($"Node '{node}': {what} is {shape}; expected at most {TensorShape.MaxElements} elements.");
    }

    private void CheckUsed()
    {
        var used = new bool[Nodes.Count];
        used[OutputIndex] = true;
        for (int i = Nodes.Count - 1; i >= 0; i--)
        {
            if (!used[i]) throw new ArgumentException($"Node '{Nodes[i].Name}': nothing leads from it to the output '{Output}'.");
            foreach (int source in inputIndices[i])
                if (source >= 0) used[source] = true;
        }
    }
}
