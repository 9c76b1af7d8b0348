using OnDeviceLearning.Graphs;
using OnDeviceLearning.Learning;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Tests.Graphs;

/// <summary>What stands behind a product is computed with it, where nobody else needs what is between.</summary>
public sealed class EpilogueFusionTests : IDisposable
{
    private readonly ComputeDevice device = ComputeDevice.OpenCpu(new CpuOptions { Threads = 1 });

    public void Dispose() => device.Dispose();

    private static GraphBuilder Residual(ActivationKind kind)
    {
        var graph = new GraphBuilder(4, 5, 5);
        string stem = graph.Add("stem", new Conv2dLayer(4, 4, 1, 1));
        graph.Add("conv", new Conv2dLayer(4, 4, 3, 3, 1, 1));
        graph.Add("norm", new BatchNormLayer(4));
        graph.Add("add", new AddLayer(), "norm", stem);
        graph.Add("act", new ActivationLayer(kind));
        graph.Add("flat", new FlattenLayer());
        graph.Add("head", new LinearLayer(100, 3));
        return graph;
    }

    [Fact]
    public void A_residual_block_is_one_operation()
    {
        Graph graph = Residual(ActivationKind.Silu).Build();
        using ParameterSet parameters = SmallGraphs.Parameters(device, graph, 1);
        using ForwardProgram program = ForwardProgram.Plan(graph, parameters, 2);
        Assert.Equal(
            [
                new Conv2d(2, 4, 5, 5, 4, 1, 1, HasBias: true),
                new Conv2d(2, 4, 5, 5, 4, 3, 3, 1, 1, HasBias: true, HasResidual: true, Activation: ActivationKind.Silu),
                new MatMul(1, 2, 3, 100, TransposeB: true, HasBias: true),
            ],
            program.Operations);
    }

    [Fact]
    public void Of_two_products_that_are_added_the_later_takes_the_earlier_as_its_residual()
    {
        var builder = new GraphBuilder(6);
        builder.Add("a", new LinearLayer(6, 6));
        builder.Add("b", new LinearLayer(6, 6), Graph.InputName);
        builder.Add("sum", new AddLayer(), "a", "b");
        Graph graph = builder.Build();
        using ParameterSet parameters = SmallGraphs.Parameters(device, graph, 1);
        using ForwardProgram program = ForwardProgram.Plan(graph, parameters, 2);
        MatMul plain = new(1, 2, 6, 6, TransposeB: true, HasBias: true);
        Assert.Equal([plain, plain with { HasResidual = true }], program.Operations);
    }

    [Fact]
    public void What_two_nodes_read_is_kept()
    {
        var builder = new GraphBuilder(6);
        builder.Add("a", new LinearLayer(6, 6));
        builder.Add("relu", new ActivationLayer(ActivationKind.Relu));
        builder.Add("sum", new AddLayer(), "a", "relu");
        Graph graph = builder.Build();
        using ParameterSet parameters = SmallGraphs.Parameters(device, graph, 1);
        using ForwardProgram program = ForwardProgram.Plan(graph, parameters, 2);
        Assert.Equal([typeof(MatMul), typeof(Activation), typeof(Add)], program.Operations.Select(o => o.GetType()));
    }

    [Theory]
    [InlineData(ActivationKind.Relu, true)]
    [InlineData(ActivationKind.Gelu, false)]
    public void In_training_only_an_activation_whose_slope_its_output_tells_is_fused(ActivationKind kind, bool fused)
    {
        Graph graph = SmallGraphs.Perceptron(5, 7, 3, kind);
        using ParameterSet parameters = SmallGraphs.Parameters(device, graph, 1);
        TrainingOptions options = new(new SoftmaxCrossEntropyLoss(), new SgdOptimizer(0), LearningRateSchedule.Constant(0.1f));
        using TrainingProgram program = TrainingProgram.Plan(graph, parameters, 2, options);
        Assert.Equal(!fused, program.Operations.Any(o => o is Activation));
        Assert.Equal(fused, program.Operations.Any(o => o is MatMul { Activation: ActivationKind.Relu }));
    }

    [Theory]
    [InlineData(ActivationKind.Relu)]
    [InlineData(ActivationKind.Tanh)]
    public void A_fused_training_program_computes_what_an_inference_program_does_and_both_follow_the_parameters(ActivationKind kind)
    {
        Graph graph = Residual(kind).Build();
        using ParameterSet parameters = SmallGraphs.Parameters(device, graph, 1);
        TrainingOptions options = new(new SoftmaxCrossEntropyLoss(), new SgdOptimizer(0), LearningRateSchedule.Constant(0.1f));
        using TrainingProgram training = TrainingProgram.Plan(graph, parameters, 2, options);
        using ForwardProgram forward = ForwardProgram.Plan(graph, parameters, 2);
        float[] input = SmallGraphs.Random(new Random(2), 2 * 100);
        forward.SetInput(input);
        training.SetInput(input);
        training.SetTargets([0, 2]);
        for (int update = 0; update < 3; update++)
        {
            forward.Run();
            training.Run(); // changes the parameters after computing its output
            float[] expected = SmallGraphs.Read(training.Output), actual = SmallGraphs.Read(forward.Output);
            for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 1e-4f);
        }
    }
}
