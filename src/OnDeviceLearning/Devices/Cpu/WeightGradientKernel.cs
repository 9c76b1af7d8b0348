using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>
/// The gradient of a linear layer, or of a 1x1 convolution of channels-last images: dw += dy' * x, dbias += the sums of dy's
/// columns; dy [Rows, Out], x [Rows, In], dw [Out, In]; of <paramref name="Images"/>, where there are any, dy [Images, Out,
/// Rows / Images] and x likewise. Where it <paramref name="Overwrites"/>, dw = dy' * x. Operands dy, x, dw, [dbias].
/// </summary>
internal sealed record LinearGradient(int Rows, int Out, int In, bool HasBias, int Images = 0, bool Overwrites = false) : Operation
{
    public override IReadOnlyList<Operand> Operands
    {
        get
        {
            Operand dy = Reads("dy", Rows, Out), x = Reads("x", Rows, In), dw = Overwrites ? Writes("dw", Out, In) : Updates("dw", Out, In);
            return HasBias ? [dy, x, dw, Updates("dbias", Out)] : [dy, x, dw];
        }
    }

    public override long Flops => 2L * Rows * Out * In;

    public override void Reference(OperandSpans operands)
    {
        if (Overwrites) operands[2].Clear();
        if (Images == 0) OperationParts.Run(new MatMul(1, Out, In, Rows, TransposeA: true, Accumulate: true), operands[0], operands[1], operands[2]);
        else OperationParts.Run(new Conv2dWeightGradient(Images, In, 1, Rows / Images, Out, 1, 1), operands[1], operands[0], operands[2]);
        if (HasBias) OperationParts.Run(Images == 0 ? new BiasGradient(Rows, Out, 1) : new BiasGradient(Images, Out, Rows / Images), operands[0], operands[3]);
    }
}

/// <summary>
/// Sums of outer products, of which there are many more than the result has rows. Both operands are copied slice by slice
/// into panels: read once from wherever they are, in the order in which they lie, and again from the second-level cache in
/// the order in which the tiles want them. A slice takes two stages: copying, some rows a unit, which sums dy's columns on
/// the way; then products, a block of dw a unit. The last stage adds the sums of columns.
/// </summary>
internal sealed unsafe class WeightGradientKernel : CpuKernel
{
    private const int SliceRows = 448, RowsPerUnit = 64, RowsAtOnce = 8, TilesPerUnit = 16, SumsPerUnit = 256;
    private const double UnitTarget = 0.1e-3;

    /// <summary>Floats of a row of a panel of dy: a tile's rows, and room for whole vectors.</summary>
    private static readonly int tileStride = Vector512.IsHardwareAccelerated ? 16 : 8;

    private readonly LinearGradient op;
    private readonly int slices, slice; // number of slices, rows of one
    private readonly int tiles, panels, tileBlocks, panelsPerUnit, panelBlocks, copyUnits;

    public WeightGradientKernel(LinearGradient op)
    {
        this.op = op;
        slices = Math.Max(1, (op.Rows + SliceRows / 2) / SliceRows);
        slice = ((op.Rows + slices - 1) / slices + 3) / 4 * 4;
        slices = (op.Rows + slice - 1) / slice;
        tiles = (op.Out + Gemm.TileRows - 1) / Gemm.TileRows;
        panels = Gemm.Panels(op.In);
        tileBlocks = (tiles + TilesPerUnit - 1) / TilesPerUnit;
        double panelSeconds = 2.0 * Math.Min(tiles, TilesPerUnit) * Gemm.TileRows * Gemm.Panel * slice / Gemm.FlopsPerSecond;
        panelsPerUnit = (int)Math.Clamp(UnitTarget / panelSeconds, 1, panels);
        panelBlocks = (panels + panelsPerUnit - 1) / panelsPerUnit;
        copyUnits = (slice + RowsPerUnit - 1) / RowsPerUnit;
    }

    /// <summary>Whether copying pays. Images of few channels are read where they lie by the kernel for any convolution.</summary>
    public static bool Fits(LinearGradient op) => op.Rows >= 64 && op.Out >= Gemm.TileRows && op.In > (op.Images > 0 ? 32 : 8);

    // A line or two more than they need, so that panels do not compete for the same lines of the cache.
    private nint TilePanel => (nint)slice * tileStride + 16;

    private nint Panel => (nint)slice * Gemm.Panel + 32;

    private long TilesLength => tiles * TilePanel;

    private long PanelsLength => panels * Panel;

    private long SumsOffset => TilesLength + PanelsLength;

    private int SumsWidth => (op.Out + 15) / 16 * 16;

    public override int Stages => 2 * slices + (op.HasBias ? 1 : 0);

    public override long WorkerScratch => 4L * slice; // pairs of pointers

    public override long SharedScratch => SumsOffset + (op.HasBias ? (long)slices * copyUnits * SumsWidth : 0) + CpuBuffer.Slack;

    public override int Units(int stage)
    {
        if (stage == 2 * slices) return (op.Out + SumsPerUnit - 1) / SumsPerUnit;
        return stage % 2 == 0 ? (RowsOf(stage / 2) + RowsPerUnit - 1) / RowsPerUnit : tileBlocks * panelBlocks;
    }

    public override double UnitSeconds(int stage)
    {
        if (stage == 2 * slices) return 50e-9 + (double)slices * copyUnits * Math.Min(op.Out, SumsPerUnit) * 4 / BytesPerSecond;
        return stage % 2 == 0
            ? Math.Min(RowsPerUnit, slice) * (op.Out + op.In) * 8 / BytesPerSecond
            : 2.0 * Math.Min(tiles, TilesPerUnit) * Gemm.TileRows * panelsPerUnit * Gemm.Panel * slice / Gemm.FlopsPerSecond + slice * 1e-9;
    }

    public override void Run(in CpuKernelMemory memory, int stage, int from, int to)
    {
        for (int unit = from; unit < to; unit++)
            if (stage == 2 * slices) AddSums(memory, unit * SumsPerUnit);
            else if (stage % 2 == 0) Copy(memory, stage / 2, unit);
            else AddProducts(memory, stage / 2, unit);
    }

    private int RowsOf(int index) => Math.Min(slice, op.Rows - index * slice);

    private void Copy(in CpuKernelMemory memory, int index, int unit)
    {
        int row = unit * RowsPerUnit, rows = Math.Min(RowsPerUnit, RowsOf(index) - row);
        float* dy = memory[0] + ((long)index * slice + row) * op.Out, x = memory[1] + ((long)index * slice + row) * op.In;
        float* left = memory.Shared + (long)row * tileStride, right = memory.Shared + TilesLength + (long)row * Gemm.Panel;
        float* sums = op.HasBias ? memory.Shared + SumsOffset + ((long)index * copyUnits + unit) * SumsWidth : null;
        if (Vector512.IsHardwareAccelerated)
        {
            Copy<Simd512, Vector512<float>>(dy, op.Out, 12, rows, left, TilePanel, tileStride, 1);
            Copy<Simd512, Vector512<float>>(x, op.In, 32, rows, right, Panel, 32, 2);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            Copy<Simd256, Vector256<float>>(dy, op.Out, 6, rows, left, TilePanel, tileStride, 1);
            Copy<Simd256, Vector256<float>>(x, op.In, 16, rows, right, Panel, 16, 2);
        }
        else
        {
            Copy<Simd128, Vector128<float>>(dy, op.Out, 6, rows, left, TilePanel, tileStride, 2);
            Copy<Simd128, Vector128<float>>(x, op.In, 8, rows, right, Panel, 8, 2);
        }
        if (sums != null) ColumnSums.Sum(dy, op.Out, rows, op.Out, sums);
    }

    /// <summary>Rows of a matrix into panels of <paramref name="step"/> columns, with whatever fills their last vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Copy<TSimd, TVector>(float* source, int columns, int step, int rows, float* target, nint panel, nint stride, int vectors)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        // Some rows at a time: a panel's part of one row is but a line, and panels lie on pages of their own.
        for (int r = 0; r < rows; r += RowsAtOnce, source += RowsAtOnce * (nint)columns, target += RowsAtOnce * stride)
        {
            int count = Math.Min(RowsAtOnce, rows - r);
            float* to = target;
            for (int c = 0; c < columns; c += step, to += panel)
            {
                float* from = source + c, row = to;
                for (int i = 0; i < count; i++, from += columns, row += stride)
                {
                    if (Sse.IsSupported) Sse.Prefetch0(from + RowsAtOnce * (nint)columns);
                    TSimd.Store(row, TSimd.Load(from));
                    if (vectors > 1) TSimd.Store(row + TSimd.Width, TSimd.Load(from + TSimd.Width));
                }
            }
        }
    }

    private void AddProducts(in CpuKernelMemory memory, int index, int unit)
    {
        int count = RowsOf(index), firstTile = unit / panelBlocks * TilesPerUnit, lastTile = Math.Min(tiles, firstTile + TilesPerUnit);
        int firstPanel = unit % panelBlocks * panelsPerUnit, lastPanel = Math.Min(panels, firstPanel + panelsPerUnit);
        float* left = memory.Shared, right = memory.Shared + TilesLength;
        float** pairs = (float**)memory.Scratch;
        for (int i = 0; i < count; i++)
        {
            pairs[2 * i] = left + (nint)i * tileStride;
            pairs[2 * i + 1] = right + (nint)i * Gemm.Panel;
        }
        float* tile = stackalloc float[Gemm.TileFloats];
        TileTarget target = new() { Alpha = 1, Tile = tile, CRow = op.In, Accumulate = !op.Overwrites || index > 0 };
        for (int panel = firstPanel; panel < lastPanel; panel++)
        {
            target.Columns = Math.Min(Gemm.Panel, op.In - panel * Gemm.Panel);
            for (int t = firstTile; t < lastTile; t++)
            {
                target.Rows = Math.Min(Gemm.TileRows, op.Out - t * Gemm.TileRows);
                target.C = memory[2] + (long)t * Gemm.TileRows * op.In + panel * Gemm.Panel;
                target.Fetch();
                Gemm.Outer(count, pairs, t * TilePanel, panel * Panel, ref target);
            }
        }
    }

    private void AddSums(in CpuKernelMemory memory, int column)
    {
        int columns = Math.Min(SumsPerUnit, op.Out - column), last = RowsOf(slices - 1);
        int blocks = (slices - 1) * copyUnits + (last + RowsPerUnit - 1) / RowsPerUnit;
        float* total = stackalloc float[SumsPerUnit];
        ColumnSums.Sum(memory.Shared + SumsOffset + column, SumsWidth, blocks, columns, total);
        for (int i = 0; i < columns; i++) memory[3][column + i] += total[i];
    }
}
