using OnDeviceLearning.Graphs;
using OnDeviceLearning.Pretraining.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace OnDeviceLearning.Benchmarks;

/// <summary>A runtime graph with the given parameters in TorchSharp.</summary>
internal static class TorchModel
{
    public static TorchGraph Create(Graph graph, IReadOnlyDictionary<string, float[]> parameters)
    {
        var model = new TorchGraph(graph);
        using IDisposable frozen = no_grad();
        foreach ((string name, Tensor value) in model.Parameters)
        {
            using Tensor given = tensor(parameters[name]);
            value.copy_(given.view(value.shape));
        }
        return model;
    }

    public static void Free(TorchGraph model)
    {
        foreach (Tensor parameter in model.Parameters.Values) parameter.Dispose();
    }

    /// <summary>The elements in row-major order.</summary>
    public static float[] Values(this Tensor tensor)
    {
        using Tensor flat = tensor.detach().contiguous();
        return flat.data<float>().ToArray();
    }
}
