using System.Text.Json;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Graphs;

/// <summary>
/// Cross-correlation as in torch: [InChannels, H, W] to [OutChannels, OH, OW], the same stride, padding and dilation in
/// both directions; weight [OutChannels, InChannels / Groups, KernelH, KernelW].
/// </summary>
public sealed record Conv2dLayer(
    int InChannels, int OutChannels, int KernelH, int KernelW,
    int Stride = 1, int Padding = 0, int Dilation = 1, int Groups = 1, bool Bias = true) : Layer
{
    /// <inheritdoc/>
    public override string FormatName => "conv2d";

    /// <inheritdoc/>
    public override IReadOnlyList<ParameterSpec> Parameters
    {
        get
        {
            var weight = new ParameterSpec("weight", new TensorShape(OutChannels, InChannels / Groups, KernelH, KernelW));
            return Bias ? [weight, new ParameterSpec("bias", new TensorShape(OutChannels))] : [weight];
        }
    }

    private protected override TensorShape InferShapeCore(string node, ReadOnlySpan<TensorShape> inputs)
    {
        RequireAtLeast(node, 1, InChannels, "inChannels");
        RequireAtLeast(node, 1, OutChannels, "outChannels");
        RequireAtLeast(node, 1, KernelH, "kernelH");
        RequireAtLeast(node, 1, KernelW, "kernelW");
        RequireAtLeast(node, 1, Stride, "stride");
        RequireAtLeast(node, 0, Padding, "padding");
        RequireAtLeast(node, 1, Dilation, "dilation");
        RequireAtLeast(node, 1, Groups, "groups");
        if (!(InChannels % Groups == 0 && OutChannels % Groups == 0))
            throw Error(node, $"{InChannels} input and {OutChannels} output channels; expected multiples of the {Groups} groups");
        TensorShape input = inputs[0];
        RequireImage(node, input);
        if (input[0] != InChannels) throw Error(node, $"input has {input[0]} channels; expected {InChannels}");
        return new TensorShape(
            OutChannels,
            WindowCount(node, input[1], KernelH, Stride, Padding, Dilation),
            WindowCount(node, input[2], KernelW, Stride, Padding, Dilation));
    }

    internal override void Forward(NodeEmission node)
    {
        (int h, int w) = (node.InputShape()[1], node.InputShape()[2]);
        node.EmitProduct(
            new Conv2d(node.Batch, InChannels, h, w, OutChannels, KernelH, KernelW, Stride, Padding, Dilation, Groups, Bias, node.Residual is not null, node.Activation),
            Bias);
    }

    internal override void Backward(NodeEmission node)
    {
        (int h, int w) = (node.InputShape()[1], node.InputShape()[2]);
        if (node.ParameterGradient("weight") is { } weightGradient)
            node.Emit(new Conv2dWeightGradient(node.Batch, InChannels, h, w, OutChannels, KernelH, KernelW, Stride, Padding, Dilation, Groups),
                node.Input(), node.OutputGradient, weightGradient);
        if (Bias && node.ParameterGradient("bias") is { } biasGradient)
            node.Emit(new BiasGradient(node.Batch, OutChannels, node.OutputShape[1] * node.OutputShape[2]), node.OutputGradient, biasGradient);
        if (node.NeedsInputGradient())
            node.Emit(new Conv2dInputGradient(node.Batch, InChannels, h, w, OutChannels, KernelH, KernelW, Stride, Padding, Dilation, Groups),
                node.Parameter("weight"), node.OutputGradient, node.NewInputGradient());
    }

    internal override void WriteAttributes(Utf8JsonWriter json)
    {
        json.WriteNumber("inChannels", InChannels);
        json.WriteNumber("outChannels", OutChannels);
        json.WriteNumber("kernelH", KernelH);
        json.WriteNumber("kernelW", KernelW);
        json.WriteNumber("stride", Stride);
        json.WriteNumber("padding", Padding);
        json.WriteNumber("dilation", Dilation);
        json.WriteNumber("groups", Groups);
        json.WriteBoolean("bias", Bias);
    }

    internal static Conv2dLayer Read(LayerAttributes attributes) => new(
        attributes.Int32("inChannels"), attributes.Int32("outChannels"), attributes.Int32("kernelH"), attributes.Int32("kernelW"),
        attributes.Int32("stride"), attributes.Int32("padding"), attributes.Int32("dilation"), attributes.Int32("groups"),
        attributes.Boolean("bias"));
}
