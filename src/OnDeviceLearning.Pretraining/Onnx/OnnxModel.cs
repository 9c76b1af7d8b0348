using System.Runtime.InteropServices;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Pretraining.Onnx;

/// <summary>An attribute of an ONNX node: an integer, integers or a float.</summary>
internal readonly record struct OnnxAttribute
{
    private OnnxAttribute(OnnxMessage message) => Message = message;

    public OnnxAttribute(string name, long value)
        : this(new OnnxMessage().Text(1, name).Integer(3, value).Integer(20, 2))
    {
    }

    public OnnxAttribute(string name, float value)
        : this(new OnnxMessage().Text(1, name).Float(2, value).Integer(20, 1))
    {
    }

    public OnnxAttribute(string name, params ReadOnlySpan<long> values)
        : this(new OnnxMessage().Text(1, name).Integers(8, values).Integer(20, 7))
    {
    }

    /// <summary>As it is written.</summary>
    public OnnxMessage Message { get; }
}

/// <summary>An ONNX model being written: nodes in an order in which they can be computed, constants, one input, one output.</summary>
internal sealed class OnnxModel
{
    // The newest revision that defines each operator used, and the file format that came with it.
    private const int OperatorSet = 23, FileFormat = 11;
    private const int Float32 = 1, Int32 = 6, Int64 = 7;

    private readonly OnnxMessage graph = new OnnxMessage().Text(2, "OnDeviceLearning");

    /// <summary>Declares the input.</summary>
    public void Input(string name, ElementType type, params ReadOnlySpan<long> shape) =>
        graph.Message(11, Declaration(name, type == ElementType.Float32 ? Float32 : Int32, shape));

    /// <summary>Declares the output.</summary>
    public void Output(string name, params ReadOnlySpan<long> shape) => graph.Message(12, Declaration(name, Float32, shape));

    /// <summary>A constant tensor of floats, row-major.</summary>
    public string Constant(string name, float[] values, params ReadOnlySpan<long> shape) =>
        Constant(name, Float32, MemoryMarshal.AsBytes<float>(values).ToArray(), shape);

    /// <summary>A constant vector of integers; a scalar where <paramref name="scalar"/>.</summary>
    public string Constant(string name, long[] values, bool scalar = false) =>
        Constant(name, Int64, MemoryMarshal.AsBytes<long>(values).ToArray(), scalar ? [] : [values.Length]);

    /// <summary>Appends a node with one output.</summary>
    /// <returns><paramref name="output"/></returns>
    public string Node(string operation, ReadOnlySpan<string> inputs, string output, params ReadOnlySpan<OnnxAttribute> attributes)
    {
        Node(operation, inputs, [output], attributes);
        return output;
    }

    /// <summary>Appends a node.</summary>
    public void Node(string operation, ReadOnlySpan<string> inputs, ReadOnlySpan<string> outputs, params ReadOnlySpan<OnnxAttribute> attributes)
    {
        var node = new OnnxMessage();
        foreach (string input in inputs) node.Text(1, input);
        foreach (string output in outputs) node.Text(2, output);
        node.Text(3, outputs[0]).Text(4, operation);
        foreach (OnnxAttribute attribute in attributes) node.Message(5, attribute.Message);
        graph.Message(1, node);
    }

    /// <summary>The file.</summary>
    public byte[] ToArray()
    {
        OnnxMessage operators = new OnnxMessage().Text(1, "").Integer(2, OperatorSet);
        return new OnnxMessage().Integer(1, FileFormat).Text(2, "OnDeviceLearning").Message(7, graph).Message(8, operators).ToArray();
    }

    private string Constant(string name, int type, byte[] bytes, ReadOnlySpan<long> shape)
    {
        graph.Message(5, new OnnxMessage().Integers(1, shape).Integer(2, type).Text(8, name).Bytes(9, bytes));
        return name;
    }

    private static OnnxMessage Declaration(string name, int type, ReadOnlySpan<long> shape)
    {
        var dimensions = new OnnxMessage();
        foreach (long size in shape) dimensions.Message(1, new OnnxMessage().Integer(1, size));
        OnnxMessage tensor = new OnnxMessage().Integer(1, type).Message(2, dimensions);
        return new OnnxMessage().Text(1, name).Message(2, new OnnxMessage().Message(1, tensor));
    }
}
