using OnDeviceLearning.Graphs;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Pretraining.Onnx;

/// <summary>Writes one node of a graph as ONNX nodes; shapes in comments are with the batch N.</summary>
/// <param name="model">Where they go.</param>
/// <param name="parameters">The graph's parameters.</param>
/// <param name="node">What is written; its value has its name.</param>
/// <param name="inputs">Shapes of its inputs, without the batch.</param>
/// <param name="shape">Shape of its value, with the batch.</param>
internal sealed class OnnxLayer(OnnxModel model, ParameterSet parameters, GraphNode node, TensorShape[] inputs, long[] shape)
{
    private string Input => node.Inputs[0];

    private int Rank => inputs[0].Count + 1;

    public void Write()
    {
        switch (node.Layer)
        {
            case LinearLayer l: Linear(l); break;
            case Conv2dLayer l: Convolution(l); break;
            case ActivationLayer l: Activation(l.Kind); break;
            case BatchNormLayer l:
                model.Node("BatchNormalization", [Input, Parameter("weight"), Parameter("bias"), Parameter("mean"), Parameter("variance")], node.Name,
                    new OnnxAttribute("epsilon", l.Epsilon));
                break;
            case GroupNormLayer l: GroupNorm(l); break;
            case LayerNormLayer l:
                model.Node("LayerNormalization", [Input, Parameter("weight"), Parameter("bias")], node.Name, new("axis", -1), new("epsilon", l.Epsilon));
                break;
            case MaxPool2dLayer l: model.Node("MaxPool", [Input], node.Name, Window(l.Kernel, l.Stride, l.Padding)); break;
            case AveragePool2dLayer l:
                model.Node("AveragePool", [Input], node.Name,
                    [.. Window(l.Kernel, l.Stride, l.Padding), new OnnxAttribute("count_include_pad", l.CountIncludePadding ? 1 : 0)]);
                break;
            case GlobalAveragePoolLayer:
                model.Node("Flatten", [model.Node("GlobalAveragePool", [Input], Part("mean"))], node.Name, new OnnxAttribute("axis", 1)); // [N, C, 1, 1] to [N, C]
                break;
            case ScaleLayer l: model.Node("Mul", [Input, model.Constant(Part("factor"), [l.Factor])], node.Name); break;
            case AddLayer: model.Node("Add", [.. node.Inputs], node.Name); break;
            case ConcatLayer l: model.Node("Concat", [.. node.Inputs], node.Name, new OnnxAttribute("axis", l.Axis + 1)); break;
            case EmbeddingLayer: model.Node("Gather", [Parameter("weight"), Input], node.Name, new OnnxAttribute("axis", 0)); break;
            case PositionLayer l: Positions(l); break;
            case AttentionLayer l: Attention(l); break;
            case MeanTokensLayer:
                model.Node("ReduceMean", [Input, model.Constant(Part("axes"), [1L])], node.Name, new OnnxAttribute("keepdims", 0));
                break;
            case SelectTokenLayer l:
                model.Node("Gather", [Input, model.Constant(Part("index"), [(long)l.Index], scalar: true)], node.Name, new OnnxAttribute("axis", 1));
                break;
            case SoftmaxLayer: model.Node("Softmax", [Input], node.Name, new OnnxAttribute("axis", -1)); break;
            case L2NormalizeLayer l: L2Normalize(l); break;
            case FlattenLayer: model.Node("Flatten", [Input], node.Name, new OnnxAttribute("axis", 1)); break;
            default:
                throw new NotSupportedException($"Export: node '{node.Name}' is a {node.Layer.GetType().Name}, which has no ONNX counterpart here.");
        }
    }

    private void Linear(LinearLayer layer)
    {
        if (Rank == 2)
        {
            string[] operands = layer.Bias ? [Input, Parameter("weight"), Parameter("bias")] : [Input, Parameter("weight")];
            model.Node("Gemm", operands, node.Name, new OnnxAttribute("transB", 1));
            return;
        }
        float[] weight = Values("weight"), transposed = new float[weight.Length]; // [out, in] to [in, out]
        for (int o = 0; o < layer.OutFeatures; o++)
            for (int i = 0; i < layer.InFeatures; i++)
                transposed[i * layer.OutFeatures + o] = weight[o * layer.InFeatures + i];
        string[] product = [Input, model.Constant($"{node.Name}.weight", transposed, layer.InFeatures, layer.OutFeatures)];
        if (!layer.Bias) model.Node("MatMul", product, node.Name);
        else model.Node("Add", [model.Node("MatMul", product, Part("product")), Parameter("bias")], node.Name);
    }

    private void Convolution(Conv2dLayer layer)
    {
        string[] operands = layer.Bias ? [Input, Parameter("weight"), Parameter("bias")] : [Input, Parameter("weight")];
        model.Node("Conv", operands, node.Name,
            new("kernel_shape", layer.KernelH, layer.KernelW), new("strides", layer.Stride, layer.Stride),
            new("pads", layer.Padding, layer.Padding, layer.Padding, layer.Padding), new("dilations", layer.Dilation, layer.Dilation),
            new OnnxAttribute("group", (long)layer.Groups));
    }

    private static OnnxAttribute[] Window(long kernel, long stride, long padding) =>
        [new("kernel_shape", kernel, kernel), new("strides", stride, stride), new("pads", padding, padding, padding, padding)];

    private void Activation(ActivationKind kind)
    {
        switch (kind)
        {
            case ActivationKind.Relu: model.Node("Relu", [Input], node.Name); break;
            case ActivationKind.Gelu: model.Node("Gelu", [Input], node.Name); break; // exact, with erf, unless told otherwise
            case ActivationKind.Sigmoid: model.Node("Sigmoid", [Input], node.Name); break;
            case ActivationKind.Tanh: model.Node("Tanh", [Input], node.Name); break;
            case ActivationKind.Silu: model.Node("Mul", [Input, model.Node("Sigmoid", [Input], Part("gate"))], node.Name); break;
            case ActivationKind.QuickGelu:
                string scaled = model.Node("Mul", [Input, model.Constant(Part("factor"), [1.702f])], Part("scaled"));
                model.Node("Mul", [Input, model.Node("Sigmoid", [scaled], Part("gate"))], node.Name);
                break;
            default: throw new NotSupportedException($"Export: node '{node.Name}' is the activation {kind}, which has no ONNX counterpart here.");
        }
    }

    // Groups become the channels of an instance normalisation: [N, groups, elements].
    private void GroupNorm(GroupNormLayer layer)
    {
        float[] ones = new float[layer.Groups], zeros = new float[layer.Groups];
        Array.Fill(ones, 1);
        string grouped = Reshape(Input, "grouped", shape[0], layer.Groups, -1);
        string normalised = model.Node("InstanceNormalization",
            [grouped, model.Constant(Part("ones"), ones, layer.Groups), model.Constant(Part("zeros"), zeros, layer.Groups)], Part("normalised"),
            new OnnxAttribute("epsilon", layer.Epsilon));
        long[] perChannel = [layer.Channels, .. Enumerable.Repeat(1L, Rank - 2)];
        string scaled = model.Node("Mul", [Reshape(normalised, "ungrouped", shape), Parameter("weight", perChannel)], Part("scaled"));
        model.Node("Add", [scaled, Parameter("bias", perChannel)], node.Name);
    }

    private void Positions(PositionLayer layer)
    {
        long length = shape[1];
        float[] used = Values("weight")[..(int)(length * layer.Width)];
        model.Node("Add", [Input, model.Constant($"{node.Name}.weight", used, 1, length, layer.Width)], node.Name);
    }

    // [N, L, 3 width] to three [N, L, width], whose heads lie one after the other.
    private void Attention(AttentionLayer layer)
    {
        string[] parts = [Part("queries"), Part("keys"), Part("values")];
        model.Node("Split", [Input], parts, new("axis", -1), new OnnxAttribute("num_outputs", 3));
        model.Node("Attention", parts, node.Name,
            new("q_num_heads", (long)layer.Heads), new("kv_num_heads", (long)layer.Heads), new OnnxAttribute("is_causal", layer.Causal ? 1L : 0L));
    }

    private void L2Normalize(L2NormalizeLayer layer)
    {
        string norm = model.Node("ReduceL2", [Input, model.Constant(Part("axes"), [-1L])], Part("norm"), new OnnxAttribute("keepdims", 1));
        string divisor = model.Node("Max", [norm, model.Constant(Part("epsilon"), [layer.Epsilon])], Part("divisor"));
        model.Node("Div", [Input, divisor], node.Name);
    }

    private string Reshape(string value, string part, params long[] target) =>
        model.Node("Reshape", [value, model.Constant(Part(part + ".shape"), target)], Part(part));

    // A value between the ONNX nodes that make up one of the graph's.
    private string Part(string name) => $"{node.Name}/{name}";

    private float[] Values(string name)
    {
        ParameterSpec spec = node.Layer.Parameters.Single(p => p.Name == name);
        var values = new float[spec.Shape.ElementCount];
        parameters.Read($"{node.Name}.{name}", values);
        return values;
    }

    private string Parameter(string name) => Parameter(name, [.. node.Layer.Parameters.Single(p => p.Name == name).Shape.Select(d => (long)d)]);

    private string Parameter(string name, long[] dimensions) => model.Constant($"{node.Name}.{name}", Values(name), dimensions);
}
