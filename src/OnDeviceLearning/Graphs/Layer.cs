using System.Text.Json;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Graphs;

/// <summary>A parameter that a layer needs.</summary>
/// <param name="Name">Its name within the layer: weight, bias, mean or variance.</param>
/// <param name="Shape">Its dimensions.</param>
/// <param name="IsStatistic">Whether it was measured, not learned: never trained.</param>
public sealed record ParameterSpec(string Name, TensorShape Shape, bool IsStatistic = false);

/// <summary>
/// What a node of a graph computes: its sizes, the shape it makes of its inputs' shapes, its parameters, and the
/// operations of its forward pass and of its gradient.
/// </summary>
public abstract record Layer
{
    /// <summary>The layer's name in a model file.</summary>
    public abstract string FormatName { get; }

    /// <summary>The parameters, in the order in which they are stored.</summary>
    public virtual IReadOnlyList<ParameterSpec> Parameters => [];

    /// <summary>What the inputs' elements are.</summary>
    internal virtual ElementType InputType => ElementType.Float32;

    /// <summary>Least and most number of inputs.</summary>
    private protected virtual (int Least, int Most) InputCount => (1, 1);

    /// <summary>The shape of the output, without the batch.</summary>
    /// <param name="node">The node's name, for errors.</param>
    /// <param name="inputs">Shapes of the inputs, without the batch.</param>
    /// <exception cref="ArgumentException">The layer's sizes are impossible or do not fit its inputs; the message names the node.</exception>
    public TensorShape InferShape(string node, params ReadOnlySpan<TensorShape> inputs)
    {
        (int least, int most) = InputCount;
        if (inputs.Length < least || inputs.Length > most)
            throw Error(node, $"{inputs.Length} inputs; expected {(least == most ? $"{least}" : $"at least {least}")}");
        return InferShapeCore(node, inputs);
    }

    /// <inheritdoc cref="InferShape"/>
    private protected abstract TensorShape InferShapeCore(string node, ReadOnlySpan<TensorShape> inputs);

    /// <summary>Emits the operations that compute <see cref="NodeEmission.Output"/>.</summary>
    internal abstract void Forward(NodeEmission node);

    /// <summary>
    /// Emits the operations that turn <see cref="NodeEmission.OutputGradient"/> into the gradients that are wanted of
    /// the inputs and parameters.
    /// </summary>
    internal abstract void Backward(NodeEmission node);

    /// <summary>Writes the layer's attributes as properties of the node's JSON object.</summary>
    internal virtual void WriteAttributes(Utf8JsonWriter json)
    {
    }

    private protected ArgumentException Error(string node, string what)
    {
        string name = GetType().Name;
        return new ArgumentException($"{(name.EndsWith("Layer", StringComparison.Ordinal) ? name[..^5] : name)} '{node}': {what}.");
    }

    private protected void RequireAtLeast(string node, int least, int value, string attribute)
    {
        if (value < least) throw Error(node, $"{attribute} is {value}; expected at least {least}");
    }

    private protected void RequireEpsilon(string node, float epsilon)
    {
        if (!(epsilon > 0 && epsilon < 1)) throw Error(node, $"epsilon is {epsilon}; expected a number between 0 and 1");
    }

    /// <summary>Requires an image [C, H, W] with known sizes.</summary>
    private protected void RequireImage(string node, TensorShape input)
    {
        if (input.Count != 3 || input.IsDynamic) throw Error(node, $"input is {input}; expected an image [C, H, W]");
    }

    /// <summary>Requires a sequence [L, D].</summary>
    private protected void RequireSequence(string node, TensorShape input)
    {
        if (input.Count != 2 || input[1] == TensorShape.Dynamic) throw Error(node, $"input is {input}; expected a sequence [L, D]");
    }

    /// <summary>[C, OH, OW] of square windows over an image.</summary>
    private protected TensorShape PooledShape(string node, TensorShape input, int kernel, int stride, int padding)
    {
        RequireAtLeast(node, 1, kernel, "kernel");
        RequireAtLeast(node, 1, stride, "stride");
        RequireAtLeast(node, 0, padding, "padding");
        // A window that lies in the padding alone would have no largest value and no mean.
        if (padding > kernel / 2) throw Error(node, $"padding is {padding}; expected at most half the kernel of {kernel}");
        RequireImage(node, input);
        return new TensorShape(input[0], WindowCount(node, input[1], kernel, stride, padding), WindowCount(node, input[2], kernel, stride, padding));
    }

    /// <summary>Number of positions of a window along one dimension; an error where it does not fit once.</summary>
    private protected int WindowCount(string node, int size, int kernel, int stride, int padding, int dilation = 1)
    {
        long reach = (kernel - 1L) * dilation + 1, padded = size + 2L * padding;
        if (padded > int.MaxValue) throw Error(node, $"padding is {padding}; with it the input has {padded} positions");
        if (reach > padded) throw Error(node, $"a window of {reach} does not fit an input of {size} with padding {padding}");
        return (int)((padded - reach) / stride + 1);
    }
}
