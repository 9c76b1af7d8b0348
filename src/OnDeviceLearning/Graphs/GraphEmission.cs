using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Graphs;

/// <summary>
/// Emits the operations of a graph's forward pass and, from a cut on, of its gradient. Whatever has no trainable
/// parameter before it gets no gradient: nothing before the first trainable parameter is computed backwards.
/// </summary>
internal sealed class GraphEmission
{
    private readonly Graph graph;
    private readonly TensorShape[] shapes;
    private readonly Value input;
    private readonly NodeEmission?[] nodes;
    private readonly bool[] needsGradient;
    private readonly Func<string, Value> parameter;
    private readonly Func<string, Value?> parameterGradient;

    /// <param name="graph">What to compute.</param>
    /// <param name="builder">Where the operations go.</param>
    /// <param name="batch">Number of samples.</param>
    /// <param name="sequenceLength">L, where the graph's input is a sequence of any length.</param>
    /// <param name="input">The input of all samples.</param>
    /// <param name="parameter">The memory of each parameter.</param>
    /// <param name="parameterGradient">Where each trainable parameter's gradient accumulates; null for frozen ones.</param>
    public GraphEmission(
        Graph graph, ProgramBuilder builder, int batch, int? sequenceLength, Value input,
        Func<string, Value> parameter, Func<string, Value?>? parameterGradient = null)
    {
        this.graph = graph;
        this.input = input;
        this.parameter = parameter;
        this.parameterGradient = parameterGradient ?? (_ => null);
        Builder = builder;
        Batch = batch;
        shapes = graph.InferShapes(sequenceLength);
        nodes = new NodeEmission?[graph.Nodes.Count];
        needsGradient = new bool[graph.Nodes.Count];
        for (int i = 0; i < needsGradient.Length; i++)
        {
            GraphNode node = graph.Nodes[i];
            foreach (int source in graph.InputIndices(i)) needsGradient[i] |= NeedsGradient(source);
            if (parameterGradient is null) continue;
            foreach (ParameterSpec p in node.Layer.Parameters) needsGradient[i] |= parameterGradient($"{node.Name}.{p.Name}") is not null;
        }
    }

    public ProgramBuilder Builder { get; }

    public int Batch { get; }

    /// <summary>The shape of the output, without the batch.</summary>
    public TensorShape OutputShape => shapes[graph.OutputIndex];

    public Value Parameter(string name) => parameter(name);

    public Value? ParameterGradient(string name) => parameterGradient(name);

    /// <summary>Whether the output of a node (-1: the graph's input) depends on a trainable parameter.</summary>
    public bool NeedsGradient(int node) => node >= 0 && needsGradient[node];

    public Value ValueOf(int node) => node < 0 ? input : nodes[node]!.Output;

    /// <summary>Elements of a tensor of this shape for the whole batch.</summary>
    public int Length(string node, TensorShape shape)
    {
        long length = shape.ElementCount * Batch;
        if (length > TensorShape.MaxElements)
            throw new ArgumentException($"Node '{node}': {Batch} samples of {shape} are more than {TensorShape.MaxElements} elements; use a smaller batch.");
        return (int)length;
    }

    /// <summary>Emits the forward pass.</summary>
    /// <param name="output">Where the graph's output goes.</param>
    /// <param name="folding">Batch normalisations to take into the layer before them; null for none.</param>
    /// <param name="cut">The last node that has been computed already; no node behind it reads one before it. -1 for none.</param>
    /// <param name="computed">Its output, if there is one.</param>
    public void Forward(Value output, BatchNormFolding? folding = null, int cut = -1, Value? computed = null)
    {
        // A flattened output has the memory of what is flattened.
        int producer = graph.OutputIndex;
        while (producer >= 0 && graph.Nodes[producer].Layer is FlattenLayer) producer = graph.InputIndices(producer)[0];
        if (computed is not null) (nodes[cut] = Emission(graph.Nodes[cut], cut, null)).Output = computed;
        Forward(cut + 1, nodes.Length, producer, output, folding);
        if (producer < 0) Builder.Emit(new Copy(1, output.Length, output.Length, 0, output.Length, 0, output.Length, output.Length), input, output);
    }

    /// <summary>Emits the forward pass up to and with node <paramref name="cut"/>, whose output goes to <paramref name="output"/>.</summary>
    public void ForwardBefore(int cut, Value output, BatchNormFolding? folding) => Forward(0, cut + 1, cut, output, folding);

    private void Forward(int first, int end, int producer, Value output, BatchNormFolding? folding)
    {
        var fusion = new EpilogueFusion(graph, folding, needsGradient);
        for (int i = first; i < end; i++)
        {
            Length(graph.Nodes[i].Name, shapes[i]);
            NodeEmission emission = nodes[i] = Emission(graph.Nodes[i], i, null);
            if (i == producer) emission.Output = output;
            if (fusion.IsInner(i)) continue; // computed with the last node of its chain
            if (fusion.EndingAt(i) is not { } chain)
            {
                emission.Layer.Forward(emission);
                continue;
            }
            // Every node of the chain has the chain's result for its output; no gradient asks for what came before it.
            foreach (int inner in chain.Inner) nodes[inner]!.Output = emission.Output;
            NodeEmission product = nodes[chain.Product]!;
            if (chain.Fold is { } fold)
            {
                product = Emission(fold.Node, chain.Product, fold.Parameter);
                product.Output = emission.Output;
            }
            product.Residual = chain.Residual is { } residual ? ValueOf(residual) : null;
            product.Activation = chain.Activation;
            product.Layer.Forward(product);
        }
    }

    private NodeEmission Emission(GraphNode node, int index, Func<string, Value>? parameters)
    {
        int[] inputs = graph.InputIndices(index);
        var inputShapes = new TensorShape[inputs.Length];
        for (int k = 0; k < inputs.Length; k++) inputShapes[k] = ShapeOf(inputs[k]);
        return new NodeEmission(this, node, inputs, inputShapes, shapes[index], parameters);
    }

    private TensorShape ShapeOf(int node) => node < 0 ? graph.InputShape(shapes) : shapes[node];

    /// <summary>Emits the gradient, from the output's on. Gradients of a tensor that is used several times are added.</summary>
    public void Backward(Value outputGradient)
    {
        var gradients = new Value?[nodes.Length];
        gradients[graph.OutputIndex] = outputGradient;
        for (int i = nodes.Length - 1; i >= 0; i--)
        {
            if (!needsGradient[i] || gradients[i] is not { } gradient) continue;
            NodeEmission node = nodes[i]!;
            node.OutputGradient = gradient;
            node.Layer.Backward(node);
            foreach ((int target, Value contribution) in node.PendingGradients)
            {
                if (gradients[target] is not { } sum)
                {
                    gradients[target] = contribution;
                    continue;
                }
                Value total = Builder.Temporary(sum.Length);
                Builder.Emit(new Add(sum.Length), sum, contribution, total);
                gradients[target] = total;
            }
        }
    }
}
