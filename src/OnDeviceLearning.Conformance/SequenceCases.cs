using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Conformance;

public static partial class ConformanceSuite
{
    private static IEnumerable<ConformanceCase> SequenceCases()
    {
        foreach ((int count, int vocabulary, int width) in ((int, int, int)[])[(1, 1, 1), (7, 3, 17), (40, 1000, 64), (65, 10, 127), (300, 5, 192), (1, 500, 96), (257, 257, 4), (24, 76, 12), (5, 2, 1000), (1000, 3, 2)])
        {
            yield return new(new Embedding(count, vocabulary, width));
            yield return new(new EmbeddingGradient(count, vocabulary, width));
        }
        foreach ((int n, int l, int heads, int width) in ((int, int, int, int)[])[(1, 1, 1, 1), (1, 3, 2, 7), (2, 17, 1, 8), (3, 40, 4, 32), (1, 65, 3, 16), (2, 33, 2, 63), (1, 130, 1, 64), (1, 301, 2, 64),
            (1, 16, 4, 16), (2, 31, 2, 24), (1, 32, 6, 32), (3, 64, 1, 48), (1, 63, 2, 96), (2, 100, 3, 33), (1, 256, 1, 8), (17, 5, 3, 4)])
            foreach (bool causal in (bool[])[false, true])
            {
                yield return new(new Attention(n, l, heads, width, causal), l);
                yield return new(new AttentionGradient(n, l, heads, width, causal), l);
            }
    }
}
