using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>
/// Matrix products over panels of b: a panel is two vectors wide, its rows k follow one another (packed) or lie where the
/// matrix has them (direct). a is read where it lies. The loops here are optimised from their first call on: tiers would
/// make a game's first predictions slow.
/// </summary>
internal static unsafe class Gemm
{
    /// <summary>Columns of a panel.</summary>
    public static readonly int Panel = Vector512.IsHardwareAccelerated ? 32 : Vector256.IsHardwareAccelerated ? 16 : 8;

    /// <summary>Rows of the largest tile.</summary>
    public static readonly int TileRows = Vector512.IsHardwareAccelerated ? 12 : 6;

    /// <summary>One core's rate, guessed low: a third to a half of what the tiles reach.</summary>
    public static readonly double FlopsPerSecond = 1e9 * Panel;

    /// <summary>Floats of the largest tile.</summary>
    public const int TileFloats = 12 * 32;

    /// <summary>A row of zeros as wide as a panel.</summary>
    public static readonly float* Zeros = CpuBuffer.AllocateZeroed(32);

    /// <summary>Longest sum kept in registers; longer ones go through c, in order.</summary>
    private const int MaxDepth = 1024;

    /// <summary>
    /// Rows up to which several tiles pass over a part of a panel that stays in the first-level cache, before they go on to
    /// the next part: so few rows are over before the panel has come from farther away, and must not fetch it twice.
    /// </summary>
    private const int FewRows = 24;

    /// <summary>Depth of such a part, 16 KiB; 0 for none: tiles of twelve rows are slow enough for a panel to come in time.</summary>
    private static readonly int partDepth = TileRows < 12 ? 4096 / Panel : 0;

    /// <summary>Columns of a in one batch of pointers, where a is transposed.</summary>
    private const int PairBlock = 256;

    public static int Panels(int columns) => (columns + Panel - 1) / Panel;

    /// <summary>
    /// c [m, n] = alpha * a * b (+ c where <paramref name="accumulate"/>), one of a's strides being 1, b in panels that lie
    /// <paramref name="panelStride"/> apart.
    /// </summary>
    public static void Multiply(
        int m, int n, int k, float* a, nint aRow, nint aK, float* b, nint panelStride, nint bK,
        float* c, nint cRow, float alpha = 1, bool accumulate = false)
    {
        TileTarget target = new() { CRow = cRow, Alpha = alpha, Accumulate = accumulate };
        Multiply(m, n, k, a, aRow, aK, b, panelStride, bK, c, ref target);
    }

    /// <summary>As above, with an epilogue: bias from column 0 on, a residual that lies as c does, ReLU.</summary>
    [SkipLocalsInit]
    public static void Multiply(int m, int n, int k, float* a, nint aRow, nint aK, float* b, nint panelStride, nint bK, float* c, ref TileTarget target)
    {
        float* tile = stackalloc float[TileFloats];
        float* parts = stackalloc float[FewRows * 32];
        float** pointers = stackalloc float*[2 * PairBlock];
        target.Tile = tile;
        float* bias = target.Bias, residual = target.Residual;
        bool accumulate = target.Accumulate, relu = target.Relu;
        int depthStep = aK == 1 ? MaxDepth : PairBlock;
        for (int k0 = 0; k0 < k; k0 += depthStep)
        {
            int depth = Math.Min(depthStep, k - k0);
            bool last = k0 + depth == k, inParts = partDepth > 0 && aK == 1 && m > TileRows && m <= FewRows && depth > partDepth;
            target.Accumulate = accumulate || k0 > 0;
            target.Relu = relu && last;
            if (aK != 1)
                for (int i = 0; i < depth; i++)
                {
                    pointers[2 * i] = a + (k0 + i) * aK;
                    pointers[2 * i + 1] = b + (k0 + i) * bK;
                }
            for (int n0 = 0; n0 < n; n0 += Panel)
            {
                target.Columns = Math.Min(Panel, n - n0);
                target.Bias = bias == null || !last ? null : bias + n0;
                nint panel = n0 / Panel * panelStride;
                int part = inParts ? partDepth : depth;
                for (int k1 = 0; k1 < depth; k1 += part)
                {
                    target.First = k1 == 0;
                    target.Last = k1 + part >= depth;
                    for (int m0 = 0; m0 < m;)
                    {
                        int rows = RowsOfTile(m - m0), shape = TileShape(rows);
                        target.Rows = rows;
                        target.C = c + m0 * target.CRow + n0;
                        target.Residual = residual == null || !last ? null : residual + m0 * target.CRow + n0;
                        target.Fetch();
                        target.Parts = inParts ? parts + m0 * Panel : null;
                        if (inParts && m <= 8)
                        {
                            // Half of the next part while each of two tiles of four rows passes over this one.
                            target.Ahead = b + panel + (k0 + k1 + part + (m0 > 0 ? part / 2 : 0)) * bK;
                            target.AheadStep = bK / 2;
                        }
                        if (aK == 1)
                        {
                            pointers[0] = b + panel + (k0 + k1) * bK;
                            for (int r = 0; r < shape; r++) pointers[1 + r] = a + (m0 + Math.Min(r, rows - 1)) * aRow + k0 + k1;
                            Rows(1, Math.Min(part, depth - k1), pointers, bK, ref target);
                        }
                        else
                        {
                            Outer(depth, pointers, m0, panel, ref target);
                        }
                        m0 += rows;
                    }
                }
            }
        }
        target.Parts = null;
        target.AheadStep = 0;
        target.Bias = bias;
        target.Residual = residual;
        target.Accumulate = accumulate;
        target.Relu = relu;
    }

    /// <summary>Rows of the next tile where so many are left. Twice four are faster than six and two.</summary>
    private static int RowsOfTile(int left) => TileRows == 6 && left is 7 or 8 ? 4 : Math.Min(left, TileRows);

    /// <summary>Rows of the tile that computes this many; their pointers must all be there, and may repeat.</summary>
    public static int TileShape(int rows)
    {
        if (Vector512.IsHardwareAccelerated) return rows > 9 ? 12 : rows > 8 ? 9 : rows > 4 ? 8 : rows > 2 ? 4 : 2;
        return rows > 4 ? 6 : rows > 2 ? 4 : 2;
    }

    /// <summary>One tile of gathered rows, as <see cref="GemmTile{TSimd, TVector, TShape}.Rows"/>; its shape is <see cref="TileShape"/> of the target's rows.</summary>
    public static void Rows(int segments, int length, float** pointers, nint bK, ref TileTarget target)
    {
        if (Vector512.IsHardwareAccelerated) Rows<Simd512, Vector512<float>>(segments, length, pointers, bK, ref target);
        else if (Vector256.IsHardwareAccelerated) Rows<Simd256, Vector256<float>>(segments, length, pointers, bK, ref target);
        else Rows<Simd128, Vector128<float>>(segments, length, pointers, bK, ref target);
    }

    private static void Rows<TSimd, TVector>(int segments, int length, float** pointers, nint bK, ref TileTarget target)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        int rows = target.Rows;
        if (Vector512.IsHardwareAccelerated && rows > 9)
        {
            if (target.Columns > Simd512.Width && target.Columns <= Simd512.Width + Simd256.Width) VectorAndHalf(segments, length, pointers, bK, ref target);
            else if (target.Columns > TSimd.Width) Rows<TSimd, TVector, Tile12x2>(segments, length, pointers, bK, ref target);
            else Rows<TSimd, TVector, Tile12x1>(segments, length, pointers, bK, ref target);
        }
        else if (Vector512.IsHardwareAccelerated && rows > 8) Rows<TSimd, TVector, Tile9x2>(segments, length, pointers, bK, ref target);
        else if (Vector512.IsHardwareAccelerated && rows > 4 && target.Columns <= TSimd.Width) Rows<TSimd, TVector, Tile8x1>(segments, length, pointers, bK, ref target);
        else if (Vector512.IsHardwareAccelerated && rows > 4) Rows<TSimd, TVector, Tile8x2>(segments, length, pointers, bK, ref target);
        else if (rows > 4) Rows<TSimd, TVector, Tile6x2>(segments, length, pointers, bK, ref target);
        else if (Vector512.IsHardwareAccelerated && rows > 2 && target.Columns <= TSimd.Width) Rows<TSimd, TVector, Tile4x1>(segments, length, pointers, bK, ref target);
        else if (rows > 2) Rows<TSimd, TVector, Tile4x2>(segments, length, pointers, bK, ref target);
        else Rows<TSimd, TVector, Tile2x2>(segments, length, pointers, bK, ref target);
    }

    /// <summary>17 to 24 columns of 12 rows: 16 and half a vector, which costs half as much as a whole one.</summary>
    private static void VectorAndHalf(int segments, int length, float** pointers, nint bK, ref TileTarget target)
    {
        TileTarget whole = target;
        target.Columns = Simd512.Width;
        Rows<Simd512, Vector512<float>, Tile12x1>(segments, length, pointers, bK, ref target);
        for (int s = 0; s < segments; s++) pointers[s * 13] += Simd512.Width;
        target.Columns = whole.Columns - Simd512.Width;
        target.C += Simd512.Width;
        if (target.Bias != null) target.Bias += Simd512.Width;
        if (target.Residual != null) target.Residual += Simd512.Width;
        Rows<Simd256, Vector256<float>, Tile12x1>(segments, length, pointers, bK, ref target);
        for (int s = 0; s < segments; s++) pointers[s * 13] -= Simd512.Width;
        target = whole;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Rows<TSimd, TVector, TShape>(int segments, int length, float** pointers, nint bK, ref TileTarget target)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
        where TShape : struct, ITileShape
    {
        target.Choose(TShape.Rows, TShape.Vectors * TSimd.Width);
        GemmTile<TSimd, TVector, TShape>.Rows(segments, length, pointers, bK, ref target);
    }

    /// <summary>One tile of outer products, as <see cref="GemmTile{TSimd, TVector, TShape}.Outer"/>.</summary>
    public static void Outer(int count, float** pairs, nint aOffset, nint bOffset, ref TileTarget target)
    {
        if (Vector512.IsHardwareAccelerated) Outer<Simd512, Vector512<float>>(count, pairs, aOffset, bOffset, ref target);
        else if (Vector256.IsHardwareAccelerated) Outer<Simd256, Vector256<float>>(count, pairs, aOffset, bOffset, ref target);
        else Outer<Simd128, Vector128<float>>(count, pairs, aOffset, bOffset, ref target);
    }

    private static void Outer<TSimd, TVector>(int count, float** pairs, nint aOffset, nint bOffset, ref TileTarget target)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        if (target.Rows <= 4) Outer<TSimd, TVector, Tile4x2>(count, pairs, aOffset, bOffset, ref target);
        else if (!Vector512.IsHardwareAccelerated) Outer<TSimd, TVector, Tile6x2>(count, pairs, aOffset, bOffset, ref target);
        else if (target.Columns > TSimd.Width) Outer<TSimd, TVector, Tile12x2>(count, pairs, aOffset, bOffset, ref target);
        else Outer<TSimd, TVector, Tile12x1>(count, pairs, aOffset, bOffset, ref target);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Outer<TSimd, TVector, TShape>(int count, float** pairs, nint aOffset, nint bOffset, ref TileTarget target)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
        where TShape : struct, ITileShape
    {
        target.Choose(TShape.Rows, TShape.Vectors * TSimd.Width);
        GemmTile<TSimd, TVector, TShape>.Outer(count, pairs, aOffset, bOffset, ref target);
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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Transpose4x4(float* source, nint sourceStride, float* target, nint targetStride) =>
        Transpose4x4(source, source + sourceStride, source + 2 * sourceStride, source + 3 * sourceStride, target, targetStride);

    /// <summary>Of four rows of four elements; the rows of the target are stored in order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Transpose4x4(float* row0, float* row1, float* row2, float* row3, float* target, nint targetStride)
    {
        Vector128<float> a = Vector128.Load(row0), b = Vector128.Load(row1), c = Vector128.Load(row2), d = Vector128.Load(row3);
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
