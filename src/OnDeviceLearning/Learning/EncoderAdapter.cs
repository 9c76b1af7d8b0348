using OnDeviceLearning.Graphs;

namespace OnDeviceLearning.Learning;

/// <summary>
/// What fine-tuning has made of an encoder, without the encoder: the parameters that moved, or the LoRA factors, one after
/// the other in the order of the graph, and how far the dial goes. Immutable.
/// </summary>
/// <param name="Tuning">What moved.</param>
/// <param name="Rank">Width of the LoRA pairs; unused otherwise.</param>
/// <param name="Alpha">alpha of LoRA; unused otherwise.</param>
/// <param name="Mix">The dial: 0 the shipped encoder, 1 all that was learnt.</param>
/// <param name="Parameters">The values.</param>
internal sealed record EncoderAdapter(EncoderTuning Tuning, int Rank, float Alpha, float Mix, float[] Parameters)
{
    /// <summary>Number of values that a kind of tuning of a graph has.</summary>
    /// <exception cref="ArgumentException">Rank or alpha is out of range, or the graph has no such parameters.</exception>
    public static long Elements(Graph graph, EncoderTuning tuning, int rank, float alpha)
    {
        long elements = 0;
        foreach ((_, GraphParameter parameter) in Moving(graph, tuning, rank, alpha, out _)) elements += parameter.Shape.ElementCount;
        return elements;
    }

    /// <summary>Writes the encoder's weights. Computed on the host: the same adapter gives the same bits on every device.</summary>
    /// <param name="shipped">The weights it was tuned from.</param>
    /// <param name="target">Of the same graph; all overwritten.</param>
    public void Write(ParameterSet shipped, ParameterSet target)
    {
        List<(int, GraphParameter)> moving = Moving(shipped.Graph, Tuning, Rank, Alpha, out LoraGraph? lora);
        using ParameterSet tuned = lora is null ? new ParameterSet(target.Device, shipped.Graph) : lora.CreateParameters(shipped, 0, target.Device);
        if (lora is null) ParameterBlend.Write(shipped, shipped, 0, tuned);
        foreach ((int offset, GraphParameter parameter) in moving)
            tuned.Write(parameter.Name, Parameters.AsSpan(offset, (int)parameter.Shape.ElementCount));
        if (lora is null) ParameterBlend.Write(shipped, tuned, Mix, target);
        else lora.Merge(tuned, target, Mix);
    }

    private static List<(int Offset, GraphParameter Parameter)> Moving(Graph graph, EncoderTuning tuning, int rank, float alpha, out LoraGraph? lora)
    {
        lora = tuning == EncoderTuning.Lora ? new LoraGraph(graph, rank, alpha) : null;
        HashSet<string>? names = lora is null ? [.. TunedParameters.Of(graph, tuning)] : null;
        var moving = new List<(int, GraphParameter)>();
        int offset = 0;
        foreach (GraphParameter parameter in (lora?.Adapted ?? graph).Parameters)
        {
            if (!(lora is null ? names!.Contains(parameter.Name) : lora.IsFactor(parameter.Name))) continue;
            moving.Add((offset, parameter));
            offset += (int)parameter.Shape.ElementCount;
        }
        return moving;
    }
}
