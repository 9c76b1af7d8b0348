using System.Runtime.CompilerServices;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>A tile's size, known to the compiler: rows, and vectors of columns.</summary>
internal interface ITileShape
{
    static abstract int Rows { get; }
    static abstract int Vectors { get; }
}

internal readonly struct Tile12x2 : ITileShape { public static int Rows => 12; public static int Vectors => 2; }
internal readonly struct Tile9x2 : ITileShape { public static int Rows => 9; public static int Vectors => 2; }
internal readonly struct Tile8x2 : ITileShape { public static int Rows => 8; public static int Vectors => 2; }
internal readonly struct Tile6x2 : ITileShape { public static int Rows => 6; public static int Vectors => 2; }
internal readonly struct Tile4x2 : ITileShape { public static int Rows => 4; public static int Vectors => 2; }
internal readonly struct Tile2x2 : ITileShape { public static int Rows => 2; public static int Vectors => 2; }
internal readonly struct Tile12x1 : ITileShape { public static int Rows => 12; public static int Vectors => 1; }

/// <summary>Where a tile of sums goes and what is done to it on the way: c = max(alpha * sums + bias + residual (+ c), floor).</summary>
internal unsafe struct TileTarget
{
    /// <summary>Element (0, 0) of the tile in c, whose rows lie <see cref="CRow"/> apart.</summary>
    public float* C;

    /// <summary>Room on the stack for the sums.</summary>
    public float* Tile;
    public nint CRow;

    /// <summary>How much of the tile is wanted; the rest is computed from whatever is there and dropped.</summary>
    public int Rows, Columns;
    public float Alpha;
    public bool Accumulate, Relu;

    /// <summary>Whether c has room for whole tiles: for all rows and columns of the tile's shape.</summary>
    public bool Roomy;

    /// <summary>Null for none: a bias for each column, and a residual that lies as c does.</summary>
    public float* Bias, Residual;

    /// <summary>What the sums begin with: the bias, or zeros where it is not for the tile to add.</summary>
    public float* Start;

    /// <summary>Whether the sums go from the registers to c, with nothing done to them but <see cref="Floor"/>.</summary>
    public bool Direct;

    /// <summary>The least a tile leaves of a sum.</summary>
    public float Floor;

    /// <summary>Where each row begins, in elements from <see cref="C"/>; null where they lie <see cref="CRow"/> apart.</summary>
    public nint* Offsets;

    /// <summary>Chooses what a tile of so many rows and columns does by itself and what is left to <see cref="TileFinish{TSimd, TVector}"/>.</summary>
    public void Choose(int rows, int columns)
    {
        // A bias is what sums begin with, whatever the tile: an element must not depend on how rows fall into tiles.
        Start = Bias == null || Alpha != 1 ? Gemm.Zeros : Bias;
        Direct = (Roomy || (Rows == rows && Columns == columns)) && Alpha == 1 && !Accumulate && Residual == null && Offsets == null;
        Floor = Direct && Relu ? 0 : float.NegativeInfinity;
    }
}

/// <summary>
/// The innermost loops of every product: a tile of c kept in registers while k runs. The JIT compiles them for each width
/// and shape, and the rows a shape does not have vanish. What lies right of a row's last column is read as well: every
/// allocation of this device has room for that behind its end.
/// </summary>
internal static unsafe class GemmTile<TSimd, TVector, TShape>
    where TSimd : struct, ISimd<TVector>
    where TVector : unmanaged
    where TShape : struct, ITileShape
{
    /// <summary>
    /// Rows of a gathered by pointer. k runs through segments of <paramref name="length"/>; each has 1 + Rows pointers:
    /// where its rows of b begin, a vector pair every <paramref name="bK"/>, and where each row of a does.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows(int segments, int length, float** pointers, nint bK, ref TileTarget target)
    {
        TVector low = TSimd.Load(target.Start), high = TShape.Vectors > 1 ? TSimd.Load(target.Start + TSimd.Width) : default, x;
        TVector c0l = low, c0h = high, c1l = low, c1h = high, c2l = low, c2h = high, c3l = low, c3h = high;
        TVector c4l = low, c4h = high, c5l = low, c5h = high, c6l = low, c6h = high, c7l = low, c7h = high;
        TVector c8l = low, c8h = high, c9l = low, c9h = high, c10l = low, c10h = high, c11l = low, c11h = high;
        for (; segments > 0; segments--, pointers += 1 + TShape.Rows)
        {
            float* b = pointers[0];
            float* a0 = pointers[1], a1 = TShape.Rows > 1 ? pointers[2] : null, a2 = TShape.Rows > 2 ? pointers[3] : null, a3 = TShape.Rows > 3 ? pointers[4] : null;
            float* a4 = TShape.Rows > 4 ? pointers[5] : null, a5 = TShape.Rows > 5 ? pointers[6] : null, a6 = TShape.Rows > 6 ? pointers[7] : null, a7 = TShape.Rows > 7 ? pointers[8] : null;
            float* a8 = TShape.Rows > 8 ? pointers[9] : null, a9 = TShape.Rows > 9 ? pointers[10] : null, a10 = TShape.Rows > 10 ? pointers[11] : null, a11 = TShape.Rows > 11 ? pointers[12] : null;
            for (nint k = 0; k < length; k++, b += bK)
            {
                low = TSimd.Load(b);
                if (TShape.Vectors > 1) high = TSimd.Load(b + TSimd.Width);
                if (TShape.Rows > 0) { x = TSimd.Broadcast(a0[k]); c0l = TSimd.MultiplyAdd(x, low, c0l); if (TShape.Vectors > 1) c0h = TSimd.MultiplyAdd(x, high, c0h); }
                if (TShape.Rows > 1) { x = TSimd.Broadcast(a1[k]); c1l = TSimd.MultiplyAdd(x, low, c1l); if (TShape.Vectors > 1) c1h = TSimd.MultiplyAdd(x, high, c1h); }
                if (TShape.Rows > 2) { x = TSimd.Broadcast(a2[k]); c2l = TSimd.MultiplyAdd(x, low, c2l); if (TShape.Vectors > 1) c2h = TSimd.MultiplyAdd(x, high, c2h); }
                if (TShape.Rows > 3) { x = TSimd.Broadcast(a3[k]); c3l = TSimd.MultiplyAdd(x, low, c3l); if (TShape.Vectors > 1) c3h = TSimd.MultiplyAdd(x, high, c3h); }
                if (TShape.Rows > 4) { x = TSimd.Broadcast(a4[k]); c4l = TSimd.MultiplyAdd(x, low, c4l); if (TShape.Vectors > 1) c4h = TSimd.MultiplyAdd(x, high, c4h); }
                if (TShape.Rows > 5) { x = TSimd.Broadcast(a5[k]); c5l = TSimd.MultiplyAdd(x, low, c5l); if (TShape.Vectors > 1) c5h = TSimd.MultiplyAdd(x, high, c5h); }
                if (TShape.Rows > 6) { x = TSimd.Broadcast(a6[k]); c6l = TSimd.MultiplyAdd(x, low, c6l); if (TShape.Vectors > 1) c6h = TSimd.MultiplyAdd(x, high, c6h); }
                if (TShape.Rows > 7) { x = TSimd.Broadcast(a7[k]); c7l = TSimd.MultiplyAdd(x, low, c7l); if (TShape.Vectors > 1) c7h = TSimd.MultiplyAdd(x, high, c7h); }
                if (TShape.Rows > 8) { x = TSimd.Broadcast(a8[k]); c8l = TSimd.MultiplyAdd(x, low, c8l); if (TShape.Vectors > 1) c8h = TSimd.MultiplyAdd(x, high, c8h); }
                if (TShape.Rows > 9) { x = TSimd.Broadcast(a9[k]); c9l = TSimd.MultiplyAdd(x, low, c9l); if (TShape.Vectors > 1) c9h = TSimd.MultiplyAdd(x, high, c9h); }
                if (TShape.Rows > 10) { x = TSimd.Broadcast(a10[k]); c10l = TSimd.MultiplyAdd(x, low, c10l); if (TShape.Vectors > 1) c10h = TSimd.MultiplyAdd(x, high, c10h); }
                if (TShape.Rows > 11) { x = TSimd.Broadcast(a11[k]); c11l = TSimd.MultiplyAdd(x, low, c11l); if (TShape.Vectors > 1) c11h = TSimd.MultiplyAdd(x, high, c11h); }
            }
        }
        float* tile = target.Direct ? target.C : target.Tile;
        nint row = target.Direct ? target.CRow : TShape.Vectors * TSimd.Width;
        TVector floor = TSimd.Broadcast(target.Floor);
        if (TShape.Rows > 0) { TSimd.Store(tile + 0 * row, TSimd.Max(floor, c0l)); if (TShape.Vectors > 1) TSimd.Store(tile + 0 * row + TSimd.Width, TSimd.Max(floor, c0h)); }
        if (TShape.Rows > 1) { TSimd.Store(tile + 1 * row, TSimd.Max(floor, c1l)); if (TShape.Vectors > 1) TSimd.Store(tile + 1 * row + TSimd.Width, TSimd.Max(floor, c1h)); }
        if (TShape.Rows > 2) { TSimd.Store(tile + 2 * row, TSimd.Max(floor, c2l)); if (TShape.Vectors > 1) TSimd.Store(tile + 2 * row + TSimd.Width, TSimd.Max(floor, c2h)); }
        if (TShape.Rows > 3) { TSimd.Store(tile + 3 * row, TSimd.Max(floor, c3l)); if (TShape.Vectors > 1) TSimd.Store(tile + 3 * row + TSimd.Width, TSimd.Max(floor, c3h)); }
        if (TShape.Rows > 4) { TSimd.Store(tile + 4 * row, TSimd.Max(floor, c4l)); if (TShape.Vectors > 1) TSimd.Store(tile + 4 * row + TSimd.Width, TSimd.Max(floor, c4h)); }
        if (TShape.Rows > 5) { TSimd.Store(tile + 5 * row, TSimd.Max(floor, c5l)); if (TShape.Vectors > 1) TSimd.Store(tile + 5 * row + TSimd.Width, TSimd.Max(floor, c5h)); }
        if (TShape.Rows > 6) { TSimd.Store(tile + 6 * row, TSimd.Max(floor, c6l)); if (TShape.Vectors > 1) TSimd.Store(tile + 6 * row + TSimd.Width, TSimd.Max(floor, c6h)); }
        if (TShape.Rows > 7) { TSimd.Store(tile + 7 * row, TSimd.Max(floor, c7l)); if (TShape.Vectors > 1) TSimd.Store(tile + 7 * row + TSimd.Width, TSimd.Max(floor, c7h)); }
        if (TShape.Rows > 8) { TSimd.Store(tile + 8 * row, TSimd.Max(floor, c8l)); if (TShape.Vectors > 1) TSimd.Store(tile + 8 * row + TSimd.Width, TSimd.Max(floor, c8h)); }
        if (TShape.Rows > 9) { TSimd.Store(tile + 9 * row, TSimd.Max(floor, c9l)); if (TShape.Vectors > 1) TSimd.Store(tile + 9 * row + TSimd.Width, TSimd.Max(floor, c9h)); }
        if (TShape.Rows > 10) { TSimd.Store(tile + 10 * row, TSimd.Max(floor, c10l)); if (TShape.Vectors > 1) TSimd.Store(tile + 10 * row + TSimd.Width, TSimd.Max(floor, c10h)); }
        if (TShape.Rows > 11) { TSimd.Store(tile + 11 * row, TSimd.Max(floor, c11l)); if (TShape.Vectors > 1) TSimd.Store(tile + 11 * row + TSimd.Width, TSimd.Max(floor, c11h)); }
        if (!target.Direct) TileFinish<TSimd, TVector>.Run((int)row, ref target);
    }

    /// <summary>
    /// Sums of outer products: for each of <paramref name="count"/> pairs of pointers, a column of a (its rows one after
    /// another) times a row of b.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Outer(int count, float** pairs, nint aOffset, nint bOffset, ref TileTarget target)
    {
        TVector low = TSimd.Load(target.Start), high = TShape.Vectors > 1 ? TSimd.Load(target.Start + TSimd.Width) : default, x;
        TVector c0l = low, c0h = high, c1l = low, c1h = high, c2l = low, c2h = high, c3l = low, c3h = high;
        TVector c4l = low, c4h = high, c5l = low, c5h = high, c6l = low, c6h = high, c7l = low, c7h = high;
        TVector c8l = low, c8h = high, c9l = low, c9h = high, c10l = low, c10h = high, c11l = low, c11h = high;
        for (; count > 0; count--, pairs += 2)
        {
            float* a = pairs[0] + aOffset, b = pairs[1] + bOffset;
            low = TSimd.Load(b);
            if (TShape.Vectors > 1) high = TSimd.Load(b + TSimd.Width);
            if (TShape.Rows > 0) { x = TSimd.Broadcast(a[0]); c0l = TSimd.MultiplyAdd(x, low, c0l); if (TShape.Vectors > 1) c0h = TSimd.MultiplyAdd(x, high, c0h); }
            if (TShape.Rows > 1) { x = TSimd.Broadcast(a[1]); c1l = TSimd.MultiplyAdd(x, low, c1l); if (TShape.Vectors > 1) c1h = TSimd.MultiplyAdd(x, high, c1h); }
            if (TShape.Rows > 2) { x = TSimd.Broadcast(a[2]); c2l = TSimd.MultiplyAdd(x, low, c2l); if (TShape.Vectors > 1) c2h = TSimd.MultiplyAdd(x, high, c2h); }
            if (TShape.Rows > 3) { x = TSimd.Broadcast(a[3]); c3l = TSimd.MultiplyAdd(x, low, c3l); if (TShape.Vectors > 1) c3h = TSimd.MultiplyAdd(x, high, c3h); }
            if (TShape.Rows > 4) { x = TSimd.Broadcast(a[4]); c4l = TSimd.MultiplyAdd(x, low, c4l); if (TShape.Vectors > 1) c4h = TSimd.MultiplyAdd(x, high, c4h); }
            if (TShape.Rows > 5) { x = TSimd.Broadcast(a[5]); c5l = TSimd.MultiplyAdd(x, low, c5l); if (TShape.Vectors > 1) c5h = TSimd.MultiplyAdd(x, high, c5h); }
            if (TShape.Rows > 6) { x = TSimd.Broadcast(a[6]); c6l = TSimd.MultiplyAdd(x, low, c6l); if (TShape.Vectors > 1) c6h = TSimd.MultiplyAdd(x, high, c6h); }
            if (TShape.Rows > 7) { x = TSimd.Broadcast(a[7]); c7l = TSimd.MultiplyAdd(x, low, c7l); if (TShape.Vectors > 1) c7h = TSimd.MultiplyAdd(x, high, c7h); }
            if (TShape.Rows > 8) { x = TSimd.Broadcast(a[8]); c8l = TSimd.MultiplyAdd(x, low, c8l); if (TShape.Vectors > 1) c8h = TSimd.MultiplyAdd(x, high, c8h); }
            if (TShape.Rows > 9) { x = TSimd.Broadcast(a[9]); c9l = TSimd.MultiplyAdd(x, low, c9l); if (TShape.Vectors > 1) c9h = TSimd.MultiplyAdd(x, high, c9h); }
            if (TShape.Rows > 10) { x = TSimd.Broadcast(a[10]); c10l = TSimd.MultiplyAdd(x, low, c10l); if (TShape.Vectors > 1) c10h = TSimd.MultiplyAdd(x, high, c10h); }
            if (TShape.Rows > 11) { x = TSimd.Broadcast(a[11]); c11l = TSimd.MultiplyAdd(x, low, c11l); if (TShape.Vectors > 1) c11h = TSimd.MultiplyAdd(x, high, c11h); }
        }
        float* tile = target.Direct ? target.C : target.Tile;
        nint row = target.Direct ? target.CRow : TShape.Vectors * TSimd.Width;
        TVector floor = TSimd.Broadcast(target.Floor);
        if (TShape.Rows > 0) { TSimd.Store(tile + 0 * row, TSimd.Max(floor, c0l)); if (TShape.Vectors > 1) TSimd.Store(tile + 0 * row + TSimd.Width, TSimd.Max(floor, c0h)); }
        if (TShape.Rows > 1) { TSimd.Store(tile + 1 * row, TSimd.Max(floor, c1l)); if (TShape.Vectors > 1) TSimd.Store(tile + 1 * row + TSimd.Width, TSimd.Max(floor, c1h)); }
        if (TShape.Rows > 2) { TSimd.Store(tile + 2 * row, TSimd.Max(floor, c2l)); if (TShape.Vectors > 1) TSimd.Store(tile + 2 * row + TSimd.Width, TSimd.Max(floor, c2h)); }
        if (TShape.Rows > 3) { TSimd.Store(tile + 3 * row, TSimd.Max(floor, c3l)); if (TShape.Vectors > 1) TSimd.Store(tile + 3 * row + TSimd.Width, TSimd.Max(floor, c3h)); }
        if (TShape.Rows > 4) { TSimd.Store(tile + 4 * row, TSimd.Max(floor, c4l)); if (TShape.Vectors > 1) TSimd.Store(tile + 4 * row + TSimd.Width, TSimd.Max(floor, c4h)); }
        if (TShape.Rows > 5) { TSimd.Store(tile + 5 * row, TSimd.Max(floor, c5l)); if (TShape.Vectors > 1) TSimd.Store(tile + 5 * row + TSimd.Width, TSimd.Max(floor, c5h)); }
        if (TShape.Rows > 6) { TSimd.Store(tile + 6 * row, TSimd.Max(floor, c6l)); if (TShape.Vectors > 1) TSimd.Store(tile + 6 * row + TSimd.Width, TSimd.Max(floor, c6h)); }
        if (TShape.Rows > 7) { TSimd.Store(tile + 7 * row, TSimd.Max(floor, c7l)); if (TShape.Vectors > 1) TSimd.Store(tile + 7 * row + TSimd.Width, TSimd.Max(floor, c7h)); }
        if (TShape.Rows > 8) { TSimd.Store(tile + 8 * row, TSimd.Max(floor, c8l)); if (TShape.Vectors > 1) TSimd.Store(tile + 8 * row + TSimd.Width, TSimd.Max(floor, c8h)); }
        if (TShape.Rows > 9) { TSimd.Store(tile + 9 * row, TSimd.Max(floor, c9l)); if (TShape.Vectors > 1) TSimd.Store(tile + 9 * row + TSimd.Width, TSimd.Max(floor, c9h)); }
        if (TShape.Rows > 10) { TSimd.Store(tile + 10 * row, TSimd.Max(floor, c10l)); if (TShape.Vectors > 1) TSimd.Store(tile + 10 * row + TSimd.Width, TSimd.Max(floor, c10h)); }
        if (TShape.Rows > 11) { TSimd.Store(tile + 11 * row, TSimd.Max(floor, c11l)); if (TShape.Vectors > 1) TSimd.Store(tile + 11 * row + TSimd.Width, TSimd.Max(floor, c11h)); }
        if (!target.Direct) TileFinish<TSimd, TVector>.Run((int)row, ref target);
    }
}

/// <summary>Brings a tile of sums from the stack to where it goes.</summary>
internal static unsafe class TileFinish<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : unmanaged
{
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static void Run(int tileRow, ref TileTarget target)
    {
        TVector alpha = TSimd.Broadcast(target.Alpha), floor = TSimd.Broadcast(target.Relu ? 0 : float.NegativeInfinity);
        bool scaled = target.Alpha != 1, late = target.Bias != null && target.Start != target.Bias, accumulate = target.Accumulate;
        // Locals: what is stored could be the target itself, as far as the compiler knows.
        float* c = target.C, residual = target.Residual;
        nint* offsets = target.Offsets;
        nint row = target.CRow;
        int rows = target.Rows;
        for (int column = 0; column < target.Columns; column += TSimd.Width)
        {
            float* sums = target.Tile + column;
            TVector bias = late ? TSimd.Load(target.Bias + column) : default;
            int columns = target.Columns - column;
            nint start = column;
            for (int r = 0; r < rows; r++, sums += tileRow, start += row)
            {
                nint at = offsets == null ? start : column + offsets[r];
                TVector value = TSimd.Load(sums);
                if (scaled) value = TSimd.Multiply(value, alpha);
                if (late) value = TSimd.Add(value, bias);
                if (accumulate) value = TSimd.Add(value, TSimd.Load(c + at));
                if (residual != null) value = TSimd.Add(value, TSimd.Load(residual + at));
                value = TSimd.Max(floor, value);
                if (columns >= TSimd.Width) TSimd.Store(c + at, value);
                else TSimd.StorePart(c + at, value, columns);
            }
        }
    }
}
