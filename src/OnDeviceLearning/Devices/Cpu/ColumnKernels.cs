using System.Numerics;
using System.Runtime.CompilerServices;
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

    public override long SharedScratch => (long)blocks * results * columns;

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

    // Two vectors of columns at a time, their four sums in registers.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Sum(float* x, float* dy, float* mean, float* statistics, int rows, int columns, float* sums)
    {
        int c = 0;
        for (; c + 2 * Vector<float>.Count <= columns; c += 2 * Vector<float>.Count)
        {
            Vector<float> dots0 = Vector<float>.Zero, dots1 = dots0, sums0 = dots0, sums1 = dots0, mean0 = dots0, mean1 = dots0;
            if (mean != null)
            {
                mean0 = Vector.Load(mean + c);
                mean1 = Vector.Load(mean + c + Vector<float>.Count);
            }
            float* a = x + c, b = dy + c;
            for (int r = 0; r < rows; r++, a += columns, b += columns)
            {
                Vector<float> g0 = Vector.Load(b), g1 = Vector.Load(b + Vector<float>.Count);
                sums0 += g0;
                sums1 += g1;
                if (statistics != null)
                {
                    mean0 = mean1 = new Vector<float>(statistics[2 * r]);
                    g0 *= statistics[2 * r + 1];
                    g1 *= statistics[2 * r + 1];
                }
                dots0 += g0 * (Vector.Load(a) - mean0);
                dots1 += g1 * (Vector.Load(a + Vector<float>.Count) - mean1);
            }
            Vector.Store(dots0, sums + c);
            Vector.Store(dots1, sums + c + Vector<float>.Count);
            Vector.Store(sums0, sums + columns + c);
            Vector.Store(sums1, sums + columns + c + Vector<float>.Count);
        }
        for (; c < columns; c++)
        {
            float dot = 0, sum = 0;
            for (int r = 0; r < rows; r++)
            {
                float g = dy[(long)r * columns + c];
                sum += g;
                dot += statistics == null ? g * (x[(long)r * columns + c] - mean[c]) : g * statistics[2 * r + 1] * (x[(long)r * columns + c] - statistics[2 * r]);
            }
            sums[c] = dot;
            sums[columns + c] = sum;
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
