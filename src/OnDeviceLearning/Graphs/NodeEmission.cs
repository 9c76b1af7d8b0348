using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Graphs;

/// <summary>
/// One node of a graph while its operations are emitted: the tensors a layer reads and writes. It lives through forward
/// and backward, so that a layer can save what its gradient needs.
/// </summary>
internal sealed class NodeEmission(
    GraphEmission graph, GraphNode node, int[] inputs, TensorShape[] inputShapes, TensorShape outputShape, Func<string, Value>? parameters = null)
{
    private Value? output;
    private Value? saved;

    /// <summary>Number of samples.</summary>
    public int Batch => graph.Batch;

    public Layer Layer => node.Layer;

    public int InputCount => inputs.Length;

    public TensorShape InputShape(int index = 0) => inputShapes[index];

    public TensorShape OutputShape => outputShape;

    /// <summary>Rows of all samples, where the last axis of <paramref name="shape"/> is a row.</summary>
    public int Rows(TensorShape shape) => graph.Length(node.Name, shape) / shape[^1];

    /// <summary>Elements of each channel, the first axis, of a sample of the input.</summary>
    public int PerChannel() => (int)InputShape().Product(1, InputShape().Count);

    public Value Input(int index = 0) => graph.ValueOf(inputs[index]);

    /// <summary>What the layer computes.</summary>
    public Value Output
    {
        get => output ??= Temporary(graph.Length(node.Name, OutputShape));
        set => output = value;
    }

    /// <summary>What forward keeps for backward, if anything: statistics, positions of maxima.</summary>
    public Value Saved
    {
        get => saved ?? throw new InvalidOperationException($"Node '{node.Name}' saved nothing.");
        set => saved = value;
    }

    /// <summary>The output is the input, with other dimensions.</summary>
    public void AliasInput() => output = Input();

    public Value Parameter(string name) => parameters is null ? graph.Parameter($"{node.Name}.{name}") : parameters(name);

    public Value Temporary(int length, ElementType type = ElementType.Float32) => graph.Builder.Temporary(length, type);

    public void Emit(Operation operation, params Value[] operands) => graph.Builder.Emit(operation, operands);

    /// <summary>What is added to a product before its activation, if anything.</summary>
    public Value? Residual { get; set; }

    /// <summary>What a product ends with, if anything.</summary>
    public ActivationKind? Activation { get; set; }

    /// <summary>Emits a convolution or matrix product of the input and the layer's weight, with its epilogue.</summary>
    public void EmitProduct(Operation operation, bool hasBias)
    {
        List<Value> operands = [Input(), Parameter("weight")];
        if (hasBias) operands.Add(Parameter("bias"));
        if (Residual is { } residual) operands.Add(residual);
        operands.Add(Output);
        Emit(operation, [.. operands]);
    }

    /// <summary>Gradient of the loss for <see cref="Output"/>; never overwritten by a layer.</summary>
    public Value OutputGradient { get; set; } = null!; // set before Backward

    /// <summary>Whether anything trainable lies before input <paramref name="index"/>.</summary>
    public bool NeedsInputGradient(int index = 0) => graph.NeedsGradient(inputs[index]);

    /// <summary>A new tensor into which the layer's next operation writes the gradient of an input.</summary>
    public Value NewInputGradient(int index = 0)
    {
        Value gradient = Temporary(graph.Length(node.Name, InputShape(index)));
        PassGradient(index, gradient);
        return gradient;
    }

    /// <summary>The gradient of an input is a tensor that exists already.</summary>
    public void PassGradient(int index, Value gradient) => (pending ??= []).Add((inputs[index], gradient));

    /// <summary>Gradients of inputs that the layer has emitted and nobody has collected.</summary>
    public IReadOnlyList<(int Input, Value Gradient)> PendingGradients => pending ?? [];

    private List<(int Input, Value Gradient)>? pending; // only backward makes any

    /// <summary>Where the gradient of a parameter accumulates; null where it is frozen.</summary>
    public Value? ParameterGradient(string name) => graph.ParameterGradient($"{node.Name}.{name}");

    /// <summary>Where the gradients of weight and bias accumulate; where only one is wanted, the other's is memory nobody reads.</summary>
    public (Value Weight, Value Bias)? AffineGradients()
    {
        Value? weight = ParameterGradient("weight"), bias = ParameterGradient("bias");
        if (weight is null && bias is null) return null;
        return (weight ?? Discarded(bias!.Length), bias ?? Discarded(weight!.Length));
    }

    // Zeroed, so that what accumulates there stays finite.
    private Value Discarded(int length)
    {
        Value scratch = Temporary(length);
        Emit(new Fill(length, 0), scratch);
        return scratch;
    }
}
