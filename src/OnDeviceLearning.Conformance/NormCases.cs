using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Conformance;

public static partial class ConformanceSuite
{
    private static IEnumerable<ConformanceCase> NormCases()
    {
        foreach ((int rows, int width) in ((int, int)[])[(1, 1), (1, 3), (7, 17), (3, 64), (65, 127), (33, 192), (2, 1000), (200, 48), (1, 255), (2, 256), (3, 257), (64, 64), (257, 5), (5, 4099), (1000, 2)])
        {
            yield return new(new LayerNorm(rows, width));
            yield return new(new LayerNormInputGradient(rows, width));
            yield return new(new LayerNormAffineGradient(rows, width));
        }
        foreach ((int n, int channels, int inner, int groups) in ((int, int, int, int)[])[(1, 1, 1, 1), (2, 6, 1, 3), (1, 4, 7, 2), (3, 8, 17, 8), (2, 32, 63, 4), (1, 16, 256, 1), (5, 12, 65, 3),
            (2, 64, 64, 8), (3, 96, 16, 12), (1, 255, 1, 5), (2, 8, 257, 2), (1, 2, 5000, 1), (65, 4, 9, 4), (4, 48, 100, 48)])
        {
            yield return new(new GroupNorm(n, channels, inner, groups));
            yield return new(new GroupNormInputGradient(n, channels, inner, groups));
            yield return new(new GroupNormAffineGradient(n, channels, inner, groups));
            yield return new(new BatchNorm(n, channels, inner));
            yield return new(new BatchNormInputGradient(n, channels, inner));
            yield return new(new BatchNormAffineGradient(n, channels, inner));
        }
    }
}
