using OnDeviceLearning.Graphs;
using OnDeviceLearning.Learning;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Tests.Graphs;

/// <summary>A folded batch normalisation computes what a separate one does.</summary>
public sealed class BatchNormFoldingTests : IDisposable
{
    private readonly ComputeDevice device = ComputeDevice.OpenCpu(new CpuOptions { Threads = 1 });

    public void Dispose() => device.Dispose();

    [Fact]
    public void Folded_equals_unfolded_and_follows_the_parameters()
    {
        Graph graph = SmallGraphs.Convolutional();
        using ParameterSet parameters = SmallGraphs.Parameters(device, graph, 1);
        using ForwardProgram folded = ForwardProgram.Plan(graph, parameters, 3);
        using TrainingProgram separate = TrainingProgram.Plan(graph, parameters, 3,
            new TrainingOptions(new SoftmaxCrossEntropyLoss(), new SgdOptimizer(0), LearningRateSchedule.Constant(0.1f)));
        Assert.DoesNotContain(folded.Operations, o => o is BatchNorm);
        Assert.Equal(2, separate.Operations.Count(o => o is BatchNorm));

        float[] input = SmallGraphs.Random(new Random(2), 3 * 2 * 81);
        folded.SetInput(input);
        separate.SetInput(input);
        separate.SetTargets([0, 1, 2]);
        for (int update = 0; update < 3; update++)
        {
            folded.Run();
            separate.Run(); // changes the parameters after computing its output
            AssertClose(SmallGraphs.Read(separate.Output), SmallGraphs.Read(folded.Output));
        }
    }

    [Fact]
    public void A_linear_layer_before_a_vector_norm_is_folded()
    {
        var builder = new GraphBuilder(5);
        builder.Add("linear", new LinearLayer(5, 4, Bias: false));
        builder.Add("norm", new BatchNormLayer(4));
        Assert.Equal([typeof(MatMul)], Operations(builder.Build()));
    }

    [Fact]
    public void What_is_read_twice_or_has_channels_elsewhere_is_not_folded()
    {
        var twice = new GraphBuilder(2, 4, 4);
        twice.Add("conv", new Conv2dLayer(2, 2, 1, 1));
        twice.Add("norm", new BatchNormLayer(2));
        twice.Add("sum", new AddLayer(), "norm", "conv");
        Assert.Contains(typeof(BatchNorm), Operations(twice.Build()));

        var rows = new GraphBuilder(3, 5);
        rows.Add("linear", new LinearLayer(5, 3));
        rows.Add("norm", new BatchNormLayer(3));
        Assert.Contains(typeof(BatchNorm), Operations(rows.Build()));

        var first = new GraphBuilder(3, 5, 5);
        first.Add("norm", new BatchNormLayer(3));
        Assert.Contains(typeof(BatchNorm), Operations(first.Build()));
    }

    [Fact]
    public void A_flattened_output_is_not_copied_unless_it_is_the_input()
    {
        var convolution = new GraphBuilder(2, 4, 4);
        convolution.Add("conv", new Conv2dLayer(2, 2, 1, 1));
        convolution.Add("flat", new FlattenLayer());
        Assert.Equal([typeof(Conv2d)], Operations(convolution.Build()));

        var alone = new GraphBuilder(2, 4, 4);
        alone.Add("flat", new FlattenLayer());
        Graph graph = alone.Build();
        using ParameterSet parameters = new(device, graph);
        using ForwardProgram program = ForwardProgram.Plan(graph, parameters, 2);
        float[] input = SmallGraphs.Random(new Random(1), 64);
        program.SetInput(input);
        program.Run();
        Assert.Equal(input, SmallGraphs.Read(program.Output));
    }

    private Type[] Operations(Graph graph)
    {
        using ParameterSet parameters = SmallGraphs.Parameters(device, graph, 1);
        using ForwardProgram program = ForwardProgram.Plan(graph, parameters, 2);
        return [.. program.Operations.Select(o => o.GetType())];
    }

    private static void AssertClose(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 1e-4f);
    }
}
