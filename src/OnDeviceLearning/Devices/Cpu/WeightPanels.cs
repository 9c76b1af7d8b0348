using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>
/// Packs matrices into panels as <see cref="Gemm"/> does, in the order in which they lie: weights that an optimizer has just
/// changed come from far, and the processor fetches ahead what is read in order.
/// </summary>
internal static unsafe class WeightPanels
{
    /// <summary>Rows of [k, columns], to all panels, those of this row at <paramref name="target"/>; missing columns become zero.</summary>
    public static void PackRows(float* source, int columns, int rows, float* target, nint panel)
    {
        if (Vector512.IsHardwareAccelerated) PackRows<Simd512, Vector512<float>>(source, columns, rows, target, panel);
        else if (Vector256.IsHardwareAccelerated) PackRows<Simd256, Vector256<float>>(source, columns, rows, target, panel);
        else PackRows<Simd128, Vector128<float>>(source, columns, rows, target, panel);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackRows<TSimd, TVector>(float* source, int columns, int rows, float* target, nint panel)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        int width = 2 * TSimd.Width, whole = columns / width;
        for (int r = 0; r < rows; r++, source += columns, target += width)
        {
            float* to = target, from = source;
            for (int p = 0; p < whole; p++, to += panel, from += width)
            {
                TSimd.Store(to, TSimd.Load(from));
                TSimd.Store(to + TSimd.Width, TSimd.Load(from + TSimd.Width));
            }
            int left = columns - whole * width;
            for (int i = 0; left > 0 && i < width; i++) to[i] = i < left ? from[i] : 0;
        }
    }

    /// <summary>
    /// One panel of a transposed matrix, whose columns are the rows of <paramref name="source"/> [columns, k]; missing
    /// columns become zero. The rows after the next four are fetched ahead.
    /// </summary>
    public static void PackTransposed(float* source, nint rowStride, int k, int columns, float* panel) =>
        PackTransposed(source, rowStride, k, columns, panel, Gemm.Panel, Gemm.Panel);

    /// <summary>The same where the rows of the panel are <paramref name="width"/> wide, and <paramref name="filled"/> of it are wanted.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void PackTransposed(float* source, nint rowStride, int k, int columns, float* panel, int width, int filled)
    {
        int column = 0;
        for (; column + 4 <= columns; column += 4)
        {
            float* row = source + column * rowStride, target = panel + column, next = row + 4 * rowStride;
            int i = 0;
            for (; i + 16 <= k; i += 16, target += 16 * width)
            {
                if (Sse.IsSupported)
                {
                    Sse.Prefetch0(next + i);
                    Sse.Prefetch0(next + rowStride + i);
                    Sse.Prefetch0(next + 2 * rowStride + i);
                    Sse.Prefetch0(next + 3 * rowStride + i);
                }
                Gemm.Transpose4x4(row + i, rowStride, target, width);
                Gemm.Transpose4x4(row + i + 4, rowStride, target + 4 * width, width);
                Gemm.Transpose4x4(row + i + 8, rowStride, target + 8 * width, width);
                Gemm.Transpose4x4(row + i + 12, rowStride, target + 12 * width, width);
            }
            for (; i + 4 <= k; i += 4, target += 4 * width) Gemm.Transpose4x4(row + i, rowStride, target, width);
            for (; i < k; i++, target += width)
                for (int r = 0; r < 4; r++) target[r] = row[r * rowStride + i];
        }
        for (; column < columns; column++)
            for (int i = 0; i < k; i++) panel[i * width + column] = source[column * rowStride + i];
        for (; column < filled; column++)
            for (int i = 0; i < k; i++) panel[i * width + column] = 0;
    }
}
