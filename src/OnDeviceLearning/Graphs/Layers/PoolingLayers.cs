using System.Text.Json;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Graphs;

/// <summary>The largest value of each square window: [C, H, W] to [C, OH, OW].</summary>
public sealed record MaxPool2dLayer(int Kernel, int Stride, int Padding = 0) : Layer
{
    /// <inheritdoc/>
    public override string FormatName => "maxPool2d";

    private protected override TensorShape InferShapeCore(string node, ReadOnlySpan<TensorShape> inputs) =>
        PooledShape(node, inputs[0], Kernel, Stride, Padding);

    internal override void Forward(NodeEmission node)
    {
        TensorShape input = node.InputShape();
        node.Saved = node.Temporary(node.Output.Length, ElementType.Int32); // argmax
        node.Emit(new MaxPool2d(node.Batch * input[0], input[1], input[2], Kernel, Stride, Padding), node.Input(), node.Output, node.Saved);
    }

    internal override void Backward(NodeEmission node)
    {
        TensorShape input = node.InputShape();
        if (node.NeedsInputGradient())
            node.Emit(new MaxPool2dGradient(node.Batch * input[0], input[1], input[2], Kernel, Stride, Padding),
                node.OutputGradient, node.Saved, node.NewInputGradient());
    }

    internal override void WriteAttributes(Utf8JsonWriter json)
    {
        json.WriteNumber("kernel", Kernel);
        json.WriteNumber("stride", Stride);
        json.WriteNumber("padding", Padding);
    }

    internal static MaxPool2dLayer Read(LayerAttributes attributes) =>
        new(attributes.Int32("kernel"), attributes.Int32("stride"), attributes.Int32("padding"));
}

/// <summary>The mean of each square window: [C, H, W] to [C, OH, OW].</summary>
public sealed record AveragePool2dLayer(int Kernel, int Stride, int Padding = 0, bool CountIncludePadding = true) : Layer
{
    /// <inheritdoc/>
    public override string FormatName => "averagePool2d";

    private protected override TensorShape InferShapeCore(string node, ReadOnlySpan<TensorShape> inputs) =>
        PooledShape(node, inputs[0], Kernel, Stride, Padding);

    internal override void Forward(NodeEmission node)
    {
        TensorShape input = node.InputShape();
        node.Emit(new AveragePool2d(node.Batch * input[0], input[1], input[2], Kernel, Stride, Padding, CountIncludePadding), node.Input(), node.Output);
    }

    internal override void Backward(NodeEmission node)
    {
        TensorShape input = node.InputShape();
        if (node.NeedsInputGradient())
            node.Emit(new AveragePool2dGradient(node.Batch * input[0], input[1], input[2], Kernel, Stride, Padding, CountIncludePadding),
                node.OutputGradient, node.NewInputGradient());
    }

    internal override void WriteAttributes(Utf8JsonWriter json)
    {
        json.WriteNumber("kernel", Kernel);
        json.WriteNumber("stride", Stride);
        json.WriteNumber("padding", Padding);
        json.WriteBoolean("countIncludePadding", CountIncludePadding);
    }

    internal static AveragePool2dLayer Read(LayerAttributes attributes) => new(
        attributes.Int32("kernel"), attributes.Int32("stride"), attributes.Int32("padding"), attributes.Boolean("countIncludePadding"));
}

/// <summary>The mean of each channel: [C, H, W] to [C].</summary>
public sealed record GlobalAveragePoolLayer : Layer
{
    /// <inheritdoc/>
    public override string FormatName => "globalAveragePool";

    private protected override TensorShape InferShapeCore(string node, ReadOnlySpan<TensorShape> inputs)
    {
        RequireImage(node, inputs[0]);
        return new TensorShape(inputs[0][0]);
    }

    internal override void Forward(NodeEmission node) =>
        node.Emit(new Mean(node.Output.Length, node.PerChannel(), 1), node.Input(), node.Output);

    internal override void Backward(NodeEmission node)
    {
        if (node.NeedsInputGradient())
            node.Emit(new MeanGradient(node.Output.Length, node.PerChannel(), 1), node.OutputGradient, node.NewInputGradient());
    }
}

/// <summary>The mean of a sequence's positions: [L, D] to [D].</summary>
public sealed record MeanTokensLayer : Layer
{
    /// <inheritdoc/>
    public override string FormatName => "meanTokens";

    private protected override TensorShape InferShapeCore(string node, ReadOnlySpan<TensorShape> inputs)
    {
        RequireSequence(node, inputs[0]);
        return new TensorShape(inputs[0][1]);
    }

    internal override void Forward(NodeEmission node) =>
        node.Emit(new Mean(node.Batch, node.InputShape()[0], node.InputShape()[1]), node.Input(), node.Output);

    internal override void Backward(NodeEmission node)
    {
        if (node.NeedsInputGradient())
            node.Emit(new MeanGradient(node.Batch, node.InputShape()[0], node.InputShape()[1]), node.OutputGradient, node.NewInputGradient());
    }
}
