using OnDeviceLearning.Graphs;

namespace OnDeviceLearning.Learning;

/// <summary>Finds the parameters that a kind of light fine-tuning moves, from the graph alone.</summary>
public static class TunedParameters
{
    /// <summary>Layers with weights (convolution, linear) that a last block holds at least.</summary>
    private const int BlockLayers = 2;

    /// <summary>The names of the parameters that move, in the graph's order.</summary>
    /// <param name="graph">The encoder.</param>
    /// <param name="tuning">The kind; not <see cref="EncoderTuning.Lora"/>, whose parameters are those of another graph.</param>
    /// <exception cref="ArgumentException">LoRA or an unknown kind, or the graph has no such parameter.</exception>
    public static IReadOnlyList<string> Of(Graph graph, EncoderTuning tuning)
    {
        ArgumentNullException.ThrowIfNull(graph);
        HashSet<string>? block = tuning == EncoderTuning.LastBlock ? [.. LastBlock(graph)] : null;
        var names = new List<string>();
        foreach (GraphNode node in graph.Nodes)
        {
            bool moves = tuning switch
            {
                EncoderTuning.None => false,
                EncoderTuning.LastBlock => block!.Contains(node.Name),
                EncoderTuning.NormOnly => node.Layer is BatchNormLayer or LayerNormLayer or GroupNormLayer,
                EncoderTuning.All => true,
                EncoderTuning.Lora => throw new ArgumentException("TunedParameters: LoRA moves the factors of a LoraGraph, not parameters of the graph.", nameof(tuning)),
                _ => throw new ArgumentException($"TunedParameters: tuning is {(int)tuning}; expected a kind of EncoderTuning.", nameof(tuning)),
            };
            if (!moves) continue;
            foreach (ParameterSpec parameter in node.Layer.Parameters)
                if (!parameter.IsStatistic) names.Add($"{node.Name}.{parameter.Name}");
        }
        if (names.Count == 0 && tuning != EncoderTuning.None)
            throw new ArgumentException($"TunedParameters: {tuning}: the graph has no such parameter.", nameof(tuning));
        return names;
    }

    /// <summary>
    /// The names of the nodes of the last block: the shortest tail of the graph that begins behind a tensor through which
    /// everything passes and holds at least two layers with weights. In a chain these are the last two convolutions or
    /// linear layers with what stands between and behind them; a residual block is never cut in two.
    /// </summary>
    public static IReadOnlyList<string> LastBlock(Graph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        int weights = 0, earliest = int.MaxValue; // earliest: the first node that anything after `cut` reads
        int cut = graph.Nodes.Count - 1;
        for (; cut >= 0; cut--)
        {
            // Everything passes through a node where nothing behind it reads anything before it.
            if (weights >= BlockLayers && earliest >= cut) break;
            if (graph.Nodes[cut].Layer is Conv2dLayer or LinearLayer) weights++;
            foreach (int source in graph.InputIndices(cut)) earliest = Math.Min(earliest, source);
        }
        return [.. graph.Nodes.Skip(cut + 1).Select(node => node.Name)];
    }
}
