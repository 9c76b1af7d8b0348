using System.Runtime.Intrinsics.X86;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>
/// Blocks of queries, and products of keys with them that lie transposed: [keys, queries], a row as many lanes wide as
/// whole vectors hold the queries.
/// </summary>
internal static unsafe class AttentionBlocks
{
    private const double UnitTarget = 0.2e-3;

    private static readonly int vector = Gemm.Panel / 2;

    /// <summary>Rows of a block: whole vectors, 64 where a unit of so many is short enough, at least 16.</summary>
    public static int Block(int rows, double flopsPerRow) =>
        Math.Min(rows, Math.Clamp((int)Math.Min(64, UnitTarget * Gemm.FlopsPerSecond / flopsPerRow) / 16 * 16, 16, 64));

    /// <summary>All rows where a unit of so many is short enough, otherwise a block of them.</summary>
    public static int WholeOrBlock(int rows, double flopsPerRow) => rows * flopsPerRow <= UnitTarget * Gemm.FlopsPerSecond ? rows : Block(rows, flopsPerRow);

    /// <summary>Lanes for so many queries.</summary>
    public static int Lanes(int queries) => (queries + vector - 1) / vector * vector;

    /// <summary>Floats of so many queries transposed.</summary>
    public static long PanelFloats(int queries, int depth) => (long)depth * Gemm.Panels(queries) * Gemm.Panel;

    /// <summary>Rows of q or dy, a stride apart, transposed into panels for <see cref="Multiply"/>; lanes without a query become zero.</summary>
    public static void Transpose(float* source, nint stride, int queries, int depth, float* panels)
    {
        int width = PanelWidth(queries);
        for (int row = 0; row < queries; row += width, panels += depth * width)
        {
            int columns = Math.Min(width, queries - row);
            WeightPanels.PackTransposed(source + row * stride, stride, depth, columns, panels, width, Lanes(columns));
        }
    }

    /// <summary>scores [keys, lanes] = k * q', k's rows a stride apart, q transposed.</summary>
    public static void Multiply(int keys, int queries, int depth, float* k, nint stride, float* panels, float* scores)
    {
        int width = PanelWidth(queries), lanes = Lanes(queries);
        Gemm.Multiply(keys, lanes, depth, k, stride, 1, panels, (nint)depth * width, width, scores, lanes);
    }

    /// <summary>Sets the scores of keys key.. in the lanes of queries row.. that come before them.</summary>
    public static void Hide(float* scores, int lanes, int key, int keys, int row, float value)
    {
        for (int j = 0; j < keys; j++, scores += lanes)
            if (key + j > row) new Span<float>(scores, Math.Min(lanes, key + j - row)).Fill(value);
    }

    /// <summary>Has some rows of a head, a stride apart, fetched into the cache.</summary>
    public static void Fetch(float* source, nint stride, int rows, int depth)
    {
        if (!Sse.IsSupported) return;
        for (int r = 0; r < rows; r++, source += stride)
            for (int d = 0; d < depth; d += 16) Sse.Prefetch0(source + d);
    }

    private static int PanelWidth(int queries) => queries <= vector ? vector : Gemm.Panel;
}
