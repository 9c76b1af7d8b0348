using System.Runtime.CompilerServices;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>A number of rows known to the compiler.</summary>
internal interface IRowCount
{
    static abstract int Rows { get; }
}

internal readonly struct Rows1 : IRowCount { public static int Rows => 1; }
internal readonly struct Rows2 : IRowCount { public static int Rows => 2; }
internal readonly struct Rows4 : IRowCount { public static int Rows => 4; }
internal readonly struct Rows6 : IRowCount { public static int Rows => 6; }
internal readonly struct Rows8 : IRowCount { public static int Rows => 8; }
internal readonly struct Rows12 : IRowCount { public static int Rows => 12; }

/// <summary>
/// The innermost loop of every product: a tile of c, <c>TRows</c> rows by two vectors, kept in registers while k runs.
/// The JIT compiles it for each width and row count, and the rows a count does not have vanish.
/// </summary>
internal static unsafe class GemmTile<TSimd, TVector, TRows>
    where TSimd : struct, ISimd<TVector>
    where TVector : unmanaged
    where TRows : struct, IRowCount
{
    /// <summary>
    /// c = alpha * a * b (+ c where <paramref name="accumulate"/>) (+ bias of the row, where given).
    /// Element (r, k) of a lies at r * aRow + k * aK, vectors k of b at k * bK.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Run(int k, float* a, nint aRow, nint aK, float* b, nint bK, float* c, nint cRow, float alpha, bool accumulate, float* bias)
    {
        TVector c0l = default, c0h = default;
        TVector c1l = default, c1h = default;
        TVector c2l = default, c2h = default;
        TVector c3l = default, c3h = default;
        TVector c4l = default, c4h = default;
        TVector c5l = default, c5h = default;
        TVector c6l = default, c6h = default;
        TVector c7l = default, c7h = default;
        TVector c8l = default, c8h = default;
        TVector c9l = default, c9h = default;
        TVector c10l = default, c10h = default;
        TVector c11l = default, c11h = default;
        // Four bases and two offsets address twelve rows without running out of registers.
        float* a0 = a, a3 = a + 3 * aRow, a6 = a + 6 * aRow, a9 = a + 9 * aRow;
        nint row2 = 2 * aRow;
        for (; k > 0; k--)
        {
            TVector low = TSimd.Load(b), high = TSimd.Load(b + TSimd.Width), x;
            if (TRows.Rows > 0) { x = TSimd.Broadcast(*a0); c0l = TSimd.MultiplyAdd(x, low, c0l); c0h = TSimd.MultiplyAdd(x, high, c0h); }
            if (TRows.Rows > 1) { x = TSimd.Broadcast(a0[aRow]); c1l = TSimd.MultiplyAdd(x, low, c1l); c1h = TSimd.MultiplyAdd(x, high, c1h); }
            if (TRows.Rows > 2) { x = TSimd.Broadcast(a0[row2]); c2l = TSimd.MultiplyAdd(x, low, c2l); c2h = TSimd.MultiplyAdd(x, high, c2h); }
            if (TRows.Rows > 3) { x = TSimd.Broadcast(*a3); c3l = TSimd.MultiplyAdd(x, low, c3l); c3h = TSimd.MultiplyAdd(x, high, c3h); }
            if (TRows.Rows > 4) { x = TSimd.Broadcast(a3[aRow]); c4l = TSimd.MultiplyAdd(x, low, c4l); c4h = TSimd.MultiplyAdd(x, high, c4h); }
            if (TRows.Rows > 5) { x = TSimd.Broadcast(a3[row2]); c5l = TSimd.MultiplyAdd(x, low, c5l); c5h = TSimd.MultiplyAdd(x, high, c5h); }
            if (TRows.Rows > 6) { x = TSimd.Broadcast(*a6); c6l = TSimd.MultiplyAdd(x, low, c6l); c6h = TSimd.MultiplyAdd(x, high, c6h); }
            if (TRows.Rows > 7) { x = TSimd.Broadcast(a6[aRow]); c7l = TSimd.MultiplyAdd(x, low, c7l); c7h = TSimd.MultiplyAdd(x, high, c7h); }
            if (TRows.Rows > 8) { x = TSimd.Broadcast(a6[row2]); c8l = TSimd.MultiplyAdd(x, low, c8l); c8h = TSimd.MultiplyAdd(x, high, c8h); }
            if (TRows.Rows > 9) { x = TSimd.Broadcast(*a9); c9l = TSimd.MultiplyAdd(x, low, c9l); c9h = TSimd.MultiplyAdd(x, high, c9h); }
            if (TRows.Rows > 10) { x = TSimd.Broadcast(a9[aRow]); c10l = TSimd.MultiplyAdd(x, low, c10l); c10h = TSimd.MultiplyAdd(x, high, c10h); }
            if (TRows.Rows > 11) { x = TSimd.Broadcast(a9[row2]); c11l = TSimd.MultiplyAdd(x, low, c11l); c11h = TSimd.MultiplyAdd(x, high, c11h); }
            a0 += aK;
            a3 += aK;
            a6 += aK;
            a9 += aK;
            b += bK;
        }
        if (TRows.Rows > 0) Store(c + 0 * cRow, c0l, c0h, alpha, accumulate, bias == null ? 0 : bias[0]);
        if (TRows.Rows > 1) Store(c + 1 * cRow, c1l, c1h, alpha, accumulate, bias == null ? 0 : bias[1]);
        if (TRows.Rows > 2) Store(c + 2 * cRow, c2l, c2h, alpha, accumulate, bias == null ? 0 : bias[2]);
        if (TRows.Rows > 3) Store(c + 3 * cRow, c3l, c3h, alpha, accumulate, bias == null ? 0 : bias[3]);
        if (TRows.Rows > 4) Store(c + 4 * cRow, c4l, c4h, alpha, accumulate, bias == null ? 0 : bias[4]);
        if (TRows.Rows > 5) Store(c + 5 * cRow, c5l, c5h, alpha, accumulate, bias == null ? 0 : bias[5]);
        if (TRows.Rows > 6) Store(c + 6 * cRow, c6l, c6h, alpha, accumulate, bias == null ? 0 : bias[6]);
        if (TRows.Rows > 7) Store(c + 7 * cRow, c7l, c7h, alpha, accumulate, bias == null ? 0 : bias[7]);
        if (TRows.Rows > 8) Store(c + 8 * cRow, c8l, c8h, alpha, accumulate, bias == null ? 0 : bias[8]);
        if (TRows.Rows > 9) Store(c + 9 * cRow, c9l, c9h, alpha, accumulate, bias == null ? 0 : bias[9]);
        if (TRows.Rows > 10) Store(c + 10 * cRow, c10l, c10h, alpha, accumulate, bias == null ? 0 : bias[10]);
        if (TRows.Rows > 11) Store(c + 11 * cRow, c11l, c11h, alpha, accumulate, bias == null ? 0 : bias[11]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(float* c, TVector low, TVector high, float alpha, bool accumulate, float bias)
    {
        TVector scale = TSimd.Broadcast(alpha), shift = TSimd.Broadcast(bias);
        low = TSimd.MultiplyAdd(low, scale, shift);
        high = TSimd.MultiplyAdd(high, scale, shift);
        if (accumulate)
        {
            low = TSimd.Add(low, TSimd.Load(c));
            high = TSimd.Add(high, TSimd.Load(c + TSimd.Width));
        }
        TSimd.Store(c, low);
        TSimd.Store(c + TSimd.Width, high);
    }
}
