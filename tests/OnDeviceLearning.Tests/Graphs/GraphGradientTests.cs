using OnDeviceLearning.Graphs;
using OnDeviceLearning.Learning;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Tests.Graphs;

/// <summary>
/// Gradients of whole networks against central differences: along the gradient itself the slope is its norm, along a
/// random direction the dot product.
/// </summary>
public sealed class GraphGradientTests : IDisposable
{
    private const int Batch = 3;

    private readonly ComputeDevice device = ComputeDevice.OpenCpu(new CpuOptions { Threads = 1 });

    public void Dispose() => device.Dispose();

    [Fact]
    public void Convolutional_network()
    {
        Graph graph = SmallGraphs.Convolutional();
        float[] input = SmallGraphs.Random(new Random(5), Batch * 2 * 81);
        Check(graph, null, p => p.SetInput(input));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Transformer(bool causal)
    {
        Graph graph = SmallGraphs.Transformer(causal);
        var random = new Random(6);
        int[] ids = [.. Enumerable.Range(0, Batch * 5).Select(_ => random.Next(SmallGraphs.Vocabulary))];
        Check(graph, 5, p => p.SetInput(ids));
    }

    [Fact]
    public void A_tensor_that_is_read_several_times_gets_the_sum()
    {
        var builder = new GraphBuilder(6);
        builder.Add("a", new LinearLayer(6, 6));
        builder.Add("twice", new AddLayer(), "a", "a");
        builder.Add("sigmoid", new ActivationLayer(ActivationKind.Sigmoid), "a");
        builder.Add("sum", new AddLayer(), "sigmoid", "twice");
        builder.Add("all", new ConcatLayer(0), "sum", "a", "sum");
        builder.Add("out", new ActivationLayer(ActivationKind.QuickGelu));
        Check(builder.Build(), null, p => p.SetInput(SmallGraphs.Random(new Random(1), Batch * 6)));
    }

    [Fact]
    public void Concatenation_along_an_inner_axis()
    {
        var builder = new GraphBuilder(4, 6);
        builder.Add("a", new LinearLayer(6, 3));
        builder.Add("b", new LinearLayer(6, 2), "input");
        builder.Add("all", new ConcatLayer(1), "a", "b", "a");
        builder.Add("norm", new LayerNormLayer(8));
        builder.Add("first", new SelectTokenLayer(1));
        Check(builder.Build(), null, p => p.SetInput(SmallGraphs.Random(new Random(1), Batch * 24)));
    }

    [Theory]
    [InlineData(0f, false)]
    [InlineData(0.1f, true)]
    public void Cross_entropy(float smoothing, bool weighted)
    {
        Graph graph = SmallGraphs.Perceptron(4, 7, 5);
        CheckLoss(graph, new SoftmaxCrossEntropyLoss(smoothing, weighted), program =>
        {
            program.SetTargets([4, 0, 2]);
            if (weighted) program.SetClassWeights([1, 0.5f, 2, 1, 3]);
        });
    }

    [Fact]
    public void Cosine_cross_entropy()
    {
        Graph graph = SmallGraphs.Perceptron(4, 7, 6);
        float[] classes = SmallGraphs.Random(new Random(3), 4 * 6);
        for (int c = 0; c < 4; c++)
        {
            Span<float> row = classes.AsSpan(6 * c, 6);
            float norm = MathF.Sqrt(row.ToArray().Sum(v => v * v));
            foreach (ref float v in row) v /= norm;
        }
        CheckLoss(graph, new CosineCrossEntropyLoss(4, 5, 0.05f), program =>
        {
            program.SetTargets([3, 0, 2]);
            program.SetClassEmbeddings(classes);
        });
    }

    [Fact]
    public void Pull_and_clipping()
    {
        Graph graph = SmallGraphs.Perceptron(4, 7, 5);
        using ParameterSet target = SmallGraphs.Parameters(device, graph, 9), parameters = SmallGraphs.Parameters(device, graph, 2);
        float[] input = SmallGraphs.Random(new Random(1), Batch * 4);
        Dictionary<string, float[]> Gradients(float pull, float? clip)
        {
            using TrainingProgram program = TrainingProgram.Plan(graph, parameters, Batch,
                Still(new SoftmaxCrossEntropyLoss()) with { Pull = pull, PullTarget = target, ClipNorm = clip });
            program.SetInput(input);
            program.SetTargets([1, 2, 3]);
            program.Run();
            return graph.Parameters.ToDictionary(p => p.Name, p => Gradient(program, p));
        }
        Dictionary<string, float[]> plain = Gradients(0, null), pulled = Gradients(0.25f, null), clipped = Gradients(0.25f, 0.5f);
        double norm = Math.Sqrt(pulled.Values.Sum(g => g.Sum(v => (double)v * v)));
        Assert.True(norm > 0.5);
        foreach (string name in plain.Keys)
        {
            float[] w = SmallGraphs.Read(parameters, name), w0 = SmallGraphs.Read(target, name);
            for (int i = 0; i < w.Length; i++)
            {
                Assert.Equal(plain[name][i] + 2 * 0.25f * (w[i] - w0[i]), pulled[name][i], 1e-5f);
                Assert.Equal(pulled[name][i] * 0.5 / norm, clipped[name][i], 1e-5);
            }
        }
    }

    private static TrainingOptions Still(TrainingLoss loss) => new(loss, new SgdOptimizer(0), LearningRateSchedule.Constant(0));

    private static float[] Gradient(TrainingProgram program, GraphParameter parameter)
    {
        var gradient = new float[parameter.Shape.ElementCount];
        program.ReadGradient(parameter.Name, gradient);
        return gradient;
    }

    // The loss is the dot product of the output with a fixed random vector, summed in double precision.
    private void Check(Graph graph, int? length, Action<TrainingProgram> setInput)
    {
        using ParameterSet parameters = SmallGraphs.Parameters(device, graph, 3);
        using TrainingProgram program = TrainingProgram.Plan(graph, parameters, Batch, Still(new InjectedGradientLoss()), length);
        float[] outputGradient = SmallGraphs.Random(new Random(7), program.Output.Length);
        setInput(program);
        program.SetOutputGradient(outputGradient);
        CheckSlopes(graph, parameters, program, () => SmallGraphs.Read(program.Output).Zip(outputGradient, (y, g) => (double)y * g).Sum());
    }

    private void CheckLoss(Graph graph, TrainingLoss loss, Action<TrainingProgram> set)
    {
        using ParameterSet parameters = SmallGraphs.Parameters(device, graph, 3);
        using TrainingProgram program = TrainingProgram.Plan(graph, parameters, Batch, Still(loss));
        program.SetInput(SmallGraphs.Random(new Random(8), Batch * (int)graph.Input.Shape.ElementCount));
        set(program);
        CheckSlopes(graph, parameters, program, () => program.Loss);
    }

    private static void CheckSlopes(Graph graph, ParameterSet parameters, TrainingProgram program, Func<double> loss)
    {
        program.Run();
        var gradients = graph.Parameters.Where(p => !p.IsStatistic).ToDictionary(p => p.Name, p => Gradient(program, p));
        var random = new Random(11);
        foreach ((string name, float[] gradient) in gradients)
        {
            double norm = Norm(gradient);
            Assert.True(norm > 1e-3 || IsKeyBias(graph, name), $"{name}: the gradient is {norm}");
            foreach (float[] direction in new[] { gradient, SmallGraphs.Random(random, gradient.Length) })
            {
                double length = Math.Max(Norm(direction), 1e-6);
                double expected = gradient.Zip(direction, (g, d) => (double)g * d).Sum() / length;
                double slope = Slope(parameters, program, name, direction, 1.5e-3 / length, loss) / length;
                Assert.True(Math.Abs(slope - expected) < 0.01 * norm + 5e-4, $"{name}: slope {slope}, gradient {expected}, norm {norm}");
            }
        }
    }

    private static bool IsKeyBias(Graph graph, string name) => graph.Nodes.Any(n => n.Layer is AttentionLayer) && name == "qkv.bias";

    private static double Slope(ParameterSet parameters, TrainingProgram program, string name, float[] direction, double step, Func<double> loss)
    {
        float[] values = SmallGraphs.Read(parameters, name);
        double At(double distance)
        {
            parameters.Write(name, [.. values.Zip(direction, (v, d) => (float)(v + distance * d))]);
            program.Run();
            return loss();
        }
        double slope = (At(step) - At(-step)) / (2 * step);
        parameters.Write(name, values);
        return slope;
    }

    private static double Norm(float[] values) => Math.Sqrt(values.Sum(v => (double)v * v));
}
