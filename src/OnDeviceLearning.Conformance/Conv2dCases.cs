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
            // Long sums, where transformed products lose most; no padding, and more of it; many tiles.
            (1, 128, 8, 9, 128, 3, 3, 1, 1, 1, 1),
            (2, 64, 10, 7, 40, 3, 3, 1, 0, 1, 1),
            (1, 20, 5, 6, 33, 3, 3, 1, 2, 1, 1),
            (9, 16, 24, 24, 16, 3, 3, 1, 1, 1, 1),
            (1, 64, 16, 16, 64, 3, 3, 1, 1, 1, 1),
            (3, 65, 9, 9, 63, 3, 3, 2, 1, 1, 1),
            (2, 128, 8, 8, 32, 1, 1, 1, 0, 1, 1),
            (8, 24, 12, 12, 24, 3, 3, 1, 1, 1, 24),
            (2, 64, 31, 29, 64, 3, 3, 2, 1, 1, 64),
            (1, 8, 33, 17, 16, 3, 3, 1, 1, 1, 8),
            (2, 1, 40, 40, 32, 7, 7, 2, 3, 1, 1),
            (4, 16, 17, 16, 16, 2, 2, 2, 0, 1, 1),
            // Few pixels, which fall into tiles of nine or twelve rows or into none; 24 target channels.
            (1, 50, 3, 3, 70, 1, 1, 1, 0, 1, 1),
            (1, 40, 6, 6, 100, 1, 1, 1, 0, 1, 1),
            (2, 20, 6, 6, 24, 1, 1, 1, 0, 1, 1),
            (1, 5, 12, 8, 24, 3, 3, 2, 1, 1, 1),
            (2, 33, 3, 6, 45, 3, 3, 2, 1, 1, 1),
            // By channel, whole vectors of them: wide and narrow rows, one image and several, every stride and padding.
            (1, 32, 6, 5, 32, 3, 3, 1, 1, 1, 32),
            (2, 48, 9, 8, 48, 3, 3, 2, 1, 1, 48),
            (1, 64, 3, 3, 64, 3, 3, 1, 1, 1, 64),
            (1, 96, 3, 3, 96, 3, 3, 2, 1, 1, 96),
            (1, 80, 2, 5, 80, 3, 3, 1, 1, 1, 80),
            (1, 72, 1, 9, 72, 3, 3, 1, 1, 1, 72),
            (1, 64, 5, 9, 64, 3, 3, 1, 0, 1, 64),
            (1, 64, 4, 4, 64, 3, 3, 1, 2, 1, 64),
            (1, 16, 7, 11, 16, 3, 3, 2, 0, 1, 16),
        ];
        // Every small kernel with every stride and padding, dense, grouped and by channel, on a frame that no stride divides.
        foreach ((int kh, int kw) in ((int, int)[])[(1, 1), (2, 3), (3, 3), (5, 5)])
            foreach (int stride in (int[])[1, 2, 3])
                foreach (int padding in (int[])[0, 1, 2])
                    foreach (int groups in (int[])[1, 2, 4])
                        sizes = [.. sizes, (2, 4, 8, 7, groups == 4 ? 4 : 6, kh, kw, stride, padding, padding == 2 && kh == 2 ? 2 : 1, groups)];
        int seed = 1;
        foreach ((int n, int c, int h, int w, int o, int kh, int kw, int stride, int padding, int dilation, int groups) in sizes)
        {
            yield return new(new Conv2d(n, c, h, w, o, kh, kw, stride, padding, dilation, groups, HasBias: seed % 2 == 0), seed++);
            yield return new(new Conv2dInputGradient(n, c, h, w, o, kh, kw, stride, padding, dilation, groups), seed++);
            yield return new(new Conv2dWeightGradient(n, c, h, w, o, kh, kw, stride, padding, dilation, groups), seed);
        }
        // More weights than a cache holds, so that they are used in several parts.
        yield return new(new Conv2d(1, 120, 4, 5, 130, 3, 3, 1, 1, HasBias: true, HasResidual: true, Activation: ActivationKind.Relu), seed++);
        yield return new(new Conv2dInputGradient(1, 120, 4, 5, 130, 3, 3, 1, 1), seed++);
        yield return new(new Conv2d(8, 160, 3, 3, 900, 1, 1, HasBias: true, Activation: ActivationKind.Relu), seed++);
        yield return new(new Conv2d(30, 400, 3, 3, 340, 1, 1, HasResidual: true), seed++);
        // Every epilogue, on a convolution with tails everywhere, pointwise and depthwise ones.
        foreach (Conv2d conv in (Conv2d[])[new(2, 5, 9, 7, 19, 3, 3, 1, 1), new(3, 16, 6, 6, 40, 1, 1), new(2, 17, 4, 6, 24, 1, 1), new(1, 65, 3, 3, 65, 3, 3, 1, 1, 1, 65), new(1, 16, 5, 6, 65, 3, 3, 1, 1), new(2, 9, 8, 11, 9, 3, 3, 2, 1, 1, 9)])
            foreach ((bool bias, bool residual, ActivationKind? activation) in Epilogues())
                yield return new(conv with { HasBias = bias, HasResidual = residual, Activation = activation }, seed++);
    }
}
