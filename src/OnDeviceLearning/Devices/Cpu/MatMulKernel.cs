using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>
/// Matrix products in blocks of c. Stage 0 packs b where that pays; the later ones each add a slice of k. A few rows
/// against a transposed b (a linear layer on one image) need no packing: each element is a dot product of two rows.
/// </summary>
internal sealed unsafe class MatMulKernel : CpuKernel
{
    private const int KSlice = 2048, MaxRows = 96, DotRows = 3, MaxDotColumns = 32, DotBlocks = 8, PackRows = 32, PackedRows = 64;
    private const double UnitTarget = 0.006e-3; // a sentence's products too are several units, for several threads
    private const double TogetherTarget = 0.05e-3; // of units that follow one another

    private readonly MatMul op;
    private readonly ProductEpilogue epilogue;
    private readonly bool dot, packed;
    private readonly int panels, panelsPerUnit, rowsPerUnit, rowBlocks, panelBlocks, unitsTogether, slices, dotColumns, dotBlocks;

    public MatMulKernel(MatMul op)
    {
        this.op = op;
        epilogue = new ProductEpilogue(op.HasBias, op.HasResidual, op.Activation);
        dot = op.TransposeB && op.M <= DotRows && (!op.TransposeA || op.M == 1);
        packed = !dot && (op.TransposeB || op.M >= PackRows);
        dotColumns = Math.Clamp(32 * 4096 / op.K / 4 * 4, 4, MaxDotColumns); // fours share their loads of a
        dotBlocks = (op.N + dotColumns - 1) / dotColumns;
        panels = Gemm.Panels(op.N);
        slices = (op.K + KSlice - 1) / KSlice;
        int blocks = (op.M + MaxRows - 1) / MaxRows;
        rowsPerUnit = Math.Min(op.M, (op.M + 4 * blocks - 1) / (4 * blocks) * 4); // blocks alike, so that threads' shares are
        rowBlocks = (op.M + rowsPerUnit - 1) / rowsPerUnit;
        double panelSeconds = 2.0 * rowsPerUnit * Gemm.Panel * Math.Min(op.K, KSlice) / Gemm.FlopsPerSecond;
        panelsPerUnit = (int)Math.Clamp(UnitTarget / panelSeconds, 1, panels);
        panelBlocks = (panels + panelsPerUnit - 1) / panelsPerUnit;
        // An activation may compute the end of a row in another way, and the end must not depend on who computes what.
        unitsTogether = epilogue.HasOtherActivation ? 1 : Math.Max(1, (int)Math.Min(panelBlocks, TogetherTarget / (panelSeconds * panelsPerUnit)));
    }

    private int BBatches => op.SharedB ? 1 : op.Batch;

    private long PanelLength => (long)op.K * Gemm.Panel;

    // A panel of a transposed b a unit; otherwise some rows.
    private int PackUnits => op.TransposeB ? panels : (op.K + PackedRows - 1) / PackedRows;

    public override int Stages => dot ? 1 : 1 + slices;

    public override long KeptMemory => packed ? BBatches * panels * PanelLength : 0;

    public override int PackedOperand => packed ? 1 : -1;

    public override bool KeepsPackedAlone => packed;

    public override int Units(int stage)
    {
        if (dot) return op.Batch * dotBlocks;
        if (stage == 0) return packed ? BBatches * PackUnits : 0;
        return op.Batch * rowBlocks * panelBlocks;
    }

    public override double UnitSeconds(int stage)
    {
        if (dot) return (double)dotColumns * op.K * (4 / BytesPerSecond + 2.0 * op.M / FlopsPerSecond);
        if (stage == 0) return (op.TransposeB ? PanelLength : Math.Min(op.K, PackedRows) * op.N) * 8 / BytesPerSecond;
        return 2.0 * rowsPerUnit * panelsPerUnit * Gemm.Panel * Math.Min(op.K, KSlice) / Gemm.FlopsPerSecond;
    }

    public override void Run(in CpuKernelMemory memory, int stage, int from, int to)
    {
        if (dot)
        {
            // Units that follow one another are computed together.
            for (int end; from < to; from = end)
            {
                end = Math.Min(to, Math.Min(from + DotBlocks, (from / dotBlocks + 1) * dotBlocks));
                Dot(memory, from / dotBlocks, from % dotBlocks * dotColumns, (end - from) * dotColumns);
            }
            return;
        }
        for (int unit = from, next; unit < to; unit = next)
        {
            next = stage == 0 ? unit + 1 : Math.Min(to, Math.Min(unit + unitsTogether, (unit / panelBlocks + 1) * panelBlocks));
            if (stage == 0) Pack(memory, unit);
            else Multiply(memory, (stage - 1) * KSlice, unit, next - unit);
        }
    }

    private void Pack(in CpuKernelMemory memory, int unit)
    {
        int batch = unit / PackUnits, n = unit % PackUnits * Gemm.Panel, k = unit % PackUnits * PackedRows;
        float* b = memory[1] + (long)batch * op.K * op.N, all = memory.Kept + (long)batch * panels * PanelLength;
        if (op.TransposeB) WeightPanels.PackTransposed(b + (long)n * op.K, op.K, op.K, Math.Min(Gemm.Panel, op.N - n), all + n / Gemm.Panel * PanelLength);
        else WeightPanels.PackRows(b + (long)k * op.N, op.N, Math.Min(PackedRows, op.K - k), all + (long)k * Gemm.Panel, (nint)PanelLength);
    }

    private void Multiply(in CpuKernelMemory memory, int k0, int unit, int units)
    {
        int batch = unit / (rowBlocks * panelBlocks), row = unit / panelBlocks % rowBlocks * rowsPerUnit, panel = unit % panelBlocks * panelsPerUnit;
        int rows = Math.Min(rowsPerUnit, op.M - row), depth = Math.Min(KSlice, op.K - k0);
        int column = panel * Gemm.Panel, columns = Math.Min(units * panelsPerUnit * Gemm.Panel, op.N - column);
        nint aRow = op.TransposeA && op.M > 1 ? 1 : op.K, aK = op.TransposeA ? op.M : 1;
        float* a = memory[0] + (long)batch * op.M * op.K + row * aRow + k0 * aK;
        long start = ((long)batch * op.M + row) * op.N + column, bBatch = op.SharedB ? 0 : batch;
        float* c = memory[epilogue.Output] + start, b = packed
            ? memory.Kept + (bBatch * panels + panel) * PanelLength + (long)k0 * Gemm.Panel
            : memory[1] + bBatch * op.K * op.N + (long)k0 * op.N + column; // where it lies
        bool last = k0 + depth == op.K;
        TileTarget target = new() { CRow = op.N, Alpha = op.Alpha, Accumulate = op.Accumulate || k0 > 0 };
        if (last)
        {
            float* bias = epilogue.Bias(memory), residual = epilogue.Residual(memory);
            if (bias != null) target.Bias = bias + column;
            if (residual != null) target.Residual = residual + start;
            target.Relu = epilogue.IsRelu;
        }
        Gemm.Multiply(rows, columns, depth, a, aRow, aK, b, packed ? (nint)PanelLength : Gemm.Panel, packed ? Gemm.Panel : op.N, c, ref target);
        if (last && epilogue.HasOtherActivation) epilogue.Activate(c, rows, op.N, columns);
    }

    private void Dot(in CpuKernelMemory memory, int batch, int column, int columns)
    {
        columns = Math.Min(columns, op.N - column);
        float* b = memory[1] + (op.SharedB ? 0 : (long)batch * op.N * op.K) + (long)column * op.K;
        float* products = stackalloc float[DotBlocks * MaxDotColumns];
        for (int m = 0; m < op.M; m++)
        {
            long start = ((long)batch * op.M + m) * op.N + column;
            float* a = memory[0] + ((long)batch * op.M + m) * op.K, c = memory[epilogue.Output] + start;
            DotProducts(a, b, op.K, columns, products);
            for (int n = 0; n < columns; n++) c[n] = op.Accumulate ? c[n] + op.Alpha * products[n] : op.Alpha * products[n];
            float* bias = epilogue.Bias(memory), residual = epilogue.Residual(memory);
            for (int n = 0; n < columns && bias != null; n++) c[n] += bias[column + n];
            for (int n = 0; n < columns && residual != null; n++) c[n] += residual[start + n];
            for (int n = 0; n < columns && epilogue.IsRelu; n++) c[n] = Math.Max(c[n], 0);
            for (int n = 0; n < columns && epilogue.HasOtherActivation; n += dotColumns) epilogue.Activate(c + n, 1, 0, Math.Min(dotColumns, columns - n));
        }
    }

    /// <summary>
    /// a [k] times each of <paramref name="columns"/> rows of b, four at a time so that a is loaded once for them. The four
    /// lie a quarter of the rows apart: the processor fetches four long rows of lines ahead, but not the beginnings of short ones.
    /// </summary>
    public static void DotProducts(float* a, float* b, int k, int columns, float* products)
    {
        if (Vector512.IsHardwareAccelerated) DotProducts<Simd512, Vector512<float>>(a, b, k, columns, products);
        else if (Vector256.IsHardwareAccelerated) DotProducts<Simd256, Vector256<float>>(a, b, k, columns, products);
        else DotProducts<Simd128, Vector128<float>>(a, b, k, columns, products);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void DotProducts<TSimd, TVector>(float* a, float* b, int k, int columns, float* products)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        int quarter = columns / 4;
        nint apart = (nint)quarter * k;
        for (int column = 0; column < quarter; column++, b += k)
        {
            float* b1 = b + apart, b2 = b1 + apart, b3 = b2 + apart;
            TVector s0 = default, s1 = default, s2 = default, s3 = default;
            int i = 0;
            for (; i + TSimd.Width <= k; i += TSimd.Width)
            {
                TVector v = TSimd.Load(a + i);
                s0 = TSimd.MultiplyAdd(v, TSimd.Load(b + i), s0);
                s1 = TSimd.MultiplyAdd(v, TSimd.Load(b1 + i), s1);
                s2 = TSimd.MultiplyAdd(v, TSimd.Load(b2 + i), s2);
                s3 = TSimd.MultiplyAdd(v, TSimd.Load(b3 + i), s3);
            }
            float d0 = TSimd.Sum(s0), d1 = TSimd.Sum(s1), d2 = TSimd.Sum(s2), d3 = TSimd.Sum(s3);
            for (; i < k; i++)
            {
                d0 += a[i] * b[i];
                d1 += a[i] * b1[i];
                d2 += a[i] * b2[i];
                d3 += a[i] * b3[i];
            }
            products[column] = d0;
            products[quarter + column] = d1;
            products[2 * quarter + column] = d2;
            products[3 * quarter + column] = d3;
        }
        b += 3 * apart;
        for (int column = 4 * quarter; column < columns; column++, b += k)
        {
            TVector s = default;
            int i = 0;
            for (; i + TSimd.Width <= k; i += TSimd.Width) s = TSimd.MultiplyAdd(TSimd.Load(a + i), TSimd.Load(b + i), s);
            float d = TSimd.Sum(s);
            for (; i < k; i++) d += a[i] * b[i];
            products[column] = d;
        }
    }
}
