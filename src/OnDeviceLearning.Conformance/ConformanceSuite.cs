namespace OnDeviceLearning.Conformance;

/// <summary>Every case: each operation at size 1, at sizes around vector widths and tiles, and with awkward geometry.</summary>
public static partial class ConformanceSuite
{
    /// <summary>Sizes around vector widths, tiles and blocks.</summary>
    private static readonly int[] Lengths = [1, 3, 7, 16, 17, 63, 65, 127, 1000, 4096, 4097, 20011];

    /// <summary>The cases of all operations.</summary>
    public static IReadOnlyList<ConformanceCase> Cases { get; } =
    [
        .. MatMulCases(), .. Conv2dCases(), .. ElementwiseCases(), .. NormCases(), .. PoolCases(), .. RowCases(), .. SequenceCases(), .. OptimizerCases(),
    ];
}
