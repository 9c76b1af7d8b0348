using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

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
internal readonly struct Tile4x1 : ITileShape { public static int Rows => 4; public static int Vectors => 1; }
internal readonly struct Tile8x1 : ITileShape { public static int Rows => 8; public static int Vectors => 1; }
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

    /// <summary>Where sums lie between one part of k and the next, a tile's row after row; null where k is one part.</summary>
    public float* Parts;

    /// <summary>Whether this part of k is the first, and whether it is the last.</summary>
    public bool First, Last;

    /// <summary>What the sums begin with, rows <see cref="StartRow"/> apart: the bias, zeros where it is not for the tile to add, or the part before.</summary>
    public float* Start;
    public nint StartRow;

    /// <summary>Where the tile leaves its sums, rows <see cref="StoreRow"/> apart, and whether <see cref="TileFinish{TSimd, TVector}"/> takes them on from there.</summary>
    public float* Store;
    public nint StoreRow;
    public bool Finish;

    /// <summary>What is fetched while the tile is computed, and how far on from one k to the next; only tiles of four rows do.</summary>
    public float* Ahead;
    public nint AheadStep;

    /// <summary>The least a tile leaves of a sum.</summary>
    public float Floor;

    /// <summary>Where each row begins, in elements from <see cref="C"/>; null where they lie <see cref="CRow"/> apart.</summary>
    public nint* Offsets;

    /// <summary>Whether the bias is added once the sums are complete.</summary>
    public readonly bool IsBiasLate => Bias != null && Alpha != 1;

    /// <summary>Has the part of c fetched that the tile will write: what is in no cache when a tile ends keeps the next one waiting.</summary>
    public readonly void Fetch()
    {
        if (!Sse.IsSupported) return;
        for (int r = 0; r < Rows; r++)
        {
            float* row = C + (Offsets == null ? r * CRow : Offsets[r]);
            Sse.Prefetch0(row);
            if (Columns > 16) Sse.Prefetch0(row + 16);
        }
    }

    /// <summary>Chooses what a tile of so many rows and columns does by itself and what is left to <see cref="TileFinish{TSimd, TVector}"/>.</summary>
    public void Choose(int rows, int columns)
    {
        bool parts = Parts != null, continues = parts && !First, stops = parts && !Last;
        // A bias is what sums begin with, whatever the tile: an element must not depend on how rows fall into tiles.
        Start = continues ? Parts : Bias == null || Alpha != 1 ? Gemm.Zeros : Bias;
        StartRow = continues ? columns : 0;
        bool direct = (Roomy || (Rows == rows && Columns == columns)) && Alpha == 1 && !Accumulate && Residual == null && Offsets == null;
        Finish = !stops && !direct;
        Store = stops ? Parts : direct ? C : Tile;
        StoreRow = stops || !direct ? columns : CRow;
        Floor = direct && !stops && Relu ? 0 : float.NegativeInfinity;
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
        float* start = target.Start;
        nint startRow = target.StartRow;
        TVector low, high = default, x;
        TVector c0l = TShape.Rows > 0 ? TSimd.Load(start + 0 * startRow) : default, c0h = TShape.Rows > 0 && TShape.Vectors > 1 ? TSimd.Load(start + 0 * startRow + TSimd.Width) : default, c1l = TShape.Rows > 1 ? TSimd.Load(start + 1 * startRow) : default, c1h = TShape.Rows > 1 && TShape.Vectors > 1 ? TSimd.Load(start + 1 * startRow + TSimd.Width) : default;
        TVector c2l = TShape.Rows > 2 ? TSimd.Load(start + 2 * startRow) : default, c2h = TShape.Rows > 2 && TShape.Vectors > 1 ? TSimd.Load(start + 2 * startRow + TSimd.Width) : default, c3l = TShape.Rows > 3 ? TSimd.Load(start + 3 * startRow) : default, c3h = TShape.Rows > 3 && TShape.Vectors > 1 ? TSimd.Load(start + 3 * startRow + TSimd.Width) : default;
        TVector c4l = TShape.Rows > 4 ? TSimd.Load(start + 4 * startRow) : default, c4h = TShape.Rows > 4 && TShape.Vectors > 1 ? TSimd.Load(start + 4 * startRow + TSimd.Width) : default, c5l = TShape.Rows > 5 ? TSimd.Load(start + 5 * startRow) : default, c5h = TShape.Rows > 5 && TShape.Vectors > 1 ? TSimd.Load(start + 5 * startRow + TSimd.Width) : default;
        TVector c6l = TShape.Rows > 6 ? TSimd.Load(start + 6 * startRow) : default, c6h = TShape.Rows > 6 && TShape.Vectors > 1 ? TSimd.Load(start + 6 * startRow + TSimd.Width) : default, c7l = TShape.Rows > 7 ? TSimd.Load(start + 7 * startRow) : default, c7h = TShape.Rows > 7 && TShape.Vectors > 1 ? TSimd.Load(start + 7 * startRow + TSimd.Width) : default;
        TVector c8l = TShape.Rows > 8 ? TSimd.Load(start + 8 * startRow) : default, c8h = TShape.Rows > 8 && TShape.Vectors > 1 ? TSimd.Load(start + 8 * startRow + TSimd.Width) : default, c9l = TShape.Rows > 9 ? TSimd.Load(start + 9 * startRow) : default, c9h = TShape.Rows > 9 && TShape.Vectors > 1 ? TSimd.Load(start + 9 * startRow + TSimd.Width) : default;
        TVector c10l = TShape.Rows > 10 ? TSimd.Load(start + 10 * startRow) : default, c10h = TShape.Rows > 10 && TShape.Vectors > 1 ? TSimd.Load(start + 10 * startRow + TSimd.Width) : default, c11l = TShape.Rows > 11 ? TSimd.Load(start + 11 * startRow) : default, c11h = TShape.Rows > 11 && TShape.Vectors > 1 ? TSimd.Load(start + 11 * startRow + TSimd.Width) : default;
        float* ahead = target.Ahead;
        nint aheadStep = target.AheadStep;
        for (; segments > 0; segments--, pointers += 1 + TShape.Rows)
        {
            float* b = pointers[0];
            float* a0 = pointers[1], a1 = TShape.Rows > 1 ? pointers[2] : null, a2 = TShape.Rows > 2 ? pointers[3] : null, a3 = TShape.Rows > 3 ? pointers[4] : null;
            float* a4 = TShape.Rows > 4 ? pointers[5] : null, a5 = TShape.Rows > 5 ? pointers[6] : null, a6 = TShape.Rows > 6 ? pointers[7] : null, a7 = TShape.Rows > 7 ? pointers[8] : null;
            float* a8 = TShape.Rows > 8 ? pointers[9] : null, a9 = TShape.Rows > 9 ? pointers[10] : null, a10 = TShape.Rows > 10 ? pointers[11] : null, a11 = TShape.Rows > 11 ? pointers[12] : null;
            for (nint k = 0; k < length; k++, b += bK)
            {
                if (TShape.Rows == 4 && Sse.IsSupported)
                {
                    Sse.Prefetch1(ahead);
                    ahead += aheadStep;
                }
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
        float* tile = target.Store;
        nint row = target.StoreRow;
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
        if (target.Finish) TileFinish<TSimd, TVector>.Run((int)row, ref target);
    }

    /// <summary>
    /// Sums of outer products: for each of <paramref name="count"/> pairs of pointers, a column of a (its rows one after
    /// another) times a row of b.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Outer(int count, float** pairs, nint aOffset, nint bOffset, ref TileTarget target)
    {
        float* start = target.Start;
        nint startRow = target.StartRow;
        TVector low, high = default, x;
        TVector c0l = TShape.Rows > 0 ? TSimd.Load(start + 0 * startRow) : default, c0h = TShape.Rows > 0 && TShape.Vectors > 1 ? TSimd.Load(start + 0 * startRow + TSimd.Width) : default, c1l = TShape.Rows > 1 ? TSimd.Load(start + 1 * startRow) : default, c1h = TShape.Rows > 1 && TShape.Vectors > 1 ? TSimd.Load(start + 1 * startRow + TSimd.Width) : default;
        TVector c2l = TShape.Rows > 2 ? TSimd.Load(start + 2 * startRow) : default, c2h = TShape.Rows > 2 && TShape.Vectors > 1 ? TSimd.Load(start + 2 * startRow + TSimd.Width) : default, c3l = TShape.Rows > 3 ? TSimd.Load(start + 3 * startRow) : default, c3h = TShape.Rows > 3 && TShape.Vectors > 1 ? TSimd.Load(start + 3 * startRow + TSimd.Width) : default;
        TVector c4l = TShape.Rows > 4 ? TSimd.Load(start + 4 * startRow) : default, c4h = TShape.Rows > 4 && TShape.Vectors > 1 ? TSimd.Load(start + 4 * startRow + TSimd.Width) : default, c5l = TShape.Rows > 5 ? TSimd.Load(start + 5 * startRow) : default, c5h = TShape.Rows > 5 && TShape.Vectors > 1 ? TSimd.Load(start + 5 * startRow + TSimd.Width) : default;
        TVector c6l = TShape.Rows > 6 ? TSimd.Load(start + 6 * startRow) : default, c6h = TShape.Rows > 6 && TShape.Vectors > 1 ? TSimd.Load(start + 6 * startRow + TSimd.Width) : default, c7l = TShape.Rows > 7 ? TSimd.Load(start + 7 * startRow) : default, c7h = TShape.Rows > 7 && TShape.Vectors > 1 ? TSimd.Load(start + 7 * startRow + TSimd.Width) : default;
        TVector c8l = TShape.Rows > 8 ? TSimd.Load(start + 8 * startRow) : default, c8h = TShape.Rows > 8 && TShape.Vectors > 1 ? TSimd.Load(start + 8 * startRow + TSimd.Width) : default, c9l = TShape.Rows > 9 ? TSimd.Load(start + 9 * startRow) : default, c9h = TShape.Rows > 9 && TShape.Vectors > 1 ? TSimd.Load(start + 9 * startRow + TSimd.Width) : default;
        TVector c10l = TShape.Rows > 10 ? TSimd.Load(start + 10 * startRow) : default, c10h = TShape.Rows > 10 && TShape.Vectors > 1 ? TSimd.Load(start + 10 * startRow + TSimd.Width) : default, c11l = TShape.Rows > 11 ? TSimd.Load(start + 11 * startRow) : default, c11h = TShape.Rows > 11 && TShape.Vectors > 1 ? TSimd.Load(start + 11 * startRow + TSimd.Width) : default;
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
        float* tile = target.Store;
        nint row = target.StoreRow;
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
        if (target.Finish) TileFinish<TSimd, TVector>.Run((int)row, ref target);
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
        bool scaled = target.Alpha != 1, late = target.IsBiasLate, accumulate = target.Accumulate;
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
