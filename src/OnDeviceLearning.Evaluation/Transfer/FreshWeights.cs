using OnDeviceLearning.Graphs;

namespace OnDeviceLearning.Evaluation.Transfer;

/// <summary>Weights to start from scratch with.</summary>
internal static class FreshWeights
{
    /// <summary>
    /// Draws every weight of a graph: uniform with variance 2 / inputs (arXiv 1502.01852), heads and biases small, gains 1.
    /// The statistics of batch normalisations, which the runtime never trains, are measured on a batch layer by layer.
    /// </summary>
    /// <param name="parameters">Overwritten.</param>
    /// <param name="seed">Seed.</param>
    /// <param name="batch">Images [count, ...] to measure on.</param>
    /// <param name="count">How many.</param>
    public static void Draw(ParameterSet parameters, int seed, ReadOnlySpan<float> batch, int count)
    {
        var random = new Random(seed);
        foreach (GraphNode node in parameters.Graph.Nodes)
            foreach (ParameterSpec spec in node.Layer.Parameters)
            {
                var values = new float[spec.Shape.ElementCount];
                if (spec.Shape.Count > 1)
                {
                    float bound = MathF.Sqrt(6f / spec.Shape.Skip(1).Aggregate(1, (a, b) => a * b)) * (IsHead(node.Name) ? 0.1f : 1);
                    for (int i = 0; i < values.Length; i++) values[i] = bound * (2 * random.NextSingle() - 1);
                }
                else if (spec.Name is "weight" or "variance")
                {
                    Array.Fill(values, 1f);
                }
                parameters.Write($"{node.Name}.{spec.Name}", values);
            }
        foreach (GraphNode node in parameters.Graph.Nodes)
            if (node.Layer is BatchNormLayer norm && node.Inputs[0] != Graph.InputName) Measure(parameters, node, norm, batch, count);
    }

    /// <summary>Whether a node is one of the heads.</summary>
    public static bool IsHead(string node) => node.StartsWith("head.", StringComparison.Ordinal);

    private static void Measure(ParameterSet parameters, GraphNode node, BatchNormLayer norm, ReadOnlySpan<float> batch, int count)
    {
        Graph before = UpTo(parameters.Graph, node.Inputs[0]);
        using var part = new ParameterSet(parameters.Device, before);
        foreach (GraphParameter parameter in before.Parameters)
        {
            var values = new float[parameter.Shape.ElementCount];
            parameters.Read(parameter.Name, values);
            part.Write(parameter.Name, values);
        }
        using ForwardProgram program = ForwardProgram.Plan(before, part, count);
        program.SetInput(batch);
        program.Run();
        var output = new float[program.Output.Length];
        program.Output.Read(output);
        int perChannel = output.Length / count / norm.Channels;
        float[] mean = new float[norm.Channels], variance = new float[norm.Channels];
        for (int c = 0; c < norm.Channels; c++)
        {
            double sum = 0, squares = 0;
            for (int n = 0; n < count; n++)
                foreach (float x in output.AsSpan((n * norm.Channels + c) * perChannel, perChannel))
                {
                    sum += x;
                    squares += (double)x * x;
                }
            double m = sum / (count * perChannel);
            mean[c] = (float)m;
            variance[c] = (float)Math.Max(0, squares / (count * perChannel) - m * m);
        }
        parameters.Write($"{node.Name}.mean", mean);
        parameters.Write($"{node.Name}.variance", variance);
    }

    private static Graph UpTo(Graph graph, string output)
    {
        var needed = new HashSet<string> { output };
        for (int i = graph.Nodes.Count - 1; i >= 0; i--)
            if (needed.Contains(graph.Nodes[i].Name)) needed.UnionWith(graph.Nodes[i].Inputs);
        return new Graph(graph.Input, [.. graph.Nodes.Where(n => needed.Contains(n.Name))], output);
    }
}
