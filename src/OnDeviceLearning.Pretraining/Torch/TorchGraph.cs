using OnDeviceLearning.Graphs;
using OnDeviceLearning.Operations;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace OnDeviceLearning.Pretraining.Torch;

/// <summary>
/// Runs a runtime <see cref="Graph"/> with TorchSharp, so that the very graph that a game will run is the one that is
/// trained. Parameters are named as in the backbone file.
/// </summary>
public sealed class TorchGraph
{
    private readonly Graph graph;
    private readonly Dictionary<string, Tensor> parameters = [];

    /// <summary>New parameters, initialised as usual for their layers from torch's global random state.</summary>
    public TorchGraph(Graph graph)
    {
        this.graph = graph;
        foreach (GraphNode node in graph.Nodes)
            foreach ((string name, Tensor value) in Initialise(node.Layer))
            {
                // What is trained is a torch parameter, so that torch's own optimizers take it.
                Tensor tensor = name is "mean" or "variance" ? value : new Parameter(value);
                parameters.Add($"{node.Name}.{name}", tensor.DetachFromDisposeScope());
            }
    }

    /// <summary>Every parameter and statistic by its name.</summary>
    public IReadOnlyDictionary<string, Tensor> Parameters => parameters;

    /// <summary>Those that gradients reach.</summary>
    public IEnumerable<Tensor> Trained => parameters.Values.Where(p => p.requires_grad);

    /// <summary>
    /// Runs the graph. Weights are kept in float32 and cast to <paramref name="precision"/> for convolutions and matrix
    /// products (bfloat16 is about twice as fast on a CPU that has it).
    /// </summary>
    /// <param name="input">[N, C, H, W] floats or [N, L] token ids.</param>
    /// <param name="lengths">For token ids: [N] number of tokens; what lies beyond is padding and is not attended to.</param>
    /// <param name="training">Whether batch normalisation uses and updates batch statistics.</param>
    /// <param name="precision">Float32 or BFloat16.</param>
    public Tensor Forward(Tensor input, Tensor? lengths = null, bool training = false, ScalarType precision = ScalarType.Float32)
    {
        Tensor? present = null; // [N, L], true where there is a token
        if (lengths is not null)
            present = arange(input.shape[1]).unsqueeze(0).less(lengths.unsqueeze(1));
        var values = new Dictionary<string, Tensor> { ["input"] = input.is_floating_point() ? input.to(precision) : input };
        foreach (GraphNode node in graph.Nodes)
        {
            Tensor x = values[node.Inputs[0]];
            Tensor P(string name) => parameters[$"{node.Name}.{name}"];
            Tensor Cast(string name) => P(name).to(precision);
            values[node.Name] = node.Layer switch
            {
                LinearLayer l => F.linear(x, Cast("weight"), l.Bias ? Cast("bias") : null),
                Conv2dLayer l => F.conv2d(x, Cast("weight"), l.Bias ? Cast("bias") : null,
                    [l.Stride, l.Stride], [l.Padding, l.Padding], [l.Dilation, l.Dilation], l.Groups),
                ActivationLayer l => Activate(l.Kind, x),
                BatchNormLayer l => F.batch_norm(x, P("mean"), P("variance"), P("weight"), P("bias"), training, 0.05, l.Epsilon),
                GroupNormLayer l => F.group_norm(x, l.Groups, Cast("weight"), Cast("bias"), l.Epsilon),
                LayerNormLayer l => F.layer_norm(x, [l.Width], Cast("weight"), Cast("bias"), l.Epsilon),
                MaxPool2dLayer l => F.max_pool2d(x, l.Kernel, l.Stride, l.Padding),
                AveragePool2dLayer l => F.avg_pool2d(x, l.Kernel, l.Stride, l.Padding, count_include_pad: l.CountIncludePadding),
                GlobalAveragePoolLayer => x.mean([2, 3]),
                ScaleLayer l => x * l.Factor,
                AddLayer => x + values[node.Inputs[1]],
                ConcatLayer l => cat(node.Inputs.Select(i => values[i]).ToArray(), l.Axis + 1),
                EmbeddingLayer => P("weight").index_select(0, x.flatten()).view(x.shape[0], x.shape[1], -1).to(precision),
                PositionLayer => x + P("weight").slice(0, 0, x.shape[1], 1).to(precision),
                AttentionLayer l => Attend(x, l, present),
                MeanTokensLayer => MeanTokens(x, present),
                SelectTokenLayer l => SelectToken(x, l.Index, lengths),
                SoftmaxLayer => F.softmax(x, -1),
                L2NormalizeLayer l => F.normalize(x.to(ScalarType.Float32), dim: -1, eps: l.Epsilon),
                FlattenLayer => x.flatten(1),
                _ => throw new NotSupportedException($"TorchGraph: node '{node.Name}' is a {node.Layer.GetType().Name}, which has no TorchSharp counterpart here."),
            };
        }
        return values[graph.Output].to(ScalarType.Float32);
    }

    private static Tensor Activate(ActivationKind kind, Tensor x) => kind switch
    {
        ActivationKind.Relu => F.relu(x),
        ActivationKind.Gelu => F.gelu(x),
        ActivationKind.QuickGelu => x * sigmoid(1.702 * x),
        ActivationKind.Silu => F.silu(x),
        ActivationKind.Sigmoid => sigmoid(x),
        ActivationKind.Tanh => tanh(x),
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };

    private static Tensor Attend(Tensor qkv, AttentionLayer layer, Tensor? present)
    {
        long n = qkv.shape[0], length = qkv.shape[1], width = qkv.shape[2] / 3, head = width / layer.Heads;
        Tensor[] parts = qkv.view(n, length, 3, layer.Heads, head).permute(2, 0, 3, 1, 4).unbind(0); // 3 x [N, H, L, D]
        // In one kernel, where nobody has to be left out.
        if (present is null)
            return F.scaled_dot_product_attention(parts[0], parts[1], parts[2], null, 0, layer.Causal).transpose(1, 2).reshape(n, length, width);
        Tensor scores = parts[0].matmul(parts[1].transpose(2, 3)) / Math.Sqrt(head); // [N, H, L, L]
        scores = scores.masked_fill(present.logical_not().view(n, 1, 1, length), -1e4f);
        if (layer.Causal) scores = scores.masked_fill(ones(length, length, ScalarType.Bool).triu(1), -1e4f);
        return F.softmax(scores, -1).matmul(parts[2]).transpose(1, 2).reshape(n, length, width);
    }

    private static Tensor MeanTokens(Tensor x, Tensor? present)
    {
        if (present is null) return x.mean([1]);
        Tensor weight = present.to(x.dtype).unsqueeze(2); // [N, L, 1]
        return (x * weight).sum(1) / weight.sum(1);
    }

    private static Tensor SelectToken(Tensor x, int index, Tensor? lengths)
    {
        if (index >= 0) return x.select(1, index);
        if (lengths is null) return x.select(1, x.shape[1] + index);
        return x[arange(x.shape[0]), lengths + index];
    }

    private static IEnumerable<(string Name, Tensor Value)> Initialise(Layer layer)
    {
        switch (layer)
        {
            case LinearLayer l:
                yield return ("weight", nn.init.xavier_uniform_(zeros(l.OutFeatures, l.InFeatures)));
                if (l.Bias) yield return ("bias", zeros(l.OutFeatures));
                break;
            case Conv2dLayer l:
                yield return ("weight", nn.init.kaiming_normal_(
                    zeros(l.OutChannels, l.InChannels / l.Groups, l.KernelH, l.KernelW), mode: nn.init.FanInOut.FanOut, nonlinearity: nn.init.NonlinearityType.ReLU));
                if (l.Bias) yield return ("bias", zeros(l.OutChannels));
                break;
            case BatchNormLayer l:
                yield return ("weight", ones(l.Channels));
                yield return ("bias", zeros(l.Channels));
                yield return ("mean", zeros(l.Channels));
                yield return ("variance", ones(l.Channels));
                break;
            case GroupNormLayer l:
                yield return ("weight", ones(l.Channels));
                yield return ("bias", zeros(l.Channels));
                break;
            case LayerNormLayer l:
                yield return ("weight", ones(l.Width));
                yield return ("bias", zeros(l.Width));
                break;
            case EmbeddingLayer l:
                yield return ("weight", randn(l.Vocabulary, l.Width) * 0.05);
                break;
            case PositionLayer l:
                yield return ("weight", randn(l.MaxLength, l.Width) * 0.02);
                break;
        }
    }
}
