using OnDeviceLearning.Graphs;
using OnDeviceLearning.Learning;
using OnDeviceLearning.Models;
using OnDeviceLearning.Pretraining.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace OnDeviceLearning.PretrainingTests;

/// <summary>One graph with the same parameters twice: in the runtime, on the CPU device, and in torch.</summary>
internal sealed class TwinModel : IDisposable
{
    public TwinModel(ComputeDevice device, Graph graph, IReadOnlyDictionary<string, float[]> values)
    {
        Graph = graph;
        Parameters = ParameterSet.Load(device, graph, values);
        Torch = new TorchGraph(graph);
        using var _ = no_grad();
        foreach ((string name, Tensor tensor) in Torch.Parameters)
            tensor.copy_(torch.tensor(values[name]).view(tensor.shape));
    }

    public Graph Graph { get; }

    public ParameterSet Parameters { get; }

    public TorchGraph Torch { get; }

    /// <summary>The names that gradients reach.</summary>
    public IEnumerable<string> Trained => Graph.Parameters.Where(p => !p.IsStatistic).Select(p => p.Name);

    /// <summary>
    /// Random parameters as large as a trained network's: kernels that keep the variance of what they read, gains near 1,
    /// small shifts, and statistics as if measured on something that is neither centred nor scaled.
    /// </summary>
    /// <param name="graph">Whose.</param>
    /// <param name="seed">Same seed, same values.</param>
    /// <param name="half">Whether they are rounded to 16 bits, as a backbone file rounds them.</param>
    public static Dictionary<string, float[]> RandomValues(Graph graph, int seed, bool half = false)
    {
        var random = new Random(seed);
        float Uniform() => 2 * random.NextSingle() - 1;
        var result = new Dictionary<string, float[]>();
        foreach (GraphNode node in graph.Nodes)
            foreach (ParameterSpec spec in node.Layer.Parameters)
            {
                int fanIn = (int)(spec.Shape.ElementCount / spec.Shape[0]);
                Func<float> sample = spec.Name switch
                {
                    "variance" => () => 1.25f + 0.75f * Uniform(),
                    "mean" or "bias" => () => 0.3f * Uniform(),
                    _ when spec.Shape.Count == 1 => () => 1 + 0.3f * Uniform(),
                    _ when node.Layer is EmbeddingLayer or PositionLayer => Uniform,
                    _ => () => Uniform() * MathF.Sqrt(6f / fanIn),
                };
                var values = new float[spec.Shape.ElementCount];
                for (int i = 0; i < values.Length; i++) values[i] = half ? (float)(Half)sample() : sample();
                result.Add($"{node.Name}.{spec.Name}", values);
            }
        return result;
    }

    /// <summary>An encoder of a backbone file: "image" or "text".</summary>
    public static TwinModel FromFile(ComputeDevice device, SafetensorsFile file, string encoder)
    {
        Graph graph = Graph.Parse(file.Metadata[$"odl.{encoder}.graph"]);
        return new TwinModel(device, graph, graph.Parameters.ToDictionary(p => p.Name, p =>
        {
            SafetensorsTensor tensor = file.Tensors[$"{encoder}.{p.Name}"];
            var values = new float[tensor.Length];
            tensor.CopyTo(values);
            return values;
        }));
    }

    /// <summary>What the runtime computes: the output of a forward program, and of a training program, with its gradients.</summary>
    public Results Run(ModelInput input, float[] outputGradient)
    {
        var results = new Results();
        using (ForwardProgram forward = ForwardProgram.Plan(Graph, Parameters, input.Batch, input.Length))
        {
            input.Give(forward.SetInput, forward.SetInput);
            forward.Run();
            results.Add("output", Read(forward.Output));
        }
        var still = new TrainingOptions(new InjectedGradientLoss(), new SgdOptimizer(0), LearningRateSchedule.Constant(0));
        using TrainingProgram training = TrainingProgram.Plan(Graph, Parameters, input.Batch, still, input.Length);
        input.Give(training.SetInput, training.SetInput);
        training.SetOutputGradient(outputGradient);
        training.Run();
        results.Add("output while training", Read(training.Output));
        foreach (string name in Trained)
        {
            var gradient = new float[Graph.Parameters.Single(p => p.Name == name).Shape.ElementCount];
            training.ReadGradient(name, gradient);
            results.Add(name, gradient);
        }
        return results;
    }

    /// <summary>What torch computes: forward with the statistics as they are, and autograd.</summary>
    public Results RunTorch(Tensor input, float[] outputGradient, Tensor? lengths = null)
    {
        Torch.ClearGradients();
        Tensor output = Torch.Forward(input, lengths);
        (output * torch.tensor(outputGradient).view(output.shape)).sum().backward();
        float[] values = output.Values();
        var results = new Results { { "output", values }, { "output while training", values } };
        foreach (string name in Trained)
            results.Add(name, Torch.Parameters[name].grad is { } gradient ? gradient.Values() : new float[Torch.Parameters[name].numel()]);
        return results;
    }

    public static float[] Read(DeviceBuffer buffer)
    {
        var values = new float[buffer.Length];
        buffer.Read(values);
        return values;
    }

    public void Dispose() => Parameters.Dispose();
}

/// <summary>Named tensors that both sides computed.</summary>
internal sealed class Results : Dictionary<string, float[]>
{
    /// <summary>The largest difference of each tensor, relative to its largest element.</summary>
    public IEnumerable<(string Name, double Error)> LargestErrors(Results expected) =>
        expected.Select(e => (e.Key, LargestError(this[e.Key], e.Value)));

    /// <summary>The norm of each tensor's difference, relative to the tensor's norm.</summary>
    public IEnumerable<(string Name, double Error)> NormErrors(Results expected) =>
        expected.Select(e => (e.Key, NormError(this[e.Key], e.Value)));

    public static double LargestError(float[] actual, float[] expected)
    {
        Assert.Equal(expected.Length, actual.Length);
        double largest = expected.Max(v => Math.Abs((double)v)), error = actual.Zip(expected, (a, b) => Math.Abs((double)a - b)).Max();
        Assert.True(largest > 0, "Nothing to compare: all expected values are zero.");
        return error / largest;
    }

    public static double NormError(float[] actual, float[] expected)
    {
        Assert.Equal(expected.Length, actual.Length);
        double norm = Math.Sqrt(expected.Sum(v => (double)v * v)), error = Math.Sqrt(actual.Zip(expected, (a, b) => ((double)a - b) * ((double)a - b)).Sum());
        Assert.True(norm > 0, "Nothing to compare: all expected values are zero.");
        return error / norm;
    }
}

/// <summary>A batch for either side: images or vectors, or token ids.</summary>
internal sealed record ModelInput(int Batch, int? Length, float[]? Values, int[]? Ids)
{
    public delegate void Floats(ReadOnlySpan<float> values);

    public delegate void Integers(ReadOnlySpan<int> ids);

    public static ModelInput Random(Graph graph, int batch, int? length, Random random)
    {
        int elements = batch * graph.Input.Shape.Aggregate(1, (product, d) => product * (d == TensorShape.Dynamic ? length!.Value : d));
        if (graph.Input.Type == Operations.ElementType.Float32) return new ModelInput(batch, length, RandomValues(elements, random), null);
        int vocabulary = graph.Nodes.Select(n => n.Layer).OfType<EmbeddingLayer>().Min(e => e.Vocabulary);
        return new ModelInput(batch, length, null, [.. Enumerable.Range(0, elements).Select(_ => random.Next(vocabulary))]);
    }

    /// <summary>Uniform in -1..1.</summary>
    public static float[] RandomValues(int count, Random random) => [.. Enumerable.Range(0, count).Select(_ => 2 * random.NextSingle() - 1)];

    public void Give(Floats floats, Integers integers)
    {
        if (Values is not null) floats(Values);
        else integers(Ids);
    }

    public Tensor ToTensor(Graph graph)
    {
        long[] shape = [Batch, .. graph.Input.Shape.Select(d => d == TensorShape.Dynamic ? (long)Length!.Value : d)];
        return Values is not null ? tensor(Values).view(shape) : tensor(Ids!).view(shape).to(ScalarType.Int64);
    }
}

internal static class TorchExtensions
{
    /// <summary>The elements in row-major order.</summary>
    public static float[] Values(this Tensor tensor)
    {
        using Tensor flat = tensor.detach().to(ScalarType.Float32).contiguous();
        return flat.data<float>().ToArray();
    }

    public static void ClearGradients(this TorchGraph graph)
    {
        foreach (Tensor parameter in graph.Trained) parameter.grad?.zero_();
    }
}
