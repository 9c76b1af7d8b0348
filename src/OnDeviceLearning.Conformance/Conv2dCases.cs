using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Conformance;

public static partial class ConformanceSuite
{
    private static IEnumerable<ConformanceCase> Conv2dCases()
    {
        (int N, int C, int H, int W, int O, int KH, int KW, int Stride, int Padding, int Dilation, int Groups)[] sizes =
        [
            (1, 1, 1, 1, 1, 1, 1, 1, 0, 1, 1),
            (1, 1, 1, 1, 3, 3, 3, 1, 1, 1, 1),
            (1, 3, 7, 5, 4, 3, 3, 1, 0, 1, 1),
            (2, 3, 8, 8, 16, 3, 3, 2, 1, 1, 1),
            (1, 1, 17, 17, 7, 5, 5, 2, 2, 1, 1),
            (3, 7, 9, 11, 13, 3, 1, 1, 1, 1, 1),
            (1, 4, 12, 40, 5, 1, 7, 3, 3, 1, 1),
            (2, 8, 16, 16, 12, 1, 1, 1, 0, 1, 1),
            (1, 17, 7, 9, 33, 1, 1, 1, 0, 1, 1),
            (5, 16, 4, 4, 24, 3, 3, 1, 1, 1, 1),
            (2, 6, 9, 9, 8, 3, 3, 1, 2, 2, 2),
            (1, 4, 15, 13, 6, 3, 3, 2, 3, 3, 2),
            (1, 32, 32, 32, 16, 3, 3, 1, 1, 1, 1),
            (1, 64, 8, 8, 65, 3, 3, 1, 1, 1, 1),
            (2, 12, 10, 10, 24, 1, 1, 2, 0, 1, 3),
            (2, 5, 14, 14, 5, 3, 3, 1, 1, 1, 5),
            (1, 16, 33, 35, 16, 5, 5, 2, 2, 1, 16),
            (3, 3, 9, 7, 3, 3, 3, 1, 2, 2, 3),
            (1, 4, 6, 6, 8, 3, 3, 1, 1, 1, 4),
            (1, 2, 5, 5, 2, 3, 3, 4, 5, 1, 1),
            (33, 2, 3, 3, 3, 3, 3, 1, 1, 1, 1),
            (1, 300, 6, 7, 20, 3, 3, 1, 1, 1, 1),
            (2, 2, 67, 71, 3, 3, 3, 1, 1, 1, 1),
        ];
        int seed = 1;
        foreach ((int n, int c, int h, int w, int o, int kh, int kw, int stride, int padding, int dilation, int groups) in sizes)
        {
            yield return new(new Conv2d(n, c, h, w, o, kh, kw, stride, padding, dilation, groups, HasBias: seed % 2 == 0), seed++);
            yield return new(new Conv2dInputGradient(n, c, h, w, o, kh, kw, stride, padding, dilation, groups), seed++);
            yield return new(new Conv2dWeightGradient(n, c, h, w, o, kh, kw, stride, padding, dilation, groups), seed);
        }
        // Every epilogue, on a convolution with tails everywhere, a pointwise and a depthwise one.
        foreach (Conv2d conv in (Conv2d[])[new(2, 5, 9, 7, 19, 3, 3, 1, 1), new(3, 16, 6, 6, 40, 1, 1), new(2, 9, 8, 11, 9, 3, 3, 2, 1, 1, 9)])
            foreach ((bool bias, bool residual, ActivationKind? activation) in Epilogues())
                yield return new(conv with { HasBias = bias, HasResidual = residual, Activation = activation }, seed++);
    }
}
