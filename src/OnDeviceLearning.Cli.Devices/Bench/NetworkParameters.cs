using OnDeviceLearning.Graphs;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Cli;

/// <summary>
/// Random parameters with which a deep network's values stay of the size of one, as a trained one's do: what vanishes or
/// explodes proves nothing when compared, and denormal numbers would cost time of their own.
/// </summary>
internal static class NetworkParameters
{
    public static IReadOnlyDictionary<string, float[]> Random(Graph graph, int seed)
    {
        var random = new Random(seed);
        float Uniform() => 2 * random.NextSingle() - 1;
        var squares = new Dictionary<string, double> { [Graph.InputName] = 1.0 / 3 }; // mean square of each value
        var parameters = new Dictionary<string, float[]>();
        foreach (GraphNode node in graph.Nodes)
        {
            double square = squares[node.Inputs[0]];
            foreach (ParameterSpec spec in node.Layer.Parameters)
            {
                double fanIn = (double)spec.Shape.ElementCount / spec.Shape[0];
                // A uniform number's mean square is a third of its largest.
                float largest = (float)Math.Sqrt(3 / (fanIn * square));
                Func<float> sample = spec.Name switch
                {
                    "variance" => () => (float)square * (1 + 0.3f * Uniform()),
                    "mean" or "bias" => () => 0.1f * Uniform(),
                    _ when spec.Shape.Count == 1 => () => 1 + 0.2f * Uniform(),
                    _ when node.Layer is EmbeddingLayer or PositionLayer => () => 0.5f * Uniform(),
                    _ => () => largest * Uniform(),
                };
                var values = new float[spec.Shape.ElementCount];
                for (int i = 0; i < values.Length; i++) values[i] = sample();
                parameters.Add($"{node.Name}.{spec.Name}", values);
            }
            squares[node.Name] = node.Layer switch
            {
                LinearLayer or Conv2dLayer or BatchNormLayer or LayerNormLayer => 1,
                ActivationLayer => square / 2,
                AddLayer => squares[node.Inputs[0]] + squares[node.Inputs[1]],
                _ => square,
            };
        }
        return parameters;
    }
}
