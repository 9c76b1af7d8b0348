using System.Text.Json;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Graphs;

/// <summary>A learned vector for each id: [L] of ids 0..Vocabulary-1 to [L, Width]; weight [Vocabulary, Width].</summary>
public sealed record EmbeddingLayer(int Vocabulary, int Width) : Layer
{
    /// <inheritdoc/>
    public override string FormatName => "embedding";

    /// <inheritdoc/>
    public override IReadOnlyList<ParameterSpec> Parameters => [new("weight", new TensorShape(Vocabulary, Width))];

    internal override ElementType InputType => ElementType.Int32;

    private protected override TensorShape InferShapeCore(string node, ReadOnlySpan<TensorShape> inputs)
    {
        RequireAtLeast(node, 1, Vocabulary, "vocabulary");
        RequireAtLeast(node, 1, Width, "width");
        return new TensorShape([.. inputs[0], Width]);
    }

    internal override void Forward(NodeEmission node) =>
        node.Emit(new Embedding(node.Rows(node.OutputShape), Vocabulary, Width), node.Input(), node.Parameter("weight"), node.Output);

    internal override void Backward(NodeEmission node)
    {
        if (node.ParameterGradient("weight") is { } gradient)
            node.Emit(new EmbeddingGradient(node.Rows(node.OutputShape), Vocabulary, Width), node.Input(), node.OutputGradient, gradient);
    }

    internal override void WriteAttributes(Utf8JsonWriter json)
    {
        json.WriteNumber("vocabulary", Vocabulary);
        json.WriteNumber("width", Width);
    }

    internal static EmbeddingLayer Read(LayerAttributes attributes) => new(attributes.Int32("vocabulary"), attributes.Int32("width"));
}

/// <summary>Adds a learned vector for each position: [L, Width], L at most MaxLength; weight [MaxLength, Width].</summary>
public sealed record PositionLayer(int MaxLength, int Width) : Layer
{
    /// <inheritdoc/>
    public override string FormatName => "position";

    /// <inheritdoc/>
    public override IReadOnlyList<ParameterSpec> Parameters => [new("weight", new TensorShape(MaxLength, Width))];

    private protected override TensorShape InferShapeCore(string node, ReadOnlySpan<TensorShape> inputs)
    {
        RequireAtLeast(node, 1, MaxLength, "maxLength");
        RequireAtLeast(node, 1, Width, "width");
        TensorShape input = inputs[0];
        RequireSequence(node, input);
        if (input[1] != Width) throw Error(node, $"input has {input[1]} features; expected {Width}");
        if (input[0] > MaxLength) throw Error(node, $"input has {input[0]} positions; expected at most {MaxLength}");
        return input;
    }

    internal override void Forward(NodeEmission node)
    {
        int length = node.InputShape()[0] * Width;
        node.Emit(new BiasAdd(node.Batch, length, 1), node.Input(), node.Parameter("weight").Slice(0, length), node.Output);
    }

    internal override void Backward(NodeEmission node)
    {
        int length = node.InputShape()[0] * Width;
        if (node.ParameterGradient("weight") is { } gradient)
            node.Emit(new BiasGradient(node.Batch, length, 1), node.OutputGradient, gradient.Slice(0, length));
        if (node.NeedsInputGradient()) node.PassGradient(0, node.OutputGradient);
    }

    internal override void WriteAttributes(Utf8JsonWriter json)
    {
        json.WriteNumber("maxLength", MaxLength);
        json.WriteNumber("width", Width);
    }

    internal static PositionLayer Read(LayerAttributes attributes) => new(attributes.Int32("maxLength"), attributes.Int32("width"));
}

/// <summary>
/// Multi-head scaled dot-product attention of a sequence with itself: [L, 3 D] (queries, keys, values) to [L, D], each D
/// split among the heads. arXiv 1706.03762.
/// </summary>
public sealed record AttentionLayer(int Heads, bool Causal = false) : Layer
{
    /// <inheritdoc/>
    public override string FormatName => "attention";

    private protected override TensorShape InferShapeCore(string node, ReadOnlySpan<TensorShape> inputs)
    {
        RequireAtLeast(node, 1, Heads, "heads");
        TensorShape input = inputs[0];
        RequireSequence(node, input);
        if (input[1] % (3L * Heads) != 0) throw Error(node, $"input has {input[1]} features; expected a multiple of 3 x {Heads} heads");
        return new TensorShape(input[0], input[1] / 3);
    }

    internal override void Forward(NodeEmission node)
    {
        (int length, int width) = (node.OutputShape[0], node.OutputShape[1]);
        node.Saved = node.Temporary(node.Batch * Heads * length * 2); // [N, heads, L, 2]
        node.Emit(new Attention(node.Batch, length, Heads, width / Heads, Causal), node.Input(), node.Output, node.Saved);
    }

    internal override void Backward(NodeEmission node)
    {
        (int length, int width) = (node.OutputShape[0], node.OutputShape[1]);
        if (node.NeedsInputGradient())
            node.Emit(new AttentionGradient(node.Batch, length, Heads, width / Heads, Causal),
                node.Input(), node.Saved, node.Output, node.OutputGradient, node.NewInputGradient());
    }

    internal override void WriteAttributes(Utf8JsonWriter json)
    {
        json.WriteNumber("heads", Heads);
        json.WriteBoolean("causal", Causal);
    }

    internal static AttentionLayer Read(LayerAttributes attributes) => new(attributes.Int32("heads"), attributes.Boolean("causal"));
}

/// <summary>One position of a sequence: [L, D] to [D]; a negative index counts from the end.</summary>
public sealed record SelectTokenLayer(int Index) : Layer
{
    /// <inheritdoc/>
    public override string FormatName => "selectToken";

    private protected override TensorShape InferShapeCore(string node, ReadOnlySpan<TensorShape> inputs)
    {
        TensorShape input = inputs[0];
        RequireSequence(node, input);
        if (!input.IsDynamic)
            if (!(Index >= -input[0] && Index < input[0])) throw Error(node, $"index is {Index}; expected one of {input[0]} positions");
        return new TensorShape(input[1]);
    }

    private int Offset(NodeEmission node) => (Index < 0 ? node.InputShape()[0] + Index : Index) * node.InputShape()[1];

    internal override void Forward(NodeEmission node)
    {
        (int length, int width) = (node.InputShape()[0], node.InputShape()[1]);
        node.Emit(new Copy(node.Batch, width, length * width, Offset(node), width, 0, node.Output.Length, node.Input().Length), node.Input(), node.Output);
    }

    internal override void Backward(NodeEmission node)
    {
        if (!node.NeedsInputGradient()) return;
        (int length, int width) = (node.InputShape()[0], node.InputShape()[1]);
        Value gradient = node.NewInputGradient();
        node.Emit(new Fill(gradient.Length, 0), gradient);
        node.Emit(new Copy(node.Batch, width, width, 0, length * width, Offset(node), gradient.Length, node.Output.Length), node.OutputGradient, gradient);
    }

    internal override void WriteAttributes(Utf8JsonWriter json) => json.WriteNumber("index", Index);

    internal static SelectTokenLayer Read(LayerAttributes attributes) => new(attributes.Int32("index"));
}
