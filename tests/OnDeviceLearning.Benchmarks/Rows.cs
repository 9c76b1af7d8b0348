namespace OnDeviceLearning.Benchmarks;

/// <summary>Every row, in the order of the table.</summary>
internal static class Rows
{
    private const int TrainingBatch = 32;

    public static IReadOnlyList<BenchmarkRow> All { get; } = [.. new[] { 1, 2 }.SelectMany(OnThreads)];

    private static IEnumerable<BenchmarkRow> OnThreads(int threads)
    {
        foreach (Network network in Network.All)
            foreach (int batch in (int[])[1, 8, 32])
                yield return new ForwardRow(network, batch, threads) { IsQuick = batch == 1 };
        foreach (Network network in Network.All) yield return new TrainingRow(network, TrainingBatch, threads) { IsQuick = threads == 1 };
    }
}
