using System.Text.Json;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Graphs;

/// <summary>Normalises the last axis, then scales and shifts it; [..., Width]. arXiv 1607.06450.</summary>
public sealed record LayerNormLayer(int Width, float Epsilon = 1e-5f) : Layer
{
    /// <inheritdoc/>
    public override string FormatName => "layerNorm";

    /// <inheritdoc/>
    public override IReadOnlyList<ParameterSpec> Parameters =>
        [new("weight", new TensorShape(Width)), new("bias", new TensorShape(Width))];

    private protected override TensorShape InferShapeCore(string node, ReadOnlySpan<TensorShape> inputs)
    {
        RequireAtLeast(node, 1, Width, "width");
        RequireEpsilon(node, Epsilon);
        TensorShape input = inputs[0];
        if (input is not [.., not TensorShape.Dynamic]) throw Error(node, $"input is {input}; expected [..., {Width}]");
        if (input[^1] != Width) throw Error(node, $"input has {input[^1]} features; expected {Width}");
        return input;
    }

    internal override void Forward(NodeEmission node)
    {
        int rows = node.Rows(node.OutputShape);
        node.Saved = node.Temporary(2 * rows);
        node.Emit(new LayerNorm(rows, Width, Epsilon), node.Input(), node.Parameter("weight"), node.Parameter("bias"), node.Output, node.Saved);
    }

    internal override void Backward(NodeEmission node)
    {
        int rows = node.Rows(node.OutputShape);
        if (node.AffineGradients() is var (gamma, beta))
            node.Emit(new LayerNormAffineGradient(rows, Width, Epsilon), node.Input(), node.Saved, node.OutputGradient, gamma, beta);
        if (node.NeedsInputGradient())
            node.Emit(new LayerNormInputGradient(rows, Width, Epsilon),
                node.Input(), node.Parameter("weight"), node.Saved, node.OutputGradient, node.NewInputGradient());
    }

    internal override void WriteAttributes(Utf8JsonWriter json)
    {
        json.WriteNumber("width", Width);
        json.WriteNumber("epsilon", Epsilon);
    }

    internal static LayerNormLayer Read(LayerAttributes attributes) => new(attributes.Int32("width"), attributes.Single("epsilon"));
}

/// <summary>Normalises groups of channels of a sample, then scales and shifts each channel; [Channels, ...]. arXiv 1803.08494.</summary>
public sealed record GroupNormLayer(int Channels, int Groups, float Epsilon = 1e-5f) : Layer
{
    /// <inheritdoc/>
    public override string FormatName => "groupNorm";

    /// <inheritdoc/>
    public override IReadOnlyList<ParameterSpec> Parameters =>
        [new("weight", new TensorShape(Channels)), new("bias", new TensorShape(Channels))];

    private protected override TensorShape InferShapeCore(string node, ReadOnlySpan<TensorShape> inputs)
    {
        RequireAtLeast(node, 1, Channels, "channels");
        RequireAtLeast(node, 1, Groups, "groups");
        RequireEpsilon(node, Epsilon);
        if (Channels % Groups != 0) throw Error(node, $"{Channels} channels; expected a multiple of the {Groups} groups");
        TensorShape input = inputs[0];
        if (!(input.Count >= 1 && !input.IsDynamic)) throw Error(node, $"input is {input}; expected [{Channels}, ...]");
        if (input[0] != Channels) throw Error(node, $"input has {input[0]} channels; expected {Channels}");
        return input;
    }

    internal override void Forward(NodeEmission node)
    {
        node.Saved = node.Temporary(2 * node.Batch * Groups);
        node.Emit(new GroupNorm(node.Batch, Channels, node.PerChannel(), Groups, Epsilon),
            node.Input(), node.Parameter("weight"), node.Parameter("bias"), node.Output, node.Saved);
    }

    internal override void Backward(NodeEmission node)
    {
        if (node.AffineGradients() is var (gamma, beta))
            node.Emit(new GroupNormAffineGradient(node.Batch, Channels, node.PerChannel(), Groups, Epsilon),
                node.Input(), node.Saved, node.OutputGradient, gamma, beta);
        if (node.NeedsInputGradient())
            node.Emit(new GroupNormInputGradient(node.Batch, Channels, node.PerChannel(), Groups, Epsilon),
                node.Input(), node.Parameter("weight"), node.Saved, node.OutputGradient, node.NewInputGradient());
    }

    internal override void WriteAttributes(Utf8JsonWriter json)
    {
        json.WriteNumber("channels", Channels);
        json.WriteNumber("groups", Groups);
        json.WriteNumber("epsilon", Epsilon);
    }

    internal static GroupNormLayer Read(LayerAttributes attributes) =>
        new(attributes.Int32("channels"), attributes.Int32("groups"), attributes.Single("epsilon"));
}

/// <summary>
/// Batch normalisation with statistics measured beforehand, then a scale and shift of each channel; [Channels, ...].
/// Inference programs fold it into the convolution or linear layer before it. arXiv 1502.03167.
/// </summary>
public sealed record BatchNormLayer(int Channels, float Epsilon = 1e-5f) : Layer
{
    /// <inheritdoc/>
    public override string FormatName => "batchNorm";

    /// <inheritdoc/>
    public override IReadOnlyList<ParameterSpec> Parameters =>
    [
        new("weight", new TensorShape(Channels)), new("bias", new TensorShape(Channels)),
        new("mean", new TensorShape(Channels), IsStatistic: true), new("variance", new TensorShape(Channels), IsStatistic: true),
    ];

    private protected override TensorShape InferShapeCore(string node, ReadOnlySpan<TensorShape> inputs)
    {
        RequireAtLeast(node, 1, Channels, "channels");
        RequireEpsilon(node, Epsilon);
        TensorShape input = inputs[0];
        if (!(input.Count >= 1 && !input.IsDynamic)) throw Error(node, $"input is {input}; expected [{Channels}, ...]");
        if (input[0] != Channels) throw Error(node, $"input has {input[0]} channels; expected {Channels}");
        return input;
    }

    internal override void Forward(NodeEmission node) =>
        node.Emit(new BatchNorm(node.Batch, Channels, node.PerChannel(), Epsilon),
            node.Input(), node.Parameter("weight"), node.Parameter("bias"), node.Parameter("mean"), node.Parameter("variance"), node.Output);

    internal override void Backward(NodeEmission node)
    {
        if (node.AffineGradients() is var (gamma, beta))
            node.Emit(new BatchNormAffineGradient(node.Batch, Channels, node.PerChannel(), Epsilon),
                node.Input(), node.Parameter("mean"), node.Parameter("variance"), node.OutputGradient, gamma, beta);
        if (node.NeedsInputGradient())
            node.Emit(new BatchNormInputGradient(node.Batch, Channels, node.PerChannel(), Epsilon),
                node.Parameter("weight"), node.Parameter("variance"), node.OutputGradient, node.NewInputGradient());
    }

    internal override void WriteAttributes(Utf8JsonWriter json)
    {
        json.WriteNumber("channels", Channels);
        json.WriteNumber("epsilon", Epsilon);
    }

    internal static BatchNormLayer Read(LayerAttributes attributes) => new(attributes.Int32("channels"), attributes.Single("epsilon"));
}
