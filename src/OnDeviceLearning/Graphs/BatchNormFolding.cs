using System.Runtime.CompilerServices;

namespace OnDeviceLearning.Graphs;

/// <summary>
/// Batch normalisations taken into the convolution or linear layer before them, where nothing else reads that layer's
/// output: W' = W g / s and b' = (b - mean) g / s + beta, with s = sqrt(variance + epsilon), per output channel.
/// </summary>
internal sealed class BatchNormFolding : IDisposable
{
    private readonly ParameterSet parameters;
    private readonly Fold?[] folds; // by index of the batch normalisation
    private readonly DeviceBuffer? buffer;
    private float[] scratch = []; // kept from the first change of the parameters on; most never change
    private long version;

    public BatchNormFolding(Graph graph, ParameterSet parameters)
    {
        this.parameters = parameters;
        folds = new Fold?[graph.Nodes.Count];
        var readers = new int[graph.Nodes.Count];
        for (int i = 0; i < readers.Length; i++)
            foreach (int source in graph.InputIndices(i))
                if (source >= 0) readers[source]++;

        int length = 0;
        for (int i = 0; i < readers.Length; i++)
        {
            int before = graph.InputIndices(i)[0];
            if (graph.Nodes[i].Layer is not BatchNormLayer norm || before < 0 || readers[before] != 1) continue;
            GraphNode source = graph.Nodes[before];
            Layer? biased = source.Layer switch
            {
                Conv2dLayer conv => conv with { Bias = true },
                // Channels are the first axis, features the last: the same only for vectors.
                LinearLayer linear when graph.InputIndices(before)[0] is var input && RankOf(graph, input) == 1 => linear with { Bias = true },
                _ => null,
            };
            if (biased is null) continue;
            int weights = (int)source.Layer.Parameters[0].Shape.ElementCount;
            folds[i] = new Fold(before, source, source with { Layer = biased }, graph.Nodes[i].Name, norm, length, weights);
            length += (int)(ArenaPlanner.Aligned(weights) + ArenaPlanner.Aligned(norm.Channels));
        }
        if (length > 0) buffer = parameters.Device.Allocate(length);
        foreach (Fold? fold in folds) fold?.Bind(buffer!);
        version = parameters.Version - 1;
        Refresh();
        scratch = [];
    }

    /// <summary>What is computed in place of the batch normalisation at <paramref name="index"/>; null where it stays.</summary>
    public Fold? At(int index) => folds[index];

    /// <summary>Folds anew if the parameters have changed; allocates only the first time.</summary>
    public void Refresh()
    {
        if (version == parameters.Version) return;
        int needed = 0;
        foreach (Fold? fold in folds) needed = Math.Max(needed, fold?.ScratchLength ?? 0);
        if (scratch.Length < needed) scratch = new float[needed];
        foreach (Fold? fold in folds) fold?.Compute(parameters, buffer!, scratch);
        version = parameters.Version;
    }

    public void Dispose() => buffer?.Dispose();

    private static int RankOf(Graph graph, int node) => node < 0 ? graph.Input.Shape.Count : graph.ShapeOf(node).Count;

    /// <summary>One layer with the batch normalisation after it.</summary>
    internal sealed class Fold(int index, GraphNode source, GraphNode node, string normName, BatchNormLayer norm, int offset, int weights)
    {
        private readonly bool hasBias = source.Layer.Parameters.Count > 1;
        private readonly string[] names =
            [$"{normName}.weight", $"{normName}.bias", $"{normName}.mean", $"{normName}.variance", $"{source.Name}.weight", $"{source.Name}.bias"];
        private Value weight = null!, bias = null!; // set by Bind

        /// <summary>Index of the layer.</summary>
        public int Index => index;

        /// <summary>The layer, with a bias.</summary>
        public GraphNode Node => node;

        public Value Parameter(string name) => name == "weight" ? weight : bias;

        private int BiasOffset => offset + (int)ArenaPlanner.Aligned(weights);

        public void Bind(DeviceBuffer buffer)
        {
            weight = ProgramBuilder.Fixed(new BufferRange(buffer, offset, weights));
            bias = ProgramBuilder.Fixed(new BufferRange(buffer, BiasOffset, norm.Channels));
        }

        public int ScratchLength => weights + 5 * norm.Channels;

        // Runs over every weight once, at a cold start: no time to wait for tiers.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Compute(ParameterSet parameters, DeviceBuffer buffer, float[] scratch)
        {
            int channels = norm.Channels, perChannel = weights / channels;
            Span<float> w = scratch.AsSpan(0, weights), rest = scratch.AsSpan(weights, 5 * channels);
            Span<float> gamma = rest[..channels], beta = rest.Slice(channels, channels), mean = rest.Slice(2 * channels, channels),
                variance = rest.Slice(3 * channels, channels), b = rest.Slice(4 * channels, channels);
            parameters.Read(names[0], gamma);
            parameters.Read(names[1], beta);
            parameters.Read(names[2], mean);
            parameters.Read(names[3], variance);
            parameters.Read(names[4], w);
            if (hasBias) parameters.Read(names[5], b);
            else b.Clear();
            for (int c = 0; c < channels; c++)
            {
                double scale = gamma[c] / Math.Sqrt(variance[c] + (double)norm.Epsilon);
                foreach (ref float element in w.Slice(c * perChannel, perChannel)) element = (float)(element * scale);
                b[c] = (float)((b[c] - (double)mean[c]) * scale + beta[c]);
            }
            buffer.Write((ReadOnlySpan<float>)w, offset);
            buffer.Write((ReadOnlySpan<float>)b, BiasOffset);
        }
    }
}
