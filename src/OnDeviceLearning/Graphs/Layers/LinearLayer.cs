using System.Text.Json;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Graphs;

/// <summary>y = x W^T + b along the last axis: [..., InFeatures] to [..., OutFeatures]; weight [OutFeatures, InFeatures].</summary>
public sealed record LinearLayer(int InFeatures, int OutFeatures, bool Bias = true) : Layer
{
    /// <inheritdoc/>
    public override string FormatName => "linear";

    /// <inheritdoc/>
    public override IReadOnlyList<ParameterSpec> Parameters
    {
        get
        {
            var weight = new ParameterSpec("weight", new TensorShape(OutFeatures, InFeatures));
            return Bias ? [weight, new ParameterSpec("bias", new TensorShape(OutFeatures))] : [weight];
        }
    }

    private protected override TensorShape InferShapeCore(string node, ReadOnlySpan<TensorShape> inputs)
    {
        RequireAtLeast(node, 1, InFeatures, "inFeatures");
        RequireAtLeast(node, 1, OutFeatures, "outFeatures");
        TensorShape input = inputs[0];
        if (input is not [.., not TensorShape.Dynamic]) throw Error(node, $"input is {input}; expected [..., {InFeatures}]");
        if (input[^1] != InFeatures) throw Error(node, $"input has {input[^1]} features; expected {InFeatures}");
        return input.WithLast(OutFeatures);
    }

    internal override void Forward(NodeEmission node)
    {
        int rows = node.Rows(node.OutputShape);
        node.EmitProduct(
            new MatMul(1, rows, OutFeatures, InFeatures, TransposeB: true, HasBias: Bias, HasResidual: node.Residual is not null, Activation: node.Activation),
            Bias);
    }

    internal override void Backward(NodeEmission node)
    {
        int rows = node.Rows(node.OutputShape);
        if (node.ParameterGradient("weight") is { } weightGradient) // dW += dy^T x
            node.Emit(new MatMul(1, OutFeatures, InFeatures, rows, TransposeA: true, Accumulate: true), node.OutputGradient, node.Input(), weightGradient);
        if (Bias && node.ParameterGradient("bias") is { } biasGradient)
            node.Emit(new BiasGradient(rows, OutFeatures, 1), node.OutputGradient, biasGradient);
        if (node.NeedsInputGradient()) // dx = dy W
            node.Emit(new MatMul(1, rows, InFeatures, OutFeatures), node.OutputGradient, node.Parameter("weight"), node.NewInputGradient());
    }

    internal override void WriteAttributes(Utf8JsonWriter json)
    {
        json.WriteNumber("inFeatures", InFeatures);
        json.WriteNumber("outFeatures", OutFeatures);
        json.WriteBoolean("bias", Bias);
    }

    internal static LinearLayer Read(LayerAttributes attributes) =>
        new(attributes.Int32("inFeatures"), attributes.Int32("outFeatures"), attributes.Boolean("bias"));
}
