using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>
/// Matrix products over panels of b: a panel is two vectors wide, its rows k follow one another (packed) or lie where the
/// matrix has them (direct). a is read where it lies, by row and k stride, so neither it nor its transpose is ever packed.
/// The loops here are optimised from their first call on: tiers would make a game's first predictions slow.
/// </summary>
internal static unsafe class Gemm
{
    /// <summary>Columns of a panel.</summary>
    public static readonly int Panel = Vector512.IsHardwareAccelerated ? 32 : Vector256.IsHardwareAccelerated ? 16 : 8;

    /// <summary>One core's rate, guessed low: a third to a half of what the tiles reach.</summary>
    public static readonly double FlopsPerSecond = 1e9 * Panel;

    /// <summary>Longest sum kept in registers; longer ones go through c, in order.</summary>
    private const int MaxDepth = 2048;

    public static int Panels(int columns) => (columns + Panel - 1) / Panel;

    /// <summary>
    /// c [m, n] = alpha * a * b (+ c where <paramref name="accumulate"/>) (+ bias [m], where given), b in panels that lie
    /// <paramref name="panelStride"/> apart. The last panel must be readable in full.
    /// </summary>
    public static void Multiply(
        int m, int n, int k, float* a, nint aRow, nint aK, float* b, nint panelStride, nint bK,
        float* c, nint cRow, float alpha = 1, bool accumulate = false, float* bias = null)
    {
        if (Vector512.IsHardwareAccelerated) Multiply<Simd512, Vector512<float>>(m, n, k, a, aRow, aK, b, panelStride, bK, c, cRow, alpha, accumulate, bias);
        else if (Vector256.IsHardwareAccelerated) Multiply<Simd256, Vector256<float>>(m, n, k, a, aRow, aK, b, panelStride, bK, c, cRow, alpha, accumulate, bias);
        else Multiply<Simd128, Vector128<float>>(m, n, k, a, aRow, aK, b, panelStride, bK, c, cRow, alpha, accumulate, bias);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply<TSimd, TVector>(
        int m, int n, int k, float* a, nint aRow, nint aK, float* b, nint panelStride, nint bK,
        float* c, nint cRow, float alpha, bool accumulate, float* bias)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        int panel = 2 * TSimd.Width;
        float* tile = stackalloc float[12 * 32];
        for (int k0 = 0; k0 < k; k0 += MaxDepth)
        {
            int depth = Math.Min(MaxDepth, k - k0);
            bool add = accumulate || k0 > 0;
            float* shift = k0 > 0 ? null : bias;
            for (int n0 = 0; n0 < n; n0 += panel)
            {
                float* bPanel = b + n0 / panel * panelStride + k0 * bK;
                int columns = Math.Min(panel, n - n0);
                for (int m0 = 0; m0 < m;)
                {
                    float* aRows = a + m0 * aRow + k0 * aK, cTile = c + m0 * cRow + n0, rowBias = shift == null ? null : shift + m0;
                    int rows;
                    if (columns == panel)
                    {
                        rows = Rows<TSimd, TVector>(m - m0, depth, aRows, aRow, aK, bPanel, bK, cTile, cRow, alpha, add, rowBias);
                    }
                    else
                    {
                        rows = Rows<TSimd, TVector>(m - m0, depth, aRows, aRow, aK, bPanel, bK, tile, panel, alpha, false, rowBias);
                        for (int r = 0; r < rows; r++)
                            for (int i = 0; i < columns; i++)
                                cTile[r * cRow + i] = add ? cTile[r * cRow + i] + tile[r * panel + i] : tile[r * panel + i];
                    }
                    m0 += rows;
                }
            }
        }
    }

    /// <summary>One tile of as many rows as there are, or as the registers hold; returns how many.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Rows<TSimd, TVector>(
        int rows, int k, float* a, nint aRow, nint aK, float* b, nint bK, float* c, nint cRow, float alpha, bool accumulate, float* bias)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        if (Vector512.IsHardwareAccelerated)
        {
            if (rows >= 12)
            {
                GemmTile<TSimd, TVector, Rows12>.Run(k, a, aRow, aK, b, bK, c, cRow, alpha, accumulate, bias);
                return 12;
            }
            if (rows >= 8)
            {
                GemmTile<TSimd, TVector, Rows8>.Run(k, a, aRow, aK, b, bK, c, cRow, alpha, accumulate, bias);
                return 8;
            }
        }
        else if (rows >= 6)
        {
            GemmTile<TSimd, TVector, Rows6>.Run(k, a, aRow, aK, b, bK, c, cRow, alpha, accumulate, bias);
            return 6;
        }
        if (rows >= 4)
        {
            GemmTile<TSimd, TVector, Rows4>.Run(k, a, aRow, aK, b, bK, c, cRow, alpha, accumulate, bias);
            return 4;
        }
        if (rows >= 2)
        {
            GemmTile<TSimd, TVector, Rows2>.Run(k, a, aRow, aK, b, bK, c, cRow, alpha, accumulate, bias);
            return 2;
        }
        GemmTile<TSimd, TVector, Rows1>.Run(k, a, aRow, aK, b, bK, c, cRow, alpha, accumulate, bias);
        return 1;
    }

    /// <summary>Packs one panel of a row-major [k, columns] matrix; missing columns become zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void PackPanel(float* source, nint rowStride, int k, int columns, float* panel)
    {
        int width = Panel;
        for (int i = 0; i < k; i++, source += rowStride, panel += width)
        {
            new ReadOnlySpan<float>(source, columns).CopyTo(new Span<float>(panel, width));
            if (columns < width) new Span<float>(panel + columns, width - columns).Clear();
        }
    }

    /// <summary>Packs one panel of a transposed matrix, whose columns are the rows of <paramref name="source"/> [columns, k].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void PackTransposedPanel(float* source, nint rowStride, int k, int columns, float* panel)
    {
        int width = Panel, column = 0;
        for (; column + 4 <= columns; column += 4)
        {
            float* row = source + column * rowStride, target = panel + column;
            int i = 0;
            for (; i + 4 <= k; i += 4, target += 4 * width)
                Transpose4x4(row + i, rowStride, target, width);
            for (; i < k; i++, target += width)
                for (int r = 0; r < 4; r++) target[r] = row[r * rowStride + i];
        }
        for (; column < columns; column++)
            for (int i = 0; i < k; i++) panel[i * width + column] = source[column * rowStride + i];
        for (; column < width; column++)
            for (int i = 0; i < k; i++) panel[i * width + column] = 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose4x4(float* source, nint sourceStride, float* target, nint targetStride)
    {
        Vector128<float> a = Vector128.Load(source), b = Vector128.Load(source + sourceStride);
        Vector128<float> c = Vector128.Load(source + 2 * sourceStride), d = Vector128.Load(source + 3 * sourceStride);
        if (Sse.IsSupported)
        {
            Vector128<float> ab = Sse.UnpackLow(a, b), cd = Sse.UnpackLow(c, d), abHigh = Sse.UnpackHigh(a, b), cdHigh = Sse.UnpackHigh(c, d);
            Sse.MoveLowToHigh(ab, cd).Store(target);
            Sse.MoveHighToLow(cd, ab).Store(target + targetStride);
            Sse.MoveLowToHigh(abHigh, cdHigh).Store(target + 2 * targetStride);
            Sse.MoveHighToLow(cdHigh, abHigh).Store(target + 3 * targetStride);
            return;
        }
        if (AdvSimd.Arm64.IsSupported)
        {
            Vector128<float> ac = AdvSimd.Arm64.ZipLow(a, c), bd = AdvSimd.Arm64.ZipLow(b, d), acHigh = AdvSimd.Arm64.ZipHigh(a, c), bdHigh = AdvSimd.Arm64.ZipHigh(b, d);
            AdvSimd.Arm64.ZipLow(ac, bd).Store(target);
            AdvSimd.Arm64.ZipHigh(ac, bd).Store(target + targetStride);
            AdvSimd.Arm64.ZipLow(acHigh, bdHigh).Store(target + 2 * targetStride);
            AdvSimd.Arm64.ZipHigh(acHigh, bdHigh).Store(target + 3 * targetStride);
            return;
        }
        for (int i = 0; i < 4; i++)
        {
            target[i * targetStride] = a[i];
            target[i * targetStride + 1] = b[i];
            target[i * targetStride + 2] = c[i];
            target[i * targetStride + 3] = d[i];
        }
    }
}
