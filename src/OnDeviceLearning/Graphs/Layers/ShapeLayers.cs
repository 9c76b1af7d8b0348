using System.Text.Json;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Graphs;

/// <summary>All elements of a sample in a row: [C, H, W] to [C * H * W]. Costs nothing: memory is row-major already.</summary>
public sealed record FlattenLayer : Layer
{
    /// <inheritdoc/>
    public override string FormatName => "flatten";

    private protected override TensorShape InferShapeCore(string node, ReadOnlySpan<TensorShape> inputs)
    {
        if (inputs[0].IsDynamic) throw Error(node, $"input is {inputs[0]}; expected known sizes");
        if (inputs[0].ElementCount > TensorShape.MaxElements) throw Error(node, $"input is {inputs[0]}, which is too large");
        return new TensorShape((int)inputs[0].ElementCount);
    }

    internal override void Forward(NodeEmission node) => node.AliasInput();

    internal override void Backward(NodeEmission node)
    {
        if (node.NeedsInputGradient()) node.PassGradient(0, node.OutputGradient);
    }
}

/// <summary>Joins tensors along an axis (counted without the batch); the other dimensions are equal.</summary>
public sealed record ConcatLayer(int Axis) : Layer
{
    /// <inheritdoc/>
    public override string FormatName => "concat";

    private protected override (int Least, int Most) InputCount => (2, int.MaxValue);

    private protected override TensorShape InferShapeCore(string node, ReadOnlySpan<TensorShape> inputs)
    {
        if (!(Axis >= 0 && Axis < inputs[0].Count)) throw Error(node, $"axis is {Axis}; expected one of the {inputs[0].Count} dimensions of {inputs[0]}");
        long joined = 0;
        foreach (TensorShape input in inputs)
        {
            if (input.Count != inputs[0].Count) throw Error(node, $"inputs are {inputs[0]} and {input}; expected as many dimensions");
            if (input[Axis] == TensorShape.Dynamic) throw Error(node, $"input is {input}; expected a known size along axis {Axis}");
            for (int i = 0; i < input.Count; i++)
                if (!(i == Axis || input[i] == inputs[0][i])) throw Error(node, $"inputs are {inputs[0]} and {input}; expected them to differ only in axis {Axis}");
            joined += input[Axis];
        }
        if (joined > int.MaxValue) throw Error(node, $"axis {Axis} would have {joined} elements");
        int[] output = [.. inputs[0]];
        output[Axis] = (int)joined;
        return new TensorShape(output);
    }

    internal override void Forward(NodeEmission node) => Copies(node, gradient: false);

    internal override void Backward(NodeEmission node) => Copies(node, gradient: true);

    // Each input is a block of every one of the output's outer rows.
    private void Copies(NodeEmission node, bool gradient)
    {
        TensorShape output = node.OutputShape;
        int outer = node.Batch * (int)output.Product(0, Axis), row = (int)output.Product(Axis, output.Count), offset = 0;
        for (int i = 0; i < node.InputCount; i++)
        {
            int block = (int)node.InputShape(i).Product(Axis, output.Count), length = outer * block;
            if (!gradient)
                node.Emit(new Copy(outer, block, block, 0, row, offset, node.Output.Length, length), node.Input(i), node.Output);
            else if (node.NeedsInputGradient(i))
                node.Emit(new Copy(outer, block, row, offset, block, 0, length, node.Output.Length), node.OutputGradient, node.NewInputGradient(i));
            offset += block;
        }
    }

    internal override void WriteAttributes(Utf8JsonWriter json) => json.WriteNumber("axis", Axis);

    internal static ConcatLayer Read(LayerAttributes attributes) => new(attributes.Int32("axis"));
}
