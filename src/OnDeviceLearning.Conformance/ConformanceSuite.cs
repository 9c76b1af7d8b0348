namespace OnDeviceLearning.Conformance;

/// <summary>Every case: each operation at size 1, at sizes around vector widths and tiles, and with awkward geometry.</summary>
public static partial class ConformanceSuite
{
    /// <summary>Sizes around vector widths, groups of threads, tiles and blocks.</summary>
    private static readonly int[] Lengths = [1, 2, 3, 7, 16, 17, 31, 63, 64, 65, 127, 255, 256, 257, 1000, 1023, 1025, 4096, 4097, 20011, 65537, 200_003];

    /// <summary>The cases of all operations.</summary>
    public static IReadOnlyList<ConformanceCase> Cases { get; } =
    [
        .. MatMulCases(), .. Conv2dCases(), .. ElementwiseCases(), .. NormCases(), .. PoolCases(), .. RowCases(), .. SequenceCases(), .. OptimizerCases(),
    ];
}
