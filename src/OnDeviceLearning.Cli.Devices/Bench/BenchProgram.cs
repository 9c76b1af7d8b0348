using OnDeviceLearning.Graphs;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Cli;

/// <summary>Something to measure.</summary>
/// <param name="Name">Its name.</param>
/// <param name="IsLarge">Whether a software device takes many seconds for it.</param>
/// <param name="Create">Sets it up on a device.</param>
internal sealed record BenchProgram(string Name, bool IsLarge, Func<ComputeDevice, BenchRun> Create)
{
    private const int SequenceLength = 16, TrainingBatch = 32;

    /// <summary>What <c>odl bench</c> measures, in that order. Where time is short, operations that are bound by memory are smaller.</summary>
    public static IEnumerable<BenchProgram> All(bool isShort)
    {
        foreach (int n in (int[])[256, 512, 1024, 2048, 4096])
            yield return new($"gemm {n}", n >= 2048, device => BenchRun.Of(device, new MatMul(1, n, n, n)));

        int rows = isShort ? 1024 : 16384;
        const int width = 1024;
        yield return new($"add {rows}x{width}", false, device => BenchRun.Of(device, new Add(rows * width)));
        yield return new($"layer norm {rows}x{width}", false, device => BenchRun.Of(device, new LayerNorm(rows, width)));
        yield return new($"softmax {rows}x{width}", false, device => BenchRun.Of(device, new Softmax(rows, width)));

        foreach (int batch in (int[])[1, 8, 32]) yield return Forward("sigils image encoder", ReferenceNetworks.SigilsImage, batch);
        foreach (int batch in (int[])[1, 8, 32]) yield return Forward("sigils text encoder", ReferenceNetworks.SigilsText, batch, SequenceLength);
        yield return Training("sigils image encoder", ReferenceNetworks.SigilsImage, isEncoder: true);
        foreach ((string name, Func<(Graph, IReadOnlyDictionary<string, float[]>)> network) in
            ((string, Func<(Graph, IReadOnlyDictionary<string, float[]>)>)[])[("convnet", ReferenceNetworks.ConvNet), ("ResNet-20", ReferenceNetworks.ResNet20)])
        {
            yield return Forward(name, network, 1);
            yield return Forward(name, network, 32) with { IsLarge = true };
            yield return Training(name, network, isEncoder: false) with { IsLarge = true };
        }
    }

    private static BenchProgram Forward(string name, Func<(Graph, IReadOnlyDictionary<string, float[]>)> network, int batch, int? sequenceLength = null) =>
        new($"{name} forward {batch}", false, device =>
        {
            (Graph graph, IReadOnlyDictionary<string, float[]> parameters) = network();
            return BenchRun.Forward(device, graph, parameters, batch, sequenceLength);
        });

    private static BenchProgram Training(string name, Func<(Graph, IReadOnlyDictionary<string, float[]>)> network, bool isEncoder) =>
        new($"{name} training {TrainingBatch}", false, device =>
        {
            (Graph graph, IReadOnlyDictionary<string, float[]> parameters) = network();
            return BenchRun.Training(device, graph, parameters, TrainingBatch, isEncoder);
        });
}
