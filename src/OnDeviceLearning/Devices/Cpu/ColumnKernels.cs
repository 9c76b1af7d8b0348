using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>
/// Sums down the columns of row-major matrices [rows, columns]. Stage 0 sums a block of rows a unit, stage 1 adds the
/// blocks' sums in order, a block of columns a unit.
/// </summary>
internal abstract unsafe class ColumnReductionKernel : CpuKernel
{
    private const int BlockElements = 16 * 1024, ColumnsPerUnit = 256;

    private readonly int rows, columns, results, rowsPerBlock, blocks;

    /// <param name="rows">Rows of the matrices.</param>
    /// <param name="columns">Their columns.</param>
    /// <param name="results">Sums of each column.</param>
    protected ColumnReductionKernel(int rows, int columns, int results)
    {
        (this.rows, this.columns, this.results) = (rows, columns, results);
        rowsPerBlock = Math.Min(rows, Math.Max(8, BlockElements / columns));
        blocks = (rows + rowsPerBlock - 1) / rowsPerBlock;
    }

    public override int Stages => 2;

    public override long SharedScratch => (long)blocks * results * columns + CpuBuffer.Slack;

    public override int Units(int stage) => stage == 0 ? blocks : (columns + ColumnsPerUnit - 1) / ColumnsPerUnit;

    public override double UnitSeconds(int stage) => stage == 0
        ? 50e-9 + (double)rowsPerBlock * columns * results * 4 / BytesPerSecond
        : 50e-9 + (double)blocks * results * Math.Min(columns, ColumnsPerUnit) * 4 / BytesPerSecond;

    public override void Run(in CpuKernelMemory memory, int stage, int from, int to)
    {
        float* totals = stackalloc float[2 * ColumnsPerUnit];
        for (int unit = from; unit < to; unit++)
        {
            if (stage == 0)
            {
                int row = unit * rowsPerBlock;
                SumBlock(memory, row, Math.Min(rowsPerBlock, rows - row), memory.Shared + (long)unit * results * columns);
                continue;
            }
            int column = unit * ColumnsPerUnit, count = Math.Min(ColumnsPerUnit, columns - column);
            for (int i = 0; i < results; i++) ColumnSums.Sum(memory.Shared + (long)i * columns + column, (nint)results * columns, blocks, count, totals + i * ColumnsPerUnit);
            Finish(memory, column, count, totals, totals + ColumnsPerUnit);
        }
    }

    /// <summary>Writes the sums [results, columns] of rows row.. to <paramref name="sums"/>.</summary>
    protected abstract void SumBlock(in CpuKernelMemory memory, int row, int count, float* sums);

    /// <summary>Takes the total of columns column..</summary>
    protected abstract void Finish(in CpuKernelMemory memory, int column, int count, float* first, float* second);
}

/// <summary>dbias += the sum of dy's rows; dy [rows, columns].</summary>
internal sealed unsafe class BiasColumnGradientKernel(int rows, int columns) : ColumnReductionKernel(rows, columns, 1)
{
    private readonly int columns = columns;

    protected override void SumBlock(in CpuKernelMemory memory, int row, int count, float* sums) =>
        ColumnSums.Sum(memory[0] + (long)row * columns, columns, count, columns, sums);

    protected override void Finish(in CpuKernelMemory memory, int column, int count, float* first, float* second)
    {
        for (int i = 0; i < count; i++) memory[1][column + i] += first[i];
    }
}

/// <summary>
/// dgamma += sum of dy * n, dbeta += sum of dy, n = (x - mean) * scale; x and dy [rows, columns]. Layer normalisation has its
/// mean and scale by row, batch normalisation by column.
/// </summary>
internal sealed unsafe class NormColumnGradientKernel : ColumnReductionKernel
{
    private readonly int columns;
    private readonly float epsilon;
    private readonly bool byColumn;

    public NormColumnGradientKernel(int rows, int columns) : base(rows, columns, 2) => this.columns = columns;

    public NormColumnGradientKernel(BatchNormAffineGradient op) : base(op.N, op.Channels, 2) => (columns, epsilon, byColumn) = (op.Channels, op.Epsilon, true);

    protected override void SumBlock(in CpuKernelMemory memory, int row, int count, float* sums)
    {
        float* x = memory[0] + (long)row * columns, dy = memory[byColumn ? 3 : 2] + (long)row * columns;
        Sum(x, dy, byColumn ? memory[1] : null, byColumn ? null : memory[1] + 2L * row, count, columns, sums);
    }

    protected override void Finish(in CpuKernelMemory memory, int column, int count, float* first, float* second)
    {
        float* gamma = memory[byColumn ? 4 : 3] + column, beta = memory[byColumn ? 5 : 4] + column;
        for (int i = 0; i < count; i++)
        {
            gamma[i] += byColumn ? first[i] / MathF.Sqrt(memory[2][column + i] + epsilon) : first[i];
            beta[i] += second[i];
        }
    }

    private static void Sum(float* x, float* dy, float* mean, float* statistics, int rows, int columns, float* sums)
    {
        if (Vector512.IsHardwareAccelerated) Sum<Simd512, Vector512<float>>(x, dy, mean, statistics, rows, columns, sums);
        else if (Vector256.IsHardwareAccelerated) Sum<Simd256, Vector256<float>>(x, dy, mean, statistics, rows, columns, sums);
        else Sum<Simd128, Vector128<float>>(x, dy, mean, statistics, rows, columns, sums);
    }

    // Row after row, as they lie in memory, which is what this waits for; the sums stay in the first-level cache. Four rows
    // share a load and a store of them.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Sum<TSimd, TVector>(float* x, float* dy, float* mean, float* statistics, int rows, int columns, float* sums)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        new Span<float>(sums, 2 * columns).Clear();
        nint row = columns;
        for (int r = 0; r < rows;)
        {
            bool four = r + 4 <= rows;
            TVector m0 = default, m1 = default, m2 = default, m3 = default, s0 = TSimd.Broadcast(1), s1 = s0, s2 = s0, s3 = s0;
            if (statistics != null)
            {
                float* at = statistics + 2 * r;
                (m0, s0) = (TSimd.Broadcast(at[0]), TSimd.Broadcast(at[1]));
                if (four) (m1, s1, m2, s2, m3, s3) = (TSimd.Broadcast(at[2]), TSimd.Broadcast(at[3]), TSimd.Broadcast(at[4]), TSimd.Broadcast(at[5]), TSimd.Broadcast(at[6]), TSimd.Broadcast(at[7]));
            }
            for (int c = 0; c < columns; c += TSimd.Width)
            {
                if (mean != null) m0 = m1 = m2 = m3 = TSimd.Load(mean + c);
                float* a = x + c, b = dy + c;
                TVector g = TSimd.Load(b), sum = TSimd.Add(TSimd.Load(sums + columns + c), g);
                TVector dot = TSimd.MultiplyAdd(TSimd.Multiply(g, s0), TSimd.Subtract(TSimd.Load(a), m0), TSimd.Load(sums + c));
                if (four)
                {
                    TVector g1 = TSimd.Load(b + row), g2 = TSimd.Load(b + 2 * row), g3 = TSimd.Load(b + 3 * row);
                    sum = TSimd.Add(TSimd.Add(sum, g1), TSimd.Add(g2, g3));
                    dot = TSimd.MultiplyAdd(TSimd.Multiply(g1, s1), TSimd.Subtract(TSimd.Load(a + row), m1), dot);
                    dot = TSimd.MultiplyAdd(TSimd.Multiply(g2, s2), TSimd.Subtract(TSimd.Load(a + 2 * row), m2), dot);
                    dot = TSimd.MultiplyAdd(TSimd.Multiply(g3, s3), TSimd.Subtract(TSimd.Load(a + 3 * row), m3), dot);
                }
                if (c + TSimd.Width <= columns)
                {
                    TSimd.Store(sums + c, dot);
                    TSimd.Store(sums + columns + c, sum);
                    continue;
                }
                TSimd.StorePart(sums + c, dot, columns - c);
                TSimd.StorePart(sums + columns + c, sum, columns - c);
            }
            int done = four ? 4 : 1;
            r += done;
            x += done * row;
            dy += done * row;
        }
    }
}

/// <summary>Sums down the columns of a row-major matrix, rows in order.</summary>
internal static unsafe class ColumnSums
{
    public const int Width = 64;

    public static int Blocks(int columns) => (columns + Width - 1) / Width;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Sum(float* x, nint rowStride, int rows, int columns, float* sums)
    {
        int c = 0;
        for (; c + 4 * Vector<float>.Count <= columns; c += 4 * Vector<float>.Count)
        {
            float* at = x + c;
            Vector<float> s0 = Vector.Load(at), s1 = Vector.Load(at + Vector<float>.Count), s2 = Vector.Load(at + 2 * Vector<float>.Count), s3 = Vector.Load(at + 3 * Vector<float>.Count);
            for (int r = 1; r < rows; r++)
            {
                at += rowStride;
                s0 += Vector.Load(at);
                s1 += Vector.Load(at + Vector<float>.Count);
                s2 += Vector.Load(at + 2 * Vector<float>.Count);
                s3 += Vector.Load(at + 3 * Vector<float>.Count);
            }
            Vector.Store(s0, sums + c);
            Vector.Store(s1, sums + c + Vector<float>.Count);
            Vector.Store(s2, sums + c + 2 * Vector<float>.Count);
            Vector.Store(s3, sums + c + 3 * Vector<float>.Count);
        }
        for (; c + Vector<float>.Count <= columns; c += Vector<float>.Count)
        {
            Vector<float> s = Vector.Load(x + c);
            for (int r = 1; r < rows; r++) s += Vector.Load(x + r * rowStride + c);
            Vector.Store(s, sums + c);
        }
        for (; c < columns; c++)
        {
            float s = x[c];
            for (int r = 1; r < rows; r++) s += x[r * rowStride + c];
            sums[c] = s;
        }
    }
}
