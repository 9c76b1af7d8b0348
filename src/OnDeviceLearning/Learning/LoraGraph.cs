using OnDeviceLearning.Graphs;

namespace OnDeviceLearning.Learning;

/// <summary>
/// Low-rank adaptation (LoRA, arXiv 2106.09685): a graph rewritten so that every linear layer and ungrouped convolution
/// with weight W computes with W + (Alpha / Rank) B A, while W stays. A layer "fc" gets beside it "fc.lora.down" (A: the
/// layer itself with <see cref="Rank"/> outputs), "fc.lora.up" (B: a linear layer or 1x1 convolution) and "fc.lora.sum".
/// B starts at zero, so that nothing changes at first. Immutable, safe from any thread.
/// </summary>
public sealed class LoraGraph
{
    private const string Down = ".lora.down", Scale = ".lora.scale", Up = ".lora.up", Sum = ".lora.sum";

    private readonly List<AdaptedLayer> layers = [];
    private readonly HashSet<string> factors = [];

    /// <summary>Rewrites a graph.</summary>
    /// <param name="original">The graph.</param>
    /// <param name="rank">Width of the pairs; narrower where a layer's weight cannot have so high a rank.</param>
    /// <param name="alpha">The product of the factors counts <paramref name="alpha"/> / <paramref name="rank"/> times.</param>
    /// <param name="adapt">Which nodes get a pair, by name; all that can if null.</param>
    /// <exception cref="ArgumentException">Rank or alpha is out of range, or there is no layer to adapt.</exception>
    public LoraGraph(Graph original, int rank = 4, float alpha = 4, Func<string, bool>? adapt = null)
    {
        ArgumentNullException.ThrowIfNull(original);
        if (rank is < 1 or > 1024) throw new ArgumentException($"LoraGraph: rank is {rank}; expected 1 to 1024.", nameof(rank));
        if (!(alpha > 0 && float.IsFinite(alpha))) throw new ArgumentException($"LoraGraph: alpha is {alpha}; expected a positive number.", nameof(alpha));
        (Original, Rank, Alpha) = (original, rank, alpha);

        var nodes = new List<GraphNode>();
        var renamed = new Dictionary<string, string>(); // what reads an adapted layer reads its sum
        foreach (GraphNode node in original.Nodes)
        {
            string[] inputs = [.. node.Inputs.Select(input => renamed.GetValueOrDefault(input, input))];
            nodes.Add(new GraphNode(node.Name, node.Layer, inputs));
            if (adapt?.Invoke(node.Name) == false || Pair(node.Layer, rank) is not var (down, up)) continue;
            nodes.Add(new GraphNode(node.Name + Down, down, inputs));
            if (Factor != 1) nodes.Add(new GraphNode(node.Name + Scale, new ScaleLayer(Factor), [node.Name + Down]));
            nodes.Add(new GraphNode(node.Name + Up, up, [nodes[^1].Name]));
            nodes.Add(new GraphNode(node.Name + Sum, new AddLayer(), [node.Name, node.Name + Up]));
            renamed.Add(node.Name, node.Name + Sum);
            layers.Add(new AdaptedLayer(node.Name, down.Parameters[0].Shape, up.Parameters[0].Shape));
            factors.Add($"{node.Name}{Down}.weight");
            factors.Add($"{node.Name}{Up}.weight");
        }
        if (layers.Count == 0) throw new ArgumentException("LoraGraph: the graph has no linear layer or ungrouped convolution to adapt.", nameof(original));
        Adapted = new Graph(original.Input, nodes, renamed.GetValueOrDefault(original.Output, original.Output));
    }

    /// <summary>The graph that was rewritten.</summary>
    public Graph Original { get; }

    /// <summary>The graph with the pairs.</summary>
    public Graph Adapted { get; }

    /// <summary>Width of the pairs.</summary>
    public int Rank { get; }

    /// <summary>alpha.</summary>
    public float Alpha { get; }

    private float Factor => Alpha / Rank;

    /// <summary>Whether a parameter of <see cref="Adapted"/> is a factor A or B: what is trained.</summary>
    public bool IsFactor(string parameter) => factors.Contains(parameter);

    /// <summary>Parameters of <see cref="Adapted"/>: those of the original, A drawn from the seed, B zero.</summary>
    /// <param name="original">Parameters of <see cref="Original"/>.</param>
    /// <param name="seed">Seed of A.</param>
    /// <param name="device">Where they go; the original's device if null.</param>
    /// <exception cref="ArgumentException">The parameters are another graph's.</exception>
    /// <exception cref="DeviceException">The device has not enough memory.</exception>
    public ParameterSet CreateParameters(ParameterSet original, ulong seed, ComputeDevice? device = null)
    {
        ArgumentNullException.ThrowIfNull(original);
        if (!ReferenceEquals(original.Graph, Original)) throw new ArgumentException("CreateParameters: the parameters are those of another graph.", nameof(original));
        var adapted = new ParameterSet(device ?? original.Device, Adapted);
        try
        {
            foreach (GraphParameter parameter in Original.Parameters) Copy(original, adapted, parameter);
            for (int i = 0; i < layers.Count; i++)
            {
                AdaptedLayer layer = layers[i];
                var a = new float[layer.A.ElementCount];
                // As the published code draws it: uniform within 1 / sqrt(inputs).
                double bound = 1 / Math.Sqrt(layer.A.Product(1, layer.A.Count));
                ulong stream = HeadEvidence.Mix(seed ^ HeadEvidence.Mix((ulong)i));
                for (int k = 0; k < a.Length; k++) a[k] = (float)(bound * (2 * CountedRandom.Uniform(stream, (ulong)k) - 1));
                adapted.Write($"{layer.Name}{Down}.weight", a);
            }
            return adapted;
        }
        catch
        {
            adapted.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Merges the pairs into plain weights, W + <paramref name="mix"/> (Alpha / Rank) B A. Computed on the host in one
    /// order: the same factors give the same bits on every device, and at 0 the original's.
    /// </summary>
    /// <param name="adapted">Parameters of <see cref="Adapted"/>.</param>
    /// <param name="target">Parameters of <see cref="Original"/>, all overwritten.</param>
    /// <param name="mix">0 (the original) to 1 (all that was learnt): the dial of WiSE-FT, arXiv 2109.01903.</param>
    /// <exception cref="ArgumentException">Parameters of another graph, or the mix is outside 0 to 1.</exception>
    public void Merge(ParameterSet adapted, ParameterSet target, float mix = 1)
    {
        ArgumentNullException.ThrowIfNull(adapted);
        ArgumentNullException.ThrowIfNull(target);
        if (!ReferenceEquals(adapted.Graph, Adapted)) throw new ArgumentException("Merge: the parameters are not those of the adapted graph.", nameof(adapted));
        if (!ReferenceEquals(target.Graph, Original)) throw new ArgumentException("Merge: the target is not of the original graph.", nameof(target));
        if (!(mix is >= 0 and <= 1)) throw new ArgumentException($"Merge: mix is {mix}; expected 0 to 1.", nameof(mix));
        foreach (GraphParameter parameter in Original.Parameters) Copy(adapted, target, parameter);
        if (mix == 0) return;
        foreach (AdaptedLayer layer in layers)
        {
            (int rank, int columns, int rows) = (layer.A[0], (int)layer.A.Product(1, layer.A.Count), layer.B[0]);
            float[] a = new float[rank * columns], b = new float[rows * rank], w = new float[rows * columns];
            adapted.Read($"{layer.Name}{Down}.weight", a); // [rank, in * kernel]
            adapted.Read($"{layer.Name}{Up}.weight", b);   // [out, rank]
            adapted.Read($"{layer.Name}.weight", w);       // [out, in * kernel]
            double factor = (double)mix * Factor;
            var sums = new double[columns];
            for (int o = 0; o < rows; o++)
            {
                Array.Clear(sums);
                for (int r = 0; r < rank; r++)
                {
                    double weight = factor * b[o * rank + r];
                    for (int i = 0; i < columns; i++) sums[i] += weight * a[r * columns + i];
                }
                for (int i = 0; i < columns; i++) w[o * columns + i] = (float)(w[o * columns + i] + sums[i]);
            }
            target.Write($"{layer.Name}.weight", w);
        }
    }

    private static (Layer Down, Layer Up)? Pair(Layer layer, int rank)
    {
        switch (layer)
        {
            case LinearLayer linear:
                rank = Math.Min(rank, Math.Min(linear.InFeatures, linear.OutFeatures));
                return (linear with { OutFeatures = rank, Bias = false }, new LinearLayer(rank, linear.OutFeatures, Bias: false));
            case Conv2dLayer { Groups: 1 } conv:
                rank = (int)Math.Min(rank, Math.Min((long)conv.InChannels * conv.KernelH * conv.KernelW, conv.OutChannels));
                return (conv with { OutChannels = rank, Bias = false }, new Conv2dLayer(rank, conv.OutChannels, 1, 1, Bias: false));
            default:
                return null;
        }
    }

    private static void Copy(ParameterSet source, ParameterSet target, GraphParameter parameter)
    {
        var values = new float[parameter.Shape.ElementCount];
        source.Read(parameter.Name, values);
        target.Write(parameter.Name, values);
    }

    /// <summary>A layer with a pair. A is [rank, inputs, ...], B [outputs, rank, ...].</summary>
    private sealed record AdaptedLayer(string Name, TensorShape A, TensorShape B);
}
