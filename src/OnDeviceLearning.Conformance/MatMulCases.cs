using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Conformance;

public static partial class ConformanceSuite
{
    private static IEnumerable<ConformanceCase> MatMulCases()
    {
        // Batch, M, N, K: single elements, odd ones, one below and above tiles of 4, 6, 8, 12 rows and 8, 16, 32, 64, 128
        // columns, vectors against matrices, a k that is cut into slices, and enough tiles that none need be.
        (int Batch, int M, int N, int K)[] sizes =
        [
            (1, 1, 1, 1), (1, 1, 7, 3), (1, 3, 1, 17), (3, 7, 3, 7), (1, 1, 65, 63), (2, 1, 127, 300), (1, 5, 64, 64), (1, 7, 33, 12),
            (1, 8, 32, 8), (1, 11, 31, 5), (1, 12, 32, 16), (1, 13, 33, 17), (2, 17, 17, 17), (1, 31, 15, 9), (1, 32, 64, 32), (3, 33, 65, 63),
            (1, 63, 127, 65), (1, 96, 96, 96), (1, 97, 100, 127), (5, 24, 48, 40), (1, 65, 129, 257), (1, 10, 40, 2049), (1, 40, 10, 4100), (1, 2, 3, 5000), (1, 130, 300, 70), (1, 2, 13, 20000),
            (1, 15, 15, 15), (1, 16, 16, 16), (1, 17, 16, 15), (2, 31, 33, 31), (1, 32, 32, 33), (1, 33, 32, 31), (1, 63, 64, 65), (1, 64, 64, 64), (1, 65, 64, 63),
            (4, 64, 65, 16), (1, 127, 128, 17), (1, 128, 128, 128), (1, 129, 127, 31), (2, 128, 64, 1), (7, 9, 8, 1), (1, 1, 1, 4097), (1, 1, 257, 1024), (1, 257, 1, 1024),
            (17, 1, 1, 65), (9, 1, 65, 33), (9, 65, 1, 33), (1, 64, 256, 48), (1, 256, 64, 513), (3, 96, 33, 200), (1, 8, 8, 1000), (1, 16, 24, 6000), (2, 65, 65, 1025),
            (1, 193, 191, 64), (1, 255, 256, 257), (1, 20, 2000, 30), (1, 2000, 20, 30), (31, 5, 6, 7), (1, 320, 320, 40),
            (1, 7, 40, 700), (2, 8, 33, 1300), (1, 9, 70, 300), (1, 14, 20, 515), (1, 1, 600, 100), (1, 2, 290, 70),
        ];
        int seed = 0;
        for (int i = 0; i < sizes.Length; i++)
        {
            (int batch, int m, int n, int k) = sizes[i];
            bool accumulate = i % 2 == 1, shared = i % 3 == 1;
            float alpha = i % 4 >= 2 ? -0.7f : 1;
            foreach (bool transposeA in (bool[])[false, true])
                foreach (bool transposeB in (bool[])[false, true])
                    yield return new(new MatMul(batch, m, n, k, transposeA, transposeB, alpha, accumulate, shared), seed++);
        }
        // Every epilogue: few rows, tails everywhere, a batch, and a k that is cut into slices.
        foreach (MatMul product in (MatMul[])[new(1, 1, 70, 33, TransposeB: true), new(1, 1, 65, 20, TransposeB: true), new(1, 3, 130, 65), new(2, 37, 65, 40, Alpha: -0.7f), new(1, 40, 33, 2500, TransposeB: true)])
            foreach ((bool bias, bool residual, ActivationKind? activation) in Epilogues())
                yield return new(product with { HasBias = bias, HasResidual = residual, Activation = activation }, seed++);
    }

    /// <summary>Bias, residual and activation in every combination that is one.</summary>
    private static IEnumerable<(bool Bias, bool Residual, ActivationKind? Activation)> Epilogues()
    {
        foreach (bool bias in (bool[])[false, true])
            foreach (bool residual in (bool[])[false, true])
            {
                if (bias || residual) yield return (bias, residual, null);
                foreach (ActivationKind kind in Enum.GetValues<ActivationKind>()) yield return (bias, residual, kind);
            }
    }
}
