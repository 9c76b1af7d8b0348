using OnDeviceLearning.Graphs;

namespace OnDeviceLearning.Pretraining.Onnx;

/// <summary>
/// Writes a runtime <see cref="Graph"/> with its parameters as an ONNX model, so that another runtime can compute the same.
/// All sizes are fixed, the batch included: what is known when the model is loaded need not be found out at each run.
/// </summary>
/// <remarks>
/// ONNX's operator set 23, the first with attention as one operator, which ONNX Runtime computes faster than its single
/// steps. The input is named "input", the output as the graph's output node.
/// </remarks>
public static class OnnxExporter
{
    /// <summary>The model as the bytes of an .onnx file.</summary>
    /// <param name="parameters">The parameters, and with them the graph.</param>
    /// <param name="batch">Number of samples of a run.</param>
    /// <param name="sequenceLength">L, where the graph's input is a sequence of any length; otherwise null.</param>
    /// <exception cref="ArgumentException">The batch is less than 1, or the sequence length does not fit the graph.</exception>
    /// <exception cref="NotSupportedException">A layer has no counterpart here.</exception>
    public static byte[] Export(ParameterSet parameters, int batch, int? sequenceLength = null)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        Graph graph = parameters.Graph;
        if (batch < 1) throw new ArgumentException($"Export: the batch is {batch}; expected at least 1.", nameof(batch));
        if (graph.Input.Shape.IsDynamic != sequenceLength.HasValue)
            throw new ArgumentException($"Export: the graph's input is {graph.Input.Shape}, the sequence length {sequenceLength?.ToString() ?? "not given"}.", nameof(sequenceLength));
        if (sequenceLength < 1) throw new ArgumentException($"Export: the sequence length is {sequenceLength}; expected at least 1.", nameof(sequenceLength));

        var model = new OnnxModel();
        var shapes = new Dictionary<string, TensorShape>
        {
            [Graph.InputName] = new([.. graph.Input.Shape.Select(d => d == TensorShape.Dynamic ? sequenceLength!.Value : d)]),
        };
        model.Input(Graph.InputName, graph.Input.Type, WithBatch(shapes[Graph.InputName]));
        foreach (GraphNode node in graph.Nodes)
        {
            TensorShape[] inputs = [.. node.Inputs.Select(name => shapes[name])];
            shapes[node.Name] = node.Layer.InferShape(node.Name, inputs);
            new OnnxLayer(model, parameters, node, inputs, WithBatch(shapes[node.Name])).Write();
        }
        model.Output(graph.Output, WithBatch(shapes[graph.Output]));
        return model.ToArray();

        long[] WithBatch(TensorShape shape) => [batch, .. shape.Select(d => (long)d)];
    }
}
