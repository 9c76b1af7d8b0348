using OnDeviceLearning.Graphs;
using OnDeviceLearning.Learning;
using OnDeviceLearning.Operations;
using OnDeviceLearning.Tests.Graphs;

namespace OnDeviceLearning.Tests.Learning;

/// <summary>Which parameters move, and that a run goes on from where it was left.</summary>
public sealed class TunedParametersTests
{
    [Fact]
    public void The_last_block_of_a_chain_is_its_last_two_layers_with_weights()
    {
        var graph = new GraphBuilder(1, 8, 8);
        graph.Add("a", new Conv2dLayer(1, 4, 3, 3));
        graph.Add("b", new Conv2dLayer(4, 4, 3, 3, Bias: false));
        graph.Add("b.norm", new BatchNormLayer(4));
        graph.Add("b.relu", new ActivationLayer(ActivationKind.Relu));
        graph.Add("flat", new FlattenLayer());
        graph.Add("c", new LinearLayer(64, 5));
        Graph chain = graph.Build();
        Assert.Equal(["b", "b.norm", "b.relu", "flat", "c"], TunedParameters.LastBlock(chain));
        Assert.Equal(["b.weight", "b.norm.weight", "b.norm.bias", "c.weight", "c.bias"], TunedParameters.Of(chain, EncoderTuning.LastBlock));
        Assert.Equal(["b.norm.weight", "b.norm.bias"], TunedParameters.Of(chain, EncoderTuning.NormOnly));
        Assert.Equal(7, TunedParameters.Of(chain, EncoderTuning.All).Count);
        Assert.Empty(TunedParameters.Of(chain, EncoderTuning.None));
    }

    [Fact]
    public void A_residual_block_is_not_cut_in_two()
    {
        // The projection is one layer with weights; both of the block before it come along.
        Assert.Equal(
            ["norm2", "mlp.in", "mlp.act", "mlp.out", "add2", "mean", "last", "soft", "both", "projection", "embedding"],
            TunedParameters.LastBlock(SmallGraphs.Transformer()));
        // Two branches from "block.act" on: the cut lies before both.
        Assert.Equal("down", TunedParameters.LastBlock(SmallGraphs.Convolutional())[0]);
    }

    [Fact]
    public void What_is_not_there_cannot_move()
    {
        Graph graph = SmallGraphs.Perceptron(3, 4, 2);
        Assert.Equal(3, TunedParameters.LastBlock(graph).Count);
        Assert.Contains("NormOnly", Assert.Throws<ArgumentException>(() => TunedParameters.Of(graph, EncoderTuning.NormOnly)).Message);
        Assert.Contains("LoraGraph", Assert.Throws<ArgumentException>(() => TunedParameters.Of(graph, EncoderTuning.Lora)).Message);
        Assert.Contains("tuning is 9", Assert.Throws<ArgumentException>(() => TunedParameters.Of(graph, (EncoderTuning)9)).Message);
    }

    // |w - w0|^2 has the gradient 2 (w - w0), here and nowhere else.
    [Fact]
    public void The_pull_adds_its_gradient()
    {
        using ComputeDevice device = ComputeDevice.OpenCpu(new CpuOptions { Threads = 1 });
        Graph graph = SmallGraphs.Convolutional();
        using ParameterSet parameters = SmallGraphs.Parameters(device, graph, 1), shipped = SmallGraphs.Parameters(device, graph, 2);
        float[][] gradients = [.. new[] { 0f, 0.25f }.Select(pull =>
        {
            using TrainingProgram program = TrainingProgram.Plan(graph, parameters, 2,
                new TrainingOptions(new SoftmaxCrossEntropyLoss(), new SgdOptimizer(0), LearningRateSchedule.Constant(0)) { Pull = pull, PullTarget = shipped });
            program.SetInput(SmallGraphs.Random(new Random(1), 2 * 162));
            program.SetTargets([1, 2]);
            program.Run();
            var gradient = new float[330];
            program.ReadGradient("head.weight", gradient);
            return gradient;
        })];
        float[] w = SmallGraphs.Read(parameters, "head.weight"), w0 = SmallGraphs.Read(shipped, "head.weight");
        for (int i = 0; i < w.Length; i++) Assert.Equal(0.5f * (w[i] - w0[i]), gradients[1][i] - gradients[0][i], 1e-5f);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_run_goes_on_from_its_state_bit_for_bit(bool adam)
    {
        using ComputeDevice device = ComputeDevice.OpenCpu(new CpuOptions { Threads = 1 });
        Graph graph = SmallGraphs.Convolutional();
        Optimizer optimizer = adam ? new AdamWOptimizer() : new SgdOptimizer(0.9f);
        var options = new TrainingOptions(new SoftmaxCrossEntropyLoss(), optimizer, LearningRateSchedule.Cosine(0.02f, 2, 10))
        {
            Trainable = n => n.StartsWith("stem.norm.", StringComparison.Ordinal) || n.StartsWith("head.", StringComparison.Ordinal),
        };
        using ParameterSet straight = SmallGraphs.Parameters(device, graph, 1), first = SmallGraphs.Parameters(device, graph, 1), second = SmallGraphs.Parameters(device, graph, 1);
        using TrainingProgram whole = TrainingProgram.Plan(graph, straight, 2, options), begun = TrainingProgram.Plan(graph, first, 2, options), resumed = TrainingProgram.Plan(graph, second, 2, options);
        Run(whole, 6);
        Run(begun, 2);
        TrainingState state = begun.Capture();
        Assert.Equal(2, state.Step);
        Assert.Equal(adam ? 2 : 1, state.Moments.Length);
        begun.Restart();
        Assert.Throws<InvalidOperationException>(() => begun.Capture());
        resumed.Restore(state);
        Run(resumed, 4);
        foreach (GraphParameter p in graph.Parameters) Assert.Equal(SmallGraphs.Read(straight, p.Name), SmallGraphs.Read(second, p.Name));

        static void Run(TrainingProgram program, int updates)
        {
            for (int i = 0; i < updates; i++)
            {
                program.SetInput(SmallGraphs.Random(new Random(program.Step), 2 * 162));
                program.SetTargets([program.Step % 5, 2]);
                program.Run();
            }
        }
    }
}
