using Microsoft.ML.OnnxRuntime;
using OnDeviceLearning.Graphs;
using OnDeviceLearning.Pretraining.Onnx;
using Xunit.Abstractions;

namespace OnDeviceLearning.PretrainingTests;

/// <summary>Exported models in ONNX Runtime against the runtime: every kind of layer, with and without ONNX Runtime's own rewriting.</summary>
public sealed class OnnxParityTests(ITestOutputHelper log) : TorchTests
{
    /// <summary>Of the largest element: between two runtimes that both round to 24 bits, a hundred roundings.</summary>
    private const double Tolerance = 1e-5;

    public static TheoryData<string> Names => LayerParityTests.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public void An_exported_layer_computes_the_same(string name)
    {
        LayerCase layer = LayerCases.All.Single(c => c.Name == name);
        Graph graph = layer.Build();
        using ParameterSet parameters = ParameterSet.Load(device, graph, TwinModel.RandomValues(graph, seed: 11));
        ModelInput input = ModelInput.Random(graph, layer.Batch, layer.Length, new Random(12));
        using ForwardProgram forward = ForwardProgram.Plan(graph, parameters, layer.Batch, layer.Length);
        input.Give(forward.SetInput, forward.SetInput);
        forward.Run();
        float[] expected = TwinModel.Read(forward.Output);

        byte[] model = OnnxExporter.Export(parameters, layer.Batch, layer.Length);
        foreach (GraphOptimizationLevel level in (GraphOptimizationLevel[])[GraphOptimizationLevel.ORT_DISABLE_ALL, GraphOptimizationLevel.ORT_ENABLE_ALL])
        {
            (float[] actual, long[] shape) = Run(model, graph, input, level);
            Assert.Equal([layer.Batch, .. forward.OutputShape.Select(d => (long)d)], shape);
            double error = Results.LargestError(actual, expected);
            log.WriteLine($"{name}\t{level}\t{error:E1}");
            Assert.True(error <= Tolerance, $"{name}, {level}: the output differs by {error:E2}; expected at most {Tolerance:E0}.");
        }
    }

    [Fact]
    public void A_size_that_does_not_fit_the_graph_is_refused()
    {
        Graph vectors = LayerCases.All.Single(c => c.Name == "linear").Build(), tokens = LayerCases.All.Single(c => c.Name == "embedding").Build();
        using var ofVectors = new ParameterSet(device, vectors);
        using var ofTokens = new ParameterSet(device, tokens);
        Assert.Contains("the batch is 0", Assert.Throws<ArgumentException>(() => OnnxExporter.Export(ofVectors, 0)).Message);
        Assert.Contains("the sequence length 4", Assert.Throws<ArgumentException>(() => OnnxExporter.Export(ofVectors, 1, 4)).Message);
        Assert.Contains("not given", Assert.Throws<ArgumentException>(() => OnnxExporter.Export(ofTokens, 1)).Message);
        Assert.Contains("is 0; expected at least 1", Assert.Throws<ArgumentException>(() => OnnxExporter.Export(ofTokens, 1, 0)).Message);
    }

    private static (float[] Values, long[] Shape) Run(byte[] model, Graph graph, ModelInput input, GraphOptimizationLevel level)
    {
        using var options = new SessionOptions { GraphOptimizationLevel = level, IntraOpNumThreads = 1, InterOpNumThreads = 1 };
        using var session = new InferenceSession(model, options);
        long[] shape = [input.Batch, .. graph.Input.Shape.Select(d => d == TensorShape.Dynamic ? (long)input.Length!.Value : d)];
        using OrtValue value = input.Values is { } values ? OrtValue.CreateTensorValueFromMemory(values, shape) : OrtValue.CreateTensorValueFromMemory(input.Ids!, shape);
        using var run = new RunOptions();
        using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(run, ["input"], [value], session.OutputNames);
        return (outputs[0].GetTensorDataAsSpan<float>().ToArray(), outputs[0].GetTensorTypeAndShape().Shape);
    }
}
