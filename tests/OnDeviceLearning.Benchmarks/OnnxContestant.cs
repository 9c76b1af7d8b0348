using Microsoft.ML.OnnxRuntime;
using OnDeviceLearning.Graphs;
using OnDeviceLearning.Pretraining.Onnx;

namespace OnDeviceLearning.Benchmarks;

/// <summary>
/// ONNX Runtime running a graph exported to ONNX: all graph optimisations, its threads free to spin as they do by default,
/// input and output bound once, so that a run is nothing but a run.
/// </summary>
internal sealed class OnnxContestant : IDisposable
{
    private readonly List<IDisposable> owned = [];
    private readonly InferenceSession session;
    private readonly RunOptions run;
    private readonly OrtIoBinding binding;
    private readonly float[] output;

    public OnnxContestant(ParameterSet parameters, int batch, int? sequenceLength, NetworkInput input, long[] outputShape, int threads)
    {
        SessionOptions options = Own(new SessionOptions
        {
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            IntraOpNumThreads = threads,
            InterOpNumThreads = 1,
        });
        session = Own(new InferenceSession(OnnxExporter.Export(parameters, batch, sequenceLength), options));
        run = Own(new RunOptions());
        binding = Own(session.CreateIoBinding());
        output = new float[outputShape.Aggregate(1L, (product, d) => product * d)];
        binding.BindInput("input", Own(input.Values is { } values
            ? OrtValue.CreateTensorValueFromMemory(values, input.Shape)
            : OrtValue.CreateTensorValueFromMemory(input.Ids!, input.Shape)));
        binding.BindOutput(session.OutputNames[0], Own(OrtValue.CreateTensorValueFromMemory(output, outputShape)));
    }

    public ReadOnlySpan<float> Output => output;

    public void Run() => session.RunWithBinding(run, binding);

    public void Dispose()
    {
        for (int i = owned.Count - 1; i >= 0; i--) owned[i].Dispose();
        owned.Clear();
    }

    private T Own<T>(T resource) where T : IDisposable
    {
        owned.Add(resource);
        return resource;
    }
}
