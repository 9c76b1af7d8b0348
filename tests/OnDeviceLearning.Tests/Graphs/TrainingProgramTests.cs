using System.Diagnostics;
using OnDeviceLearning.Graphs;
using OnDeviceLearning.Learning;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Tests.Graphs;

/// <summary>Training learns, from the cut on, in slices, without allocating, and the same bits whatever the threads.</summary>
public sealed class TrainingProgramTests
{
    private static readonly TrainingOptions Adam = new(new SoftmaxCrossEntropyLoss(), new AdamWOptimizer(WeightDecay: 0), LearningRateSchedule.Constant(0.02f));

    private static ComputeDevice Cpu(int threads = 1) => ComputeDevice.OpenCpu(new CpuOptions { Threads = threads });

    [Fact]
    public void Learns_xor()
    {
        using ComputeDevice device = Cpu();
        Graph graph = SmallGraphs.Perceptron(2, 8, 2);
        using ParameterSet parameters = SmallGraphs.Parameters(device, graph, 1);
        using TrainingProgram training = TrainingProgram.Plan(graph, parameters, 4, Adam);
        float[] inputs = [0, 0, 0, 1, 1, 0, 1, 1];
        training.SetInput(inputs);
        training.SetTargets([0, 1, 1, 0]);
        training.Run();
        float before = training.Loss;
        for (int i = 0; i < 300; i++) training.Run();
        Assert.True(training.Loss < 0.05f && before > 0.5f, $"loss {before} to {training.Loss}");
        Assert.Equal(301, training.Step);

        using ForwardProgram inference = ForwardProgram.Plan(graph, parameters, 4);
        inference.SetInput(inputs);
        inference.Run();
        float[] logits = SmallGraphs.Read(inference.Output);
        Assert.Equal([false, true, true, false], Enumerable.Range(0, 4).Select(i => logits[2 * i + 1] > logits[2 * i]));
    }

    [Fact]
    public void Sgd_with_momentum_learns_the_first_token_of_a_sequence()
    {
        using ComputeDevice device = Cpu();
        Graph graph = SmallGraphs.Transformer();
        using ParameterSet parameters = SmallGraphs.Parameters(device, graph, 1);
        using TrainingProgram training = TrainingProgram.Plan(graph, parameters, 4,
            new TrainingOptions(new CosineCrossEntropyLoss(4, 8), new SgdOptimizer(0.9f), LearningRateSchedule.Cosine(0.05f, 5, 120)) { ClipNorm = 1 }, 3);
        training.SetInput([0, 5, 6, 1, 6, 5, 2, 5, 5, 3, 6, 6]);
        training.SetTargets([0, 1, 2, 3]);
        training.SetClassEmbeddings([1, 0, 0, 0, 0, 0, /**/ 0, 1, 0, 0, 0, 0, /**/ 0, 0, 1, 0, 0, 0, /**/ 0, 0, 0, 1, 0, 0]);
        for (int i = 0; i < 120; i++) training.Run();
        Assert.True(training.Loss < 0.2f, $"loss {training.Loss}");
    }

    [Fact]
    public void Nothing_before_the_cut_is_computed_backwards()
    {
        using ComputeDevice device = Cpu();
        Graph graph = SmallGraphs.Convolutional();
        using ParameterSet parameters = SmallGraphs.Parameters(device, graph, 1);

        string[] Backward(Func<string, bool> trainable)
        {
            using TrainingProgram program = TrainingProgram.Plan(graph, parameters, 2, Adam with { Trainable = trainable });
            return [.. program.Operations.Skip(program.ForwardOperations).Take(program.BackwardOperations).Select(o => o.Name)];
        }
        Assert.Equal(["Fill", "MatMul", "BiasGradient"], Backward(n => n.StartsWith("head.", StringComparison.Ordinal)));
        Assert.Equal(["Fill", "BiasGradient"], Backward(n => n == "head.bias"));
        // head.dx, the two halves of the concatenation (only the first leads to the norm), pool, group norm's affine.
        Assert.Equal(["Fill", "MatMul", "Copy", "MaxPool2dGradient", "GroupNormAffineGradient"], Backward(n => n.StartsWith("down.norm.", StringComparison.Ordinal)));
        // All of it: still no gradient for the input, so one input gradient less than convolutions.
        string[] all = Backward(_ => true);
        Assert.Equal(3, all.Count(n => n == "Conv2dWeightGradient"));
        Assert.Equal(2, all.Count(n => n == "Conv2dInputGradient"));
    }

    [Fact]
    public void Frozen_parameters_and_statistics_stay()
    {
        using ComputeDevice device = Cpu();
        Graph graph = SmallGraphs.Convolutional();
        using ParameterSet parameters = SmallGraphs.Parameters(device, graph, 1);
        Dictionary<string, float[]> before = graph.Parameters.ToDictionary(p => p.Name, p => SmallGraphs.Read(parameters, p.Name));
        // One of two parameters that one operation gives gradients for, and parameters that are no neighbours.
        string[] trained = ["stem.norm.bias", "block.conv.weight", "head.weight", "head.bias"];
        using TrainingProgram training = TrainingProgram.Plan(graph, parameters, 2, Adam with { Trainable = n => trained.Contains(n) || n.EndsWith(".mean", StringComparison.Ordinal) });
        training.SetInput(SmallGraphs.Random(new Random(1), 2 * 162));
        training.SetTargets([1, 2]);
        for (int i = 0; i < 3; i++) training.Run();
        foreach ((string name, float[] values) in before)
            Assert.True(values.SequenceEqual(SmallGraphs.Read(parameters, name)) != trained.Contains(name), name);
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(3, false)]
    [InlineData(1, true)]
    [InlineData(3, true)]
    public void Same_bits_with_any_threads_and_slices(int threads, bool sliced)
    {
        uint[] expected = Train(1, sliced: false), actual = Train(threads, sliced);
        Assert.Equal(expected, actual);
    }

    [Fact]
    public void Replaying_allocates_nothing()
    {
        using ComputeDevice device = Cpu();
        Graph graph = SmallGraphs.Convolutional();
        using ParameterSet parameters = SmallGraphs.Parameters(device, graph, 1);
        using TrainingProgram training = TrainingProgram.Plan(graph, parameters, 2, Adam with { ClipNorm = 1, Pull = 0.01f });
        using ForwardProgram inference = ForwardProgram.Plan(graph, parameters, 2);
        float[] input = SmallGraphs.Random(new Random(1), 2 * 162), output = new float[10];
        int[] targets = [1, 2];
        float loss = 0;
        void Frame()
        {
            training.SetInput(input);
            training.SetTargets(targets);
            training.Restart();
            while (!training.Advance(Stopwatch.GetTimestamp() + 100, atLeastOne: true)) { }
            loss += training.Loss;
            inference.SetInput(input);
            inference.Run(); // folds anew: the parameters have changed
            inference.Output.Read(output);
        }
        for (int i = 0; i < 50; i++) Frame();
        Assert.Equal(0, Allocated.Least(() =>
        {
            for (int i = 0; i < 20; i++) Frame();
        }));
    }

    [Fact]
    public void Reset_begins_the_optimizer_anew()
    {
        using ComputeDevice device = Cpu();
        Graph graph = SmallGraphs.Perceptron(2, 8, 2);
        using ParameterSet parameters = SmallGraphs.Parameters(device, graph, 1);
        using TrainingProgram training = TrainingProgram.Plan(graph, parameters, 4, Adam);
        training.SetInput([0f, 0, 0, 1, 1, 0, 1, 1]);
        training.SetTargets([0, 1, 1, 0]);
        float[] Run()
        {
            using ParameterSet initial = SmallGraphs.Parameters(device, graph, 1);
            foreach (GraphParameter p in graph.Parameters) parameters.Write(p.Name, SmallGraphs.Read(initial, p.Name));
            training.Reset();
            for (int i = 0; i < 5; i++) training.Run();
            return [.. graph.Parameters.SelectMany(p => SmallGraphs.Read(parameters, p.Name))];
        }
        Assert.Equal(Run(), Run());
    }

    [Fact]
    public void An_update_given_up_half_way_counts_as_a_change_of_the_parameters()
    {
        using ComputeDevice device = Cpu();
        Graph graph = SmallGraphs.Perceptron(2, 8, 2);
        using ParameterSet parameters = SmallGraphs.Parameters(device, graph, 1);
        using TrainingProgram training = TrainingProgram.Plan(graph, parameters, 4, Adam);
        training.Restart();
        long before = parameters.Version;
        training.Restart();
        Assert.True(parameters.Version > before);
    }

    [Fact]
    public void Misuse_says_what_is_wrong()
    {
        using ComputeDevice device = Cpu();
        Graph graph = SmallGraphs.Perceptron(2, 8, 3), text = SmallGraphs.Transformer();
        using ParameterSet parameters = new(device, graph), textParameters = new(device, text);
        using TrainingProgram training = TrainingProgram.Plan(graph, parameters, 2, Adam);
        using ForwardProgram tokens = ForwardProgram.Plan(text, textParameters, 1, 3);
        Says<ArgumentException>("Plan: no parameter is trainable.", () => TrainingProgram.Plan(graph, parameters, 2, Adam with { Trainable = _ => false }));
        Says<ArgumentException>("Plan: ClipNorm is 0; expected a positive number.", () => TrainingProgram.Plan(graph, parameters, 2, Adam with { ClipNorm = 0 }));
        Says<ArgumentException>("Plan: Pull is NaN; expected 0 or more.", () => TrainingProgram.Plan(graph, parameters, 2, Adam with { Pull = float.NaN }));
        Says<ArgumentException>("Plan: LabelSmoothing is 2; expected 0 to below 1.", () => TrainingProgram.Plan(graph, parameters, 2, Adam with { Loss = new SoftmaxCrossEntropyLoss(2) }));
        Says<ArgumentException>("SetInput: 3 elements; expected 4.", () => training.SetInput([1f, 2, 3]));
        Says<ArgumentException>("SetTargets: target 1 is 3; expected 0..2.", () => training.SetTargets([0, 3]));
        Says<ArgumentException>("SetInput: id 2 is 11; expected 0..10.", () => tokens.SetInput([0, 1, 11]));
        Says<ArgumentException>("SetInput: id 0 is -1; expected 0..10.", () => tokens.SetInput([-1, 1, 1]));
        Says<ArgumentException>("ReadGradient: 'x' is not trained.", () => training.ReadGradient("x", []));
        Says<ArgumentException>("Write: parameter 'output.bias' has 3 elements; got 2.", () => parameters.Write("output.bias", [1, 2]));
        Says<ArgumentException>("Read: no parameter is named 'x'.", () => parameters.Read("x", []));
        Says<InvalidOperationException>("SetClassWeights: SoftmaxCrossEntropyLoss has no such input.", () => training.SetClassWeights([1, 1, 1]));
    }

    [Fact]
    public void Parameters_from_a_file_are_checked()
    {
        using ComputeDevice device = Cpu();
        var builder = new GraphBuilder(2);
        builder.Add("norm", new BatchNormLayer(2));
        Graph graph = builder.Build();
        var good = new Dictionary<string, float[]> { ["norm.weight"] = [1, 1], ["norm.bias"] = [0, 0], ["norm.mean"] = [0, 0], ["norm.variance"] = [1, 0] };
        using (ParameterSet set = ParameterSet.Load(device, graph, good)) Assert.Equal([1, 0], SmallGraphs.Read(set, "norm.variance"));

        void Refused(string message, string name, float[]? values)
        {
            var bad = new Dictionary<string, float[]>(good);
            if (values is null) bad.Remove(name);
            else bad[name] = values;
            Says<ModelFormatException>(message, () => ParameterSet.Load(device, graph, bad));
        }
        Refused("Parameter 'norm.bias' is missing; expected [2].", "norm.bias", null);
        Refused("Parameter 'norm.bias' has 3 elements; expected [2].", "norm.bias", [1, 2, 3]);
        Refused("Parameter 'norm.bias' holds NaN at index 1.", "norm.bias", [1, float.NaN]);
        Refused("Parameter 'norm.variance' holds -1 at index 0.", "norm.variance", [-1, 1]);
        Refused("Parameter 'other.bias' belongs to no node of the graph.", "other.bias", [1]);
    }

    [Fact]
    public void The_learning_rate_warms_up_and_follows_a_cosine()
    {
        LearningRateSchedule schedule = LearningRateSchedule.Cosine(1, 4, 14, 0.1f);
        Assert.Equal([0.25f, 0.5f, 0.75f, 1], Enumerable.Range(0, 4).Select(schedule.At));
        Assert.Equal(1, schedule.At(4), 1e-6f);
        Assert.Equal(0.55f, schedule.At(9), 1e-6f);
        Assert.Equal(0.1f, schedule.At(14), 1e-6f);
        Assert.Equal(0.1f, schedule.At(1000), 1e-6f);
        Assert.Equal(0.3f, LearningRateSchedule.Constant(0.3f).At(77));
    }

    private static uint[] Train(int threads, bool sliced)
    {
        using ComputeDevice device = Cpu(threads);
        Graph graph = SmallGraphs.Convolutional();
        using ParameterSet parameters = SmallGraphs.Parameters(device, graph, 1);
        using TrainingProgram training = TrainingProgram.Plan(graph, parameters, 16, Adam with { ClipNorm = 1, Pull = 0.01f });
        training.SetInput(SmallGraphs.Random(new Random(1), 16 * 162));
        training.SetTargets([.. Enumerable.Range(0, 16).Select(i => i % 5)]);
        for (int i = 0; i < 5; i++)
        {
            training.Restart();
            while (!training.Advance(sliced ? 0 : long.MaxValue, atLeastOne: true)) { }
        }
        return [.. graph.Parameters.SelectMany(p => SmallGraphs.Read(parameters, p.Name)).Append(training.Loss).Select(BitConverter.SingleToUInt32Bits)];
    }

    private static void Says<T>(string message, Action action) where T : Exception =>
        Assert.StartsWith(message, Assert.ThrowsAny<T>(action).Message, StringComparison.Ordinal);
}
