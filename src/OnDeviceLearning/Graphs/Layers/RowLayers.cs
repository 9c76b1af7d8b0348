using System.Text.Json;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Graphs;

/// <summary>Softmax along the last axis.</summary>
public sealed record SoftmaxLayer : Layer
{
    /// <inheritdoc/>
    public override string FormatName => "softmax";

    private protected override TensorShape InferShapeCore(string node, ReadOnlySpan<TensorShape> inputs)
    {
        if (inputs[0] is not [.., not TensorShape.Dynamic]) throw Error(node, $"input is {inputs[0]}; expected a known last dimension");
        return inputs[0];
    }

    internal override void Forward(NodeEmission node) =>
        node.Emit(new Softmax(node.Rows(node.OutputShape), node.OutputShape[^1]), node.Input(), node.Output);

    internal override void Backward(NodeEmission node)
    {
        if (node.NeedsInputGradient())
            node.Emit(new SoftmaxGradient(node.Rows(node.OutputShape), node.OutputShape[^1]), node.Output, node.OutputGradient, node.NewInputGradient());
    }
}

/// <summary>Divides each row along the last axis by its Euclidean norm, or by Epsilon where that is larger.</summary>
public sealed record L2NormalizeLayer(float Epsilon = 1e-12f) : Layer
{
    /// <inheritdoc/>
    public override string FormatName => "l2Normalize";

    private protected override TensorShape InferShapeCore(string node, ReadOnlySpan<TensorShape> inputs)
    {
        RequireEpsilon(node, Epsilon);
        if (inputs[0] is not [.., not TensorShape.Dynamic]) throw Error(node, $"input is {inputs[0]}; expected a known last dimension");
        return inputs[0];
    }

    internal override void Forward(NodeEmission node)
    {
        int rows = node.Rows(node.OutputShape);
        node.Saved = node.Temporary(rows); // norms
        node.Emit(new L2Normalize(rows, node.OutputShape[^1], Epsilon), node.Input(), node.Output, node.Saved);
    }

    internal override void Backward(NodeEmission node)
    {
        if (node.NeedsInputGradient())
            node.Emit(new L2NormalizeGradient(node.Rows(node.OutputShape), node.OutputShape[^1], Epsilon),
                node.Output, node.Saved, node.OutputGradient, node.NewInputGradient());
    }

    internal override void WriteAttributes(Utf8JsonWriter json) => json.WriteNumber("epsilon", Epsilon);

    internal static L2NormalizeLayer Read(LayerAttributes attributes) => new(attributes.Single("epsilon"));
}
