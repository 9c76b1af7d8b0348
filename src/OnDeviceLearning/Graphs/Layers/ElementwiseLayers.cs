using System.Text.Json;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Graphs;

/// <summary>A function of each element; any shape.</summary>
public sealed record ActivationLayer(ActivationKind Kind) : Layer
{
    private static readonly (ActivationKind Kind, string Name)[] names =
    [
        (ActivationKind.Relu, "relu"), (ActivationKind.Gelu, "gelu"), (ActivationKind.QuickGelu, "quickGelu"),
        (ActivationKind.Silu, "silu"), (ActivationKind.Sigmoid, "sigmoid"), (ActivationKind.Tanh, "tanh"),
    ];

    /// <inheritdoc/>
    public override string FormatName => "activation";

    private protected override TensorShape InferShapeCore(string node, ReadOnlySpan<TensorShape> inputs)
    {
        if (!Enum.IsDefined(Kind)) throw Error(node, $"kind {(int)Kind} is unknown");
        return inputs[0];
    }

    internal override void Forward(NodeEmission node) =>
        node.Emit(new Activation(Kind, node.Output.Length), node.Input(), node.Output);

    // ReLU's slope can be told from its output, so its input need not be kept, or exist.
    internal override void Backward(NodeEmission node)
    {
        if (node.NeedsInputGradient())
            node.Emit(new ActivationGradient(Kind, node.Output.Length), Kind == ActivationKind.Relu ? node.Output : node.Input(), node.OutputGradient, node.NewInputGradient());
    }

    internal override void WriteAttributes(Utf8JsonWriter json) => json.WriteString("kind", names.First(n => n.Kind == Kind).Name);

    internal static ActivationLayer Read(LayerAttributes attributes) => new(attributes.Choice("kind", names));
}

/// <summary>The sum of two tensors of the same shape: a residual connection.</summary>
public sealed record AddLayer : Layer
{
    /// <inheritdoc/>
    public override string FormatName => "add";

    private protected override (int Least, int Most) InputCount => (2, 2);

    private protected override TensorShape InferShapeCore(string node, ReadOnlySpan<TensorShape> inputs)
    {
        if (!inputs[0].Equals(inputs[1])) throw Error(node, $"inputs are {inputs[0]} and {inputs[1]}; expected equal shapes");
        return inputs[0];
    }

    internal override void Forward(NodeEmission node) =>
        node.Emit(new Add(node.Output.Length), node.Input(0), node.Input(1), node.Output);

    // No operation overwrites a gradient, so both inputs can share the output's.
    internal override void Backward(NodeEmission node)
    {
        for (int i = 0; i < 2; i++)
            if (node.NeedsInputGradient(i)) node.PassGradient(i, node.OutputGradient);
    }
}

/// <summary>Every element times a constant; any shape.</summary>
public sealed record ScaleLayer(float Factor) : Layer
{
    /// <inheritdoc/>
    public override string FormatName => "scale";

    private protected override TensorShape InferShapeCore(string node, ReadOnlySpan<TensorShape> inputs)
    {
        if (!float.IsFinite(Factor)) throw Error(node, $"factor is {Factor}; expected a finite number");
        return inputs[0];
    }

    internal override void Forward(NodeEmission node) => Scale(node, node.Input(), node.Output);

    internal override void Backward(NodeEmission node)
    {
        if (node.NeedsInputGradient()) Scale(node, node.OutputGradient, node.NewInputGradient());
    }

    // The product of the 1x1 matrix 1 with a row, whose factor is the constant.
    private void Scale(NodeEmission node, Value x, Value y)
    {
        Value one = node.Temporary(1);
        node.Emit(new Fill(1, 1), one);
        node.Emit(new MatMul(1, 1, x.Length, 1, Alpha: Factor), one, x, y);
    }

    internal override void WriteAttributes(Utf8JsonWriter json) => json.WriteNumber("factor", Factor);

    internal static ScaleLayer Read(LayerAttributes attributes) => new(attributes.Single("factor"));
}
