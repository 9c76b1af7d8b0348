using OnDeviceLearning.Graphs;
using OnDeviceLearning.Learning;
using OnDeviceLearning.Operations;
using OnDeviceLearning.Tests.Graphs;

namespace OnDeviceLearning.Tests.Operations;

/// <summary>
/// Inside a program the CPU device keeps images in an order of its own. Whatever follows whatever, the program computes what
/// the scalar references do one after another: output, and the gradient of every parameter.
/// </summary>
public sealed class ChannelsLastTests
{
    private const int Batch = 3;

    public static TheoryData<string> Followers => [.. Layers().Keys];

    private static Dictionary<string, (int Channels, Action<GraphBuilder> Add)> Layers() => new()
    {
        ["batch norm"] = (18, g => g.Add("x", new BatchNormLayer(18))),
        ["norm of the flattened"] = (18, g => g.Add("x", new ActivationLayer(ActivationKind.Gelu))),
        ["group norm"] = (18, g => g.Add("x", new GroupNormLayer(18, 3))),
        ["relu"] = (18, g => g.Add("x", new ActivationLayer(ActivationKind.Relu))),
        ["gelu"] = (18, g => g.Add("x", new ActivationLayer(ActivationKind.Gelu))),
        ["pool of halves"] = (18, g => g.Add("x", new MaxPool2dLayer(2, 2))),
        ["overlapping pool"] = (18, g => g.Add("x", new MaxPool2dLayer(3, 2, 1))),
        ["average pool"] = (18, g => g.Add("x", new AveragePool2dLayer(3, 2, 1, false))),
        ["residual after an activation"] = (18, g =>
        {
            string from = g.Last;
            g.Add("x.act", new ActivationLayer(ActivationKind.Silu));
            g.Add("x.conv", new Conv2dLayer(18, 18, 3, 3, 1, 1));
            g.Add("x.norm", new BatchNormLayer(18));
            g.Add("x", new AddLayer(), g.Last, from);
        }
        ),
        ["concatenation"] = (36, g =>
        {
            string from = g.Last;
            g.Add("x.act", new ActivationLayer(ActivationKind.Tanh));
            g.Add("x", new ConcatLayer(0), g.Last, from);
        }
        ),
        ["depthwise"] = (18, g => g.Add("x", new Conv2dLayer(18, 18, 3, 3, 1, 1, 1, 18))),
        ["depthwise with a stride"] = (18, g => g.Add("x", new Conv2dLayer(18, 18, 5, 3, 2, 2, 1, 18))),
        ["pointwise with a stride"] = (20, g => g.Add("x", new Conv2dLayer(18, 20, 1, 1, 2))),
        ["groups"] = (20, g => g.Add("x", new Conv2dLayer(18, 20, 3, 2, 1, 1, 2, 2))),
    };

    private static Graph Create(string follower)
    {
        (int channels, Action<GraphBuilder> add) = Layers()[follower];
        var graph = new GraphBuilder(2, 11, 9);
        graph.Add("first", new Conv2dLayer(2, 18, 3, 3, 1, 1));
        add(graph);
        graph.Add("second", new Conv2dLayer(channels, 14, 3, 3, 1, 1, Bias: false));
        string second = graph.Last;
        graph.Add("mean", new GlobalAveragePoolLayer());
        graph.Add("flat", new FlattenLayer(), second);
        // A flattened image is the image's memory, but no image: its norm has a parameter for every element.
        if (follower == "norm of the flattened") graph.Add("flat.norm", new BatchNormLayer(14 * 11 * 9));
        graph.Add("both", new ConcatLayer(0), graph.Last, "mean");
        int features = graph.Build().OutputShape[0];
        graph.Add("head", new LinearLayer(features, 5));
        return graph.Build();
    }

    [Theory]
    [MemberData(nameof(Followers))]
    public void A_program_computes_what_the_references_do(string follower)
    {
        Graph graph = Create(follower);
        using ComputeDevice cpu = ComputeDevice.OpenCpu(new CpuOptions { Threads = 2 }), reference = new ReferenceDevice();
        (float[] output, Dictionary<string, float[]> gradients) = Run(cpu, graph);
        (float[] expectedOutput, Dictionary<string, float[]> expectedGradients) = Run(reference, graph);
        AssertClose("output", expectedOutput, output);
        foreach ((string name, float[] gradient) in gradients) AssertClose(name, expectedGradients[name], gradient);
    }

    private static (float[] Output, Dictionary<string, float[]> Gradients) Run(ComputeDevice device, Graph graph)
    {
        using ParameterSet parameters = SmallGraphs.Parameters(device, graph, 5);
        using ForwardProgram forward = ForwardProgram.Plan(graph, parameters, Batch);
        using TrainingProgram training = TrainingProgram.Plan(graph, parameters, Batch,
            new TrainingOptions(new SoftmaxCrossEntropyLoss(), new SgdOptimizer(0), LearningRateSchedule.Constant(0)));
        float[] input = SmallGraphs.Random(new Random(3), Batch * 2 * 99);
        forward.SetInput(input);
        training.SetInput(input);
        training.SetTargets([0, 4, 2]);
        for (int run = 0; run < 2; run++) // the second one finds its weights packed
        {
            forward.Run();
            training.Run();
        }
        var gradients = new Dictionary<string, float[]>();
        foreach (GraphParameter parameter in graph.Parameters)
        {
            if (parameter.IsStatistic) continue;
            gradients[parameter.Name] = new float[parameter.Shape.ElementCount];
            training.ReadGradient(parameter.Name, gradients[parameter.Name]);
        }
        return (SmallGraphs.Read(forward.Output), gradients);
    }

    private static void AssertClose(string name, float[] expected, float[] actual)
    {
        double error = 0, size = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            error += Math.Pow(expected[i] - (double)actual[i], 2);
            size += Math.Pow(expected[i], 2);
        }
        Assert.True(size > 0, $"{name} is zero");
        Assert.True(Math.Sqrt(error / size) < 2e-5, $"{name}: normalised error {Math.Sqrt(error / size):g3}");
    }
}
