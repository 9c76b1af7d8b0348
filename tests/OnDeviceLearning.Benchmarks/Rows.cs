namespace OnDeviceLearning.Benchmarks;

/// <summary>Every row, in the order of the table.</summary>
internal static class Rows
{
    private const int TrainingBatch = 32;

    /// <param name="jitSample">The just-in-time build of demo/AotSample.</param>
    /// <param name="aotSample">Its ahead-of-time build.</param>
    public static IReadOnlyList<BenchmarkRow> All(string jitSample, string aotSample) =>
    [
        .. OnThreads(1),
        new HeadRow(WithGuard: false) { IsQuick = true },
        new HeadRow(WithGuard: true) { IsQuick = true },
        new ClassifyRow(1) { IsQuick = true },
        new AdaptRow { IsQuick = true },
        new ColdStartRow(AheadOfTime: false, jitSample) { IsQuick = true },
        new ColdStartRow(AheadOfTime: true, aotSample) { IsQuick = true },
        .. OnThreads(2),
        new ClassifyRow(2),
    ];

    private static IEnumerable<BenchmarkRow> OnThreads(int threads)
    {
        foreach (Network network in Network.All)
            foreach (int batch in (int[])[1, 8, 32])
                yield return new ForwardRow(network, batch, threads) { IsQuick = batch == 1 };
        foreach (Network network in Network.All) yield return new TrainingRow(network, TrainingBatch, threads) { IsQuick = threads == 1 && network.Name is not ("ResNet-20" or "MobileNetV2" or "ViT-Tiny") };
    }
}
