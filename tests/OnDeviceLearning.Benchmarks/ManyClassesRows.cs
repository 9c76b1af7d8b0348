using OnDeviceLearning.Graphs;
using OnDeviceLearning.Pretraining.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace OnDeviceLearning.Benchmarks;

/// <summary>The classifier at its largest: what a game with a name for everything would ask of it.</summary>
internal static class ManyClasses
{
    public const int Classes = 10_000, Examples = 100_000;

    private static readonly Lazy<EmbeddingWorld> world = new(() => new EmbeddingWorld(Classes, Examples));

    public static EmbeddingWorld World => world.Value;
}

/// <summary>
/// An embedding's class among 10,000. The others multiply the same head and take the softmax; ours also finds the best and
/// the second. It runs on its caller's thread alone, whatever the others may use.
/// </summary>
internal sealed record ClassifyRow(int Threads) : BenchmarkRow("10,000 classes, 100,000 examples: classify", RowKind.ManyClasses, Threads)
{
    public override RowResult Measure(Effort effort, MachineLimits limits)
    {
        EmbeddingWorld world = ManyClasses.World;
        using AdaptiveClassifier classifier = world.Classifier();
        float[] embedding = world.Features[1], ours = classifier.Classify(embedding).Probabilities.ToArray();

        var builder = new GraphBuilder(world.Width);
        builder.Add("head", new LinearLayer(world.Width, ManyClasses.Classes, Bias: false));
        builder.Add("softmax", new SoftmaxLayer());
        Graph graph = builder.Build();
        var values = new Dictionary<string, float[]> { ["head.weight"] = [.. world.Descriptions.SelectMany(row => row).Select(v => v * world.LogitScale)] };
        using ComputeDevice device = ComputeDevice.OpenCpu(new CpuOptions { Threads = 1 });
        using ParameterSet parameters = ParameterSet.Load(device, graph, values);
        var input = new NetworkInput(embedding);
        using var onnx = new OnnxContestant(parameters, 1, null, input, [1, ManyClasses.Classes], Threads);
        set_num_threads(Threads);
        TorchGraph torch = TorchModel.Create(graph, values);
        using Tensor torchInput = input.ToTensor();
        float[] RunTorch(bool keep)
        {
            using IDisposable inference = inference_mode();
            using DisposeScope scope = NewDisposeScope();
            Tensor result = torch.Forward(torchInput);
            return keep ? result.Values() : [];
        }

        onnx.Run();
        double error = Math.Max(
            Agreement.Require("ONNX Runtime's probabilities against ours", onnx.Output, ours),
            Agreement.Require("TorchSharp's probabilities against ours", RunTorch(keep: true), ours));
        Distribution?[] times = Turns.Measure(effort, () => classifier.Classify(embedding), onnx.Run, () => RunTorch(keep: false));
        TorchModel.Free(torch);
        long elements = (long)ManyClasses.Classes * world.Width; // the head, read once
        return new RowResult(this, times[0], times[1], times[2], new Work(2 * elements, 4 * elements).On(limits, Threads), error);
    }
}

/// <summary>
/// A frame's <c>Adapt(0.5 ms)</c> on the caller's thread, again and again. A whole run takes minutes at this size; what a
/// game feels is whether each call keeps to its budget.
/// </summary>
internal sealed record AdaptRow() : BenchmarkRow("10,000 classes, 100,000 examples: Adapt(0.5)", RowKind.ManyClasses, 1)
{
    public override RowResult Measure(Effort effort, MachineLimits limits)
    {
        EmbeddingWorld world = ManyClasses.World;
        using AdaptiveClassifier classifier = world.Classifier();
        TimeSpan budget = TimeSpan.FromMilliseconds(0.5);
        TimeSpan first = Turns.Once(() => classifier.Adapt(budget));
        Distribution?[] times = Turns.Measure(effort, () => classifier.Adapt(budget));
        return new RowResult(this, times[0], null, null, null, null)
        {
            Remark = FormattableString.Invariant($"the longest of {times[0]!.Count} calls took {times[0]!.Longest:F2} ms, the first of the run {first.TotalMilliseconds:F1} ms"),
        };
    }
}
