using OnDeviceLearning.Devices.Cpu;
using OnDeviceLearning.Graphs;
using OnDeviceLearning.Learning;
using OnDeviceLearning.Operations;
using OnDeviceLearning.Tests.Graphs;

namespace OnDeviceLearning.Tests.Operations;

/// <summary>
/// In a training program the CPU device takes operations together and splits batches. Whatever it does, a program computes
/// what the scalar references do one after another, and the same bits whatever the threads.
/// </summary>
public sealed class CpuFusionTests
{
    public static TheoryData<string> Networks => [.. Graphs().Keys];

    private static Dictionary<string, (int Batch, Func<Graph> Create)> Graphs() => new()
    {
        ["inverted residuals"] = (3, () => InvertedResiduals(13, 16)),
        ["residual blocks"] = (3, () => ResidualBlocks(12)),
        ["samples in groups"] = (12, () => InvertedResiduals(64, 16)),
        ["layer norm with residuals"] = (5, Perceptrons),
        ["rows in groups"] = (8, Transformer),
    };

    /// <summary>As MobileNetV2: 1x1, depthwise with strides 1 and 2, linear ends, residuals.</summary>
    private static Graph InvertedResiduals(int size, int channels)
    {
        var graph = new GraphBuilder(3, size, size);
        Norm(graph, "stem", 3, channels, 3, 2, true);
        foreach (int stride in (int[])[1, 2])
        {
            string name = $"block{stride}", input = graph.Last;
            Norm(graph, $"{name}.expand", channels, 3 * channels, 1, 1, true);
            Norm(graph, $"{name}.depthwise", 3 * channels, 3 * channels, 3, stride, true, 3 * channels);
            string output = Norm(graph, $"{name}.project", 3 * channels, channels, 1, 1, false);
            if (stride == 1) graph.Add($"{name}.add", new AddLayer(), output, input);
        }
        graph.Add("mean", new GlobalAveragePoolLayer());
        graph.Add("head", new LinearLayer(channels, 5));
        return graph.Build();
    }

    /// <summary>As ResNet: 3x3 convolutions, ReLU after the sum, a shortcut with a stride.</summary>
    private static Graph ResidualBlocks(int size)
    {
        var graph = new GraphBuilder(2, size, size);
        Norm(graph, "stem", 2, 14, 3, 1, true);
        int channels = 14;
        foreach ((int width, int stride) in ((int, int)[])[(14, 1), (20, 2)])
        {
            string name = $"block{stride}", input = graph.Last;
            Norm(graph, $"{name}.a", channels, width, 3, stride, true);
            string output = Norm(graph, $"{name}.b", width, width, 3, 1, false);
            string shortcut = stride == 1 ? input : Norm(graph, $"{name}.shortcut", channels, width, 1, stride, false, 1, input);
            graph.Add($"{name}.add", new AddLayer(), output, shortcut);
            graph.Add($"{name}.relu", new ActivationLayer(ActivationKind.Relu));
            channels = width;
        }
        // A convolution with bias, its ReLU; and one whose result two nodes read.
        graph.Add("biased", new Conv2dLayer(channels, 12, 3, 3, 1, 1));
        string biased = graph.Add("biased.relu", new ActivationLayer(ActivationKind.Relu));
        graph.Add("twice", new Conv2dLayer(12, 12, 1, 1, Bias: false));
        string twice = graph.Last;
        graph.Add("twice.norm", new BatchNormLayer(12), twice);
        graph.Add("both", new AddLayer(), graph.Last, twice);
        graph.Add("all", new AddLayer(), graph.Last, biased);
        graph.Add("mean", new GlobalAveragePoolLayer());
        graph.Add("head", new LinearLayer(12, 5));
        return graph.Build();
    }

    private static Graph Perceptrons()
    {
        var graph = new GraphBuilder(31, 37);
        graph.Add("in", new LinearLayer(37, 43));
        string stream = graph.Last;
        for (int i = 0; i < 2; i++)
        {
            graph.Add($"norm{i}", new LayerNormLayer(43));
            graph.Add($"mlp{i}.in", new LinearLayer(43, 70));
            graph.Add($"mlp{i}.gelu", new ActivationLayer(ActivationKind.Gelu));
            graph.Add($"mlp{i}.out", new LinearLayer(70, 43));
            stream = graph.Add($"add{i}", new AddLayer(), graph.Last, stream);
        }
        graph.Add("norm", new LayerNormLayer(43));
        graph.Add("mean", new MeanTokensLayer());
        graph.Add("head", new LinearLayer(43, 5));
        return graph.Build();
    }

    private static Graph Transformer()
    {
        var graph = new GraphBuilder(80, 20);
        graph.Add("in", new LinearLayer(20, 20));
        string stream = graph.Add("positions", new PositionLayer(80, 20));
        graph.Add("norm1", new LayerNormLayer(20));
        graph.Add("qkv", new LinearLayer(20, 60));
        graph.Add("attention", new AttentionLayer(2));
        graph.Add("out", new LinearLayer(20, 20));
        stream = graph.Add("add1", new AddLayer(), graph.Last, stream);
        graph.Add("norm2", new LayerNormLayer(20));
        graph.Add("mlp.in", new LinearLayer(20, 840));
        graph.Add("mlp.gelu", new ActivationLayer(ActivationKind.Gelu));
        graph.Add("mlp.out", new LinearLayer(840, 20));
        graph.Add("add2", new AddLayer(), graph.Last, stream);
        graph.Add("mean", new MeanTokensLayer());
        graph.Add("head", new LinearLayer(20, 5));
        return graph.Build();
    }

    private static string Norm(GraphBuilder graph, string name, int channels, int width, int kernel, int stride, bool relu, int groups = 1, string? input = null)
    {
        graph.Add(name, new Conv2dLayer(channels, width, kernel, kernel, stride, kernel / 2, 1, groups, Bias: false), input ?? graph.Last);
        graph.Add($"{name}.norm", new BatchNormLayer(width));
        return relu ? graph.Add($"{name}.relu", new ActivationLayer(ActivationKind.Relu)) : graph.Last;
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public void A_training_program_computes_what_the_references_do(string network)
    {
        (int batch, Func<Graph> create) = Graphs()[network];
        Graph graph = create();
        using ComputeDevice one = ComputeDevice.OpenCpu(new CpuOptions { Threads = 1 }), two = ComputeDevice.OpenCpu(new CpuOptions { Threads = 2 }), reference = new ReferenceDevice();
        Dictionary<string, float[]> expected = Gradients(reference, graph, batch, 1), actual = Gradients(one, graph, batch, 2), again = Gradients(two, graph, batch, 2);
        foreach ((string name, float[] gradient) in expected)
        {
            double error = 0, size = 0;
            for (int i = 0; i < gradient.Length; i++)
            {
                error += Math.Pow(gradient[i] - (double)actual[name][i], 2);
                size += Math.Pow(gradient[i], 2);
            }
            Assert.True(size > 0, $"{name} is zero");
            Assert.True(Math.Sqrt(error / size) < 2e-5, $"{network}, {name}: normalised error {Math.Sqrt(error / size):g3}");
            Assert.Equal(actual[name], again[name]);
        }
    }

    /// <summary>That anything is taken together at all, and that the fused operations' own references say the same as those they stand for.</summary>
    [Theory]
    [InlineData("inverted residuals", false, typeof(NormConv2d), typeof(FusedConv2dInputGradient), typeof(FoldedNormGradient))]
    [InlineData("residual blocks", false, typeof(NormConv2d), typeof(FusedConv2dInputGradient), typeof(FoldedNormGradient))]
    [InlineData("samples in groups", true, typeof(NormConv2d), typeof(FusedConv2dInputGradient), typeof(FoldedNormGradient))]
    [InlineData("layer norm with residuals", false, typeof(LayerNormGradient))]
    [InlineData("rows in groups", true, typeof(LayerNormGradient))]
    public void Operations_are_taken_together(string network, bool inGroups, params Type[] fused)
    {
        (int batch, Func<Graph> create) = Graphs()[network];
        Graph graph = create();
        List<Operation> seen = [];
        using ComputeDevice together = new ReferenceDevice(planned =>
        {
            IReadOnlyList<PlannedOperation> result = CpuFusion.Apply(planned);
            seen.AddRange(result.Select(p => p.Operation));
            return result;
        });
        using ComputeDevice apart = new ReferenceDevice();
        Dictionary<string, float[]> actual = Gradients(together, graph, batch, 2), expected = Gradients(apart, graph, batch, 1);
        Assert.All(fused, type => Assert.Contains(seen, o => o.GetType() == type));
        Assert.Equal(inGroups, seen.Exists(o => o.IsPart));
        Assert.Equal(network == "rows in groups", seen.Exists(o => o is LinearGradient { Overwrites: true })); // the only one of large weights
        foreach ((string name, float[] gradient) in expected)
        {
            double error = gradient.Zip(actual[name], (e, a) => Math.Pow(e - (double)a, 2)).Sum(), size = gradient.Sum(e => Math.Pow(e, 2));
            Assert.True(Math.Sqrt(error / size) < 2e-5, $"{network}, {name}: normalised error {Math.Sqrt(error / size):g3}");
        }
    }

    /// <summary>Of the last of some runs, the first of which has dirtied all memory.</summary>
    private static Dictionary<string, float[]> Gradients(ComputeDevice device, Graph graph, int batch, int runs)
    {
        using ParameterSet parameters = SmallGraphs.Parameters(device, graph, 5);
        using TrainingProgram training = TrainingProgram.Plan(graph, parameters, batch,
            new TrainingOptions(new SoftmaxCrossEntropyLoss(), new SgdOptimizer(0), LearningRateSchedule.Constant(0)));
        training.SetInput(SmallGraphs.Random(new Random(3), batch * (int)graph.Input.Shape.ElementCount));
        training.SetTargets([.. Enumerable.Range(0, batch).Select(i => i % 5)]);
        for (int run = 0; run < runs; run++) training.Run();
        var gradients = new Dictionary<string, float[]> { ["output"] = SmallGraphs.Read(training.Output) };
        foreach (GraphParameter parameter in graph.Parameters)
        {
            if (parameter.IsStatistic) continue;
            gradients[parameter.Name] = new float[parameter.Shape.ElementCount];
            training.ReadGradient(parameter.Name, gradients[parameter.Name]);
        }
        return gradients;
    }
}
