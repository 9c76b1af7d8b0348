using OnDeviceLearning.Graphs;
using OnDeviceLearning.Learning;
using OnDeviceLearning.Tests.Graphs;

namespace OnDeviceLearning.Tests.Learning;

/// <summary>Pairs change nothing at first, have the gradient that the chain rule gives from the merged weight's, and merge into it.</summary>
public sealed class LoraGraphTests
{
    private static readonly TrainingOptions Sgd = new(new SoftmaxCrossEntropyLoss(), new SgdOptimizer(0), LearningRateSchedule.Constant(0));

    public static TheoryData<string, int, float> Cases => new()
    {
        { "convolutional", 2, 2 }, { "convolutional", 3, 12 }, { "transformer", 2, 2 }, { "transformer", 3, 4.5f },
    };

    private static (Graph Graph, int? Length) GraphOf(string kind) =>
        kind == "convolutional" ? (SmallGraphs.Convolutional(), null) : (SmallGraphs.Transformer(), 5);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Nothing_changes_at_first(string kind, int rank, float alpha)
    {
        using ComputeDevice device = ComputeDevice.OpenCpu(new CpuOptions { Threads = 1 });
        (Graph graph, int? length) = GraphOf(kind);
        using ParameterSet original = SmallGraphs.Parameters(device, graph, 1);
        var lora = new LoraGraph(graph, rank, alpha);
        using ParameterSet adapted = lora.CreateParameters(original, 7);
        // By training programs that leave normalisation alone: it is then no part of the layer before it, in neither graph.
        Assert.Equal(Forward(graph, original, n => !n.Contains("norm", StringComparison.Ordinal)), Forward(lora.Adapted, adapted, lora.IsFactor));
        using var merged = new ParameterSet(device, graph);
        lora.Merge(adapted, merged);
        foreach (GraphParameter p in graph.Parameters) Assert.Equal(SmallGraphs.Read(original, p.Name), SmallGraphs.Read(merged, p.Name));

        float[] Forward(Graph graph, ParameterSet parameters, Func<string, bool> trainable)
        {
            using TrainingProgram program = TrainingProgram.Plan(graph, parameters, 3, Sgd with { Trainable = trainable }, length);
            SetInput(program, graph, 3, length);
            program.Run();
            return SmallGraphs.Read(program.Output);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Merged_weights_give_what_the_pairs_gave(string kind, int rank, float alpha)
    {
        using ComputeDevice device = ComputeDevice.OpenCpu(new CpuOptions { Threads = 1 });
        (Graph graph, int? length) = GraphOf(kind);
        using ParameterSet original = SmallGraphs.Parameters(device, graph, 1);
        var lora = new LoraGraph(graph, rank, alpha);
        using ParameterSet adapted = Moved(lora, original);
        using var merged = new ParameterSet(device, graph);
        lora.Merge(adapted, merged);
        float[] before = Output(graph, original, length), pairs = Output(lora.Adapted, adapted, length), plain = Output(graph, merged, length);
        Assert.True(before.Zip(pairs, (a, b) => Math.Abs(a - b)).Max() > 0.01f, "the pairs moved nothing");
        for (int i = 0; i < plain.Length; i++) Assert.Equal(pairs[i], plain[i], 1e-5f);

        // Half way on the dial lies half way between the weights; at 0 are the original's bits.
        using var half = new ParameterSet(device, graph);
        lora.Merge(adapted, half, 0.5f);
        using var blended = new ParameterSet(device, graph);
        ParameterBlend.Write(original, merged, 0.5f, blended);
        foreach (GraphParameter p in graph.Parameters)
        {
            float[] a = SmallGraphs.Read(half, p.Name), b = SmallGraphs.Read(blended, p.Name);
            for (int i = 0; i < a.Length; i++) Assert.Equal(a[i], b[i], 1e-6f);
        }
        lora.Merge(adapted, half, 0);
        foreach (GraphParameter p in graph.Parameters) Assert.Equal(SmallGraphs.Read(original, p.Name), SmallGraphs.Read(half, p.Name));
    }

    // W = W0 + s B A, so dA = s B^T dW and dB = s dW A^T, where dW is the gradient of the merged weight.
    [Theory]
    [MemberData(nameof(Cases))]
    public void Gradients_follow_from_those_of_the_merged_weights(string kind, int rank, float alpha)
    {
        using ComputeDevice device = ComputeDevice.OpenCpu(new CpuOptions { Threads = 1 });
        (Graph graph, int? length) = GraphOf(kind);
        using ParameterSet original = SmallGraphs.Parameters(device, graph, 1);
        var lora = new LoraGraph(graph, rank, alpha);
        using ParameterSet adapted = Moved(lora, original);
        using var merged = new ParameterSet(device, graph);
        lora.Merge(adapted, merged);
        using TrainingProgram plain = TrainingProgram.Plan(graph, merged, 3, Sgd, length);
        using TrainingProgram pairs = TrainingProgram.Plan(lora.Adapted, adapted, 3, Sgd with { Trainable = lora.IsFactor }, length);
        foreach (TrainingProgram program in new[] { plain, pairs })
        {
            SetInput(program, graph, 3, length);
            program.SetTargets([1, 0, 4]);
            program.Run();
        }
        Assert.Equal(plain.Loss, pairs.Loss, 1e-5f);
        int checkedLayers = 0;
        foreach (GraphParameter p in lora.Adapted.Parameters.Where(p => p.Name.EndsWith(".lora.down.weight", StringComparison.Ordinal)))
        {
            string layer = p.Name[..^".lora.down.weight".Length];
            float[] a = SmallGraphs.Read(adapted, p.Name), b = SmallGraphs.Read(adapted, $"{layer}.lora.up.weight");
            int r = p.Shape[0], columns = a.Length / r, rows = b.Length / r;
            float[] w = Gradient(plain, $"{layer}.weight", rows * columns), da = Gradient(pairs, p.Name, a.Length), db = Gradient(pairs, $"{layer}.lora.up.weight", b.Length);
            double s = (double)alpha / rank;
            for (int k = 0; k < r; k++)
            {
                for (int i = 0; i < columns; i++)
                    Near(Enumerable.Range(0, rows).Sum(o => s * b[o * r + k] * w[o * columns + i]), da[k * columns + i], $"{layer} A");
                for (int o = 0; o < rows; o++)
                    Near(Enumerable.Range(0, columns).Sum(i => s * w[o * columns + i] * a[k * columns + i]), db[o * r + k], $"{layer} B");
            }
            checkedLayers++;
        }
        // All convolutions but the grouped one and the linear layer; all linear layers of the transformer.
        Assert.Equal(kind == "convolutional" ? 3 : 5, checkedLayers);

        static void Near(double expected, float actual, string what) =>
            Assert.True(Math.Abs(expected - actual) <= 1e-5 + 1e-4 * Math.Abs(expected), $"{what}: {actual}; expected {expected}");
    }

    [Fact]
    public void Only_the_factors_move_and_the_same_seed_gives_the_same_bits()
    {
        using ComputeDevice device = ComputeDevice.OpenCpu(new CpuOptions { Threads = 1 });
        Graph graph = SmallGraphs.Perceptron(6, 8, 3);
        using ParameterSet original = SmallGraphs.Parameters(device, graph, 1);
        var lora = new LoraGraph(graph, 2, 4);
        float[][] runs = [.. new[] { 5ul, 5ul, 6ul }.Select(seed =>
        {
            using ParameterSet adapted = lora.CreateParameters(original, seed);
            using TrainingProgram training = TrainingProgram.Plan(lora.Adapted, adapted, 2,
                new TrainingOptions(new SoftmaxCrossEntropyLoss(), new AdamWOptimizer(WeightDecay: 0), LearningRateSchedule.Constant(0.05f)) { Trainable = lora.IsFactor });
            training.SetInput(SmallGraphs.Random(new Random(1), 12));
            training.SetTargets([0, 2]);
            training.Run();
            float before = training.Loss;
            for (int i = 0; i < 60; i++) training.Run();
            Assert.True(training.Loss < 0.5f * before, $"loss {before} to {training.Loss}");
            foreach (GraphParameter p in graph.Parameters) Assert.Equal(SmallGraphs.Read(original, p.Name), SmallGraphs.Read(adapted, p.Name));
            using var merged = new ParameterSet(device, graph);
            lora.Merge(adapted, merged);
            return SmallGraphs.Read(merged, "hidden.weight");
        })];
        Assert.Equal(runs[0], runs[1]);
        Assert.NotEqual(runs[0], runs[2]);
    }

    [Fact]
    public void Impossible_ranks_and_graphs_are_refused()
    {
        Graph graph = SmallGraphs.Perceptron(4, 3, 2);
        Assert.Contains("rank is 0; expected 1 to 1024", Assert.Throws<ArgumentException>(() => new LoraGraph(graph, 0)).Message);
        Assert.Contains("alpha is NaN", Assert.Throws<ArgumentException>(() => new LoraGraph(graph, 1, float.NaN)).Message);
        Assert.Contains("no linear layer", Assert.Throws<ArgumentException>(() => new LoraGraph(graph, 1, 1, _ => false)).Message);
        using ComputeDevice device = ComputeDevice.OpenCpu(new CpuOptions { Threads = 1 });
        using var parameters = new ParameterSet(device, graph);
        var other = new LoraGraph(SmallGraphs.Perceptron(4, 3, 2));
        Assert.Contains("another graph", Assert.Throws<ArgumentException>(() => other.CreateParameters(parameters, 1)).Message);
        // No weight has a higher rank than its smaller side.
        Assert.Equal(2, new LoraGraph(graph, 100).Adapted.Parameters.Single(p => p.Name == "output.lora.down.weight").Shape[0]);
    }

    private static ParameterSet Moved(LoraGraph lora, ParameterSet original)
    {
        ParameterSet adapted = lora.CreateParameters(original, 7);
        var random = new Random(3);
        foreach (GraphParameter p in lora.Adapted.Parameters.Where(p => p.Name.EndsWith(".lora.up.weight", StringComparison.Ordinal)))
            adapted.Write(p.Name, [.. SmallGraphs.Random(random, (int)p.Shape.ElementCount).Select(x => 0.1f * x)]);
        return adapted;
    }

    private static float[] Output(Graph graph, ParameterSet parameters, int? length)
    {
        using ForwardProgram program = ForwardProgram.Plan(graph, parameters, 2, length);
        if (length is { } l) program.SetInput([.. Enumerable.Range(0, 2 * l).Select(i => i * 3 % SmallGraphs.Vocabulary)]);
        else program.SetInput(SmallGraphs.Random(new Random(2), program.Input.Length));
        program.Run();
        return SmallGraphs.Read(program.Output);
    }

    private static void SetInput(TrainingProgram program, Graph graph, int batch, int? length)
    {
        if (length is { } l) program.SetInput([.. Enumerable.Range(0, batch * l).Select(i => i * 3 % SmallGraphs.Vocabulary)]);
        else program.SetInput(SmallGraphs.Random(new Random(2), batch * (int)graph.Input.Shape.ElementCount));
    }

    private static float[] Gradient(TrainingProgram program, string name, int length)
    {
        var gradient = new float[length];
        program.ReadGradient(name, gradient);
        return gradient;
    }
}
