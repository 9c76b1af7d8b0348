using OnDeviceLearning.Graphs;
using Xunit.Abstractions;

namespace OnDeviceLearning.PretrainingTests;

/// <summary>Outputs and gradients of every layer in the runtime against torch's.</summary>
public sealed class LayerParityTests(ITestOutputHelper log) : TorchTests
{
    public static TheoryData<string> Names => [.. LayerCases.All.Select(c => c.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Agrees_with_torch(string name)
    {
        LayerCase layer = LayerCases.All.Single(c => c.Name == name);
        Assert.True(layer.Tolerance <= LayerCases.Limit, $"{name}: a tolerance of {layer.Tolerance} is more than {LayerCases.Limit}.");
        Graph graph = layer.Build();
        using var model = new TwinModel(device, graph, TwinModel.RandomValues(graph, seed: 11));
        var random = new Random(12);
        ModelInput input = ModelInput.Random(graph, layer.Batch, layer.Length, random);
        int outputs = layer.Batch * graph.OutputShape.Aggregate(1, (product, d) => product * (d == TensorShape.Dynamic ? layer.Length!.Value : d));
        float[] outputGradient = ModelInput.RandomValues(outputs, random);

        Results expected = model.RunTorch(input.ToTensor(graph), outputGradient), actual = model.Run(input, outputGradient);
        (string worst, double error) = actual.LargestErrors(expected).MaxBy(e => e.Error);
        log.WriteLine($"PARITY\t{name}\t{error:E1}\t{worst}\t{layer.Tolerance:E0}");
        Assert.True(error <= layer.Tolerance, $"{name}: {worst} differs by {error:E2}; expected at most {layer.Tolerance:E0}.");
    }

    [Fact]
    public void Every_kind_of_layer_has_a_case()
    {
        IEnumerable<Type> kinds = typeof(Layer).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(Layer)) && !t.IsAbstract);
        HashSet<Type> covered = [.. LayerCases.All.SelectMany(c => c.Build().Nodes).Select(n => n.Layer.GetType())];
        Assert.DoesNotContain(kinds, kind => !covered.Contains(kind));
    }
}
