using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>
/// The shape all normalisations share: [N, Channels, Inner] in blocks of Channels / Groups * Inner elements with statistics
/// of their own. Layer normalisation is N = rows, Channels = width, one group.
/// </summary>
internal readonly record struct NormShape(int N, int Channels, int Inner, int Groups)
{
    public int GroupChannels => Channels / Groups;

    public int Width => GroupChannels * Inner;

    public static NormShape Of(LayerNorm op) => new(op.Rows, op.Width, 1, 1);

    public static NormShape Of(LayerNormInputGradient op) => new(op.Rows, op.Width, 1, 1);

    public static NormShape Of(GroupNormOperation op) => new(op.N, op.Channels, op.Inner, op.Groups);
}

/// <summary>Layer and group normalisation, one block a unit.</summary>
internal sealed unsafe class NormKernel(NormShape shape, float epsilon) : CpuKernel
{
    public override int Units(int stage) => shape.N * shape.Groups;

    public override double UnitSeconds(int stage) => 50e-9 + shape.Width * 20.0 / BytesPerSecond;

    public override void Run(in CpuKernelMemory memory, int stage, int from, int to)
    {
        for (int unit = from; unit < to; unit++)
        {
            int channel = unit % shape.Groups * shape.GroupChannels;
            ReadOnlySpan<float> x = new(memory[0] + (long)unit * shape.Width, shape.Width);
            Span<float> y = new(memory[3] + (long)unit * shape.Width, shape.Width);
            if (shape.Inner == 1)
            {
                (memory[4][2 * unit], memory[4][2 * unit + 1]) = Row(
                    memory[0] + (long)unit * shape.Width, memory[1] + channel, memory[2] + channel, shape.Width, epsilon, memory[3] + (long)unit * shape.Width);
                continue;
            }
            float mean = TensorPrimitives.Sum(x) / shape.Width;
            TensorPrimitives.Subtract(x, mean, y);
            float scale = 1 / MathF.Sqrt(TensorPrimitives.SumOfSquares<float>(y) / shape.Width + epsilon);
            memory[4][2 * unit] = mean;
            memory[4][2 * unit + 1] = scale;
            ReadOnlySpan<float> gamma = new(memory[1] + channel, shape.GroupChannels), beta = new(memory[2] + channel, shape.GroupChannels);
            for (int c = 0; c < shape.GroupChannels; c++)
            {
                Span<float> plane = y.Slice(c * shape.Inner, shape.Inner);
                TensorPrimitives.Multiply(plane, scale * gamma[c], plane);
                TensorPrimitives.Add(plane, beta[c], plane);
            }
        }
    }

    private static (float Mean, float Scale) Row(float* x, float* gamma, float* beta, int width, float epsilon, float* y)
    {
        if (Vector512.IsHardwareAccelerated) return Row<Simd512, Vector512<float>>(x, gamma, beta, width, epsilon, y);
        if (Vector256.IsHardwareAccelerated) return Row<Simd256, Vector256<float>>(x, gamma, beta, width, epsilon, y);
        return Row<Simd128, Vector128<float>>(x, gamma, beta, width, epsilon, y);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static (float Mean, float Scale) Row<TSimd, TVector>(float* x, float* gamma, float* beta, int width, float epsilon, float* y)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        int whole = width - width % TSimd.Width;
        TVector sums = default, squares = default;
        for (int i = 0; i < whole; i += TSimd.Width) sums = TSimd.Add(sums, TSimd.Load(x + i));
        float mean = TSimd.Sum(sums);
        for (int i = whole; i < width; i++) mean += x[i];
        mean /= width;
        TVector middle = TSimd.Broadcast(mean);
        for (int i = 0; i < whole; i += TSimd.Width)
        {
            TVector difference = TSimd.Subtract(TSimd.Load(x + i), middle);
            squares = TSimd.MultiplyAdd(difference, difference, squares);
        }
        float square = TSimd.Sum(squares);
        for (int i = whole; i < width; i++) square += (x[i] - mean) * (x[i] - mean);
        float scale = 1 / MathF.Sqrt(square / width + epsilon);
        TVector slope = TSimd.Broadcast(scale);
        for (int i = 0; i < whole; i += TSimd.Width)
            TSimd.Store(y + i, TSimd.MultiplyAdd(TSimd.Multiply(TSimd.Subtract(TSimd.Load(x + i), middle), slope), TSimd.Load(gamma + i), TSimd.Load(beta + i)));
        for (int i = whole; i < width; i++) y[i] = (x[i] - mean) * scale * gamma[i] + beta[i];
        return (mean, scale);
    }
}

/// <summary>dx = scale * (g - mean(g) - n * mean(g * n)) with g = dy * gamma and n the normalised input, one block a unit.</summary>
internal sealed unsafe class NormInputGradientKernel(NormShape shape) : CpuKernel
{
    public override long WorkerScratch => 2L * (shape.Width + 16);

    public override int Units(int stage) => shape.N * shape.Groups;

    public override double UnitSeconds(int stage) => 50e-9 + shape.Width * 30.0 / BytesPerSecond;

    public override void Run(in CpuKernelMemory memory, int stage, int from, int to)
    {
        Span<float> n = new(memory.Scratch, shape.Width), g = new(memory.Scratch + (shape.Width + 15) / 16 * 16, shape.Width);
        for (int unit = from; unit < to; unit++)
        {
            int channel = unit % shape.Groups * shape.GroupChannels;
            ReadOnlySpan<float> x = new(memory[0] + (long)unit * shape.Width, shape.Width), dy = new(memory[3] + (long)unit * shape.Width, shape.Width);
            ReadOnlySpan<float> gamma = new(memory[1] + channel, shape.GroupChannels);
            Span<float> dx = new(memory[4] + (long)unit * shape.Width, shape.Width);
            float mean = memory[2][2 * unit], scale = memory[2][2 * unit + 1];
            TensorPrimitives.Subtract(x, mean, n);
            TensorPrimitives.Multiply(n, scale, n);
            if (shape.Inner == 1)
                TensorPrimitives.Multiply(dy, gamma, g);
            else
                for (int c = 0; c < shape.GroupChannels; c++)
                    TensorPrimitives.Multiply(dy.Slice(c * shape.Inner, shape.Inner), gamma[c], g.Slice(c * shape.Inner, shape.Inner));
            float shift = TensorPrimitives.Sum<float>(g) / shape.Width, slope = TensorPrimitives.Dot<float>(g, n) / shape.Width;
            TensorPrimitives.Multiply(n, -slope, n);
            TensorPrimitives.Add(g, n, g);
            TensorPrimitives.Subtract(g, shift, g);
            TensorPrimitives.Multiply(g, scale, dx);
        }
    }
}

/// <summary>
/// dgamma += sum of dy * n, dbeta += sum of dy, n = (x - mean) * scale, a channel a unit. Batch normalisation has its mean
/// and scale by channel, group normalisation by block.
/// </summary>
internal abstract unsafe class NormAffineGradientKernel(NormShape shape) : CpuKernel
{
    public override int Units(int stage) => shape.Channels;

    public override double UnitSeconds(int stage) => (double)shape.N * shape.Inner * 12 / BytesPerSecond + 20e-9 * shape.N;

    protected abstract (float Mean, float Scale) Statistics(in CpuKernelMemory memory, int n, int channel);

    protected abstract (int X, int Dy, int Gamma, int Beta) OperandIndices { get; }

    public override void Run(in CpuKernelMemory memory, int stage, int from, int to)
    {
        for (int unit = from; unit < to; unit++) Channel(memory, unit);
    }

    private void Channel(in CpuKernelMemory memory, int channel)
    {
        float gammaSum = 0, betaSum = 0;
        for (int n = 0; n < shape.N; n++)
        {
            long start = ((long)n * shape.Channels + channel) * shape.Inner;
            float* x = memory[OperandIndices.X] + start, dy = memory[OperandIndices.Dy] + start;
            (float mean, float scale) = Statistics(memory, n, channel);
            Vector<float> dots = Vector<float>.Zero, sums = Vector<float>.Zero, middle = new(mean);
            int i = 0;
            for (; i + Vector<float>.Count <= shape.Inner; i += Vector<float>.Count)
            {
                Vector<float> g = Vector.Load(dy + i);
                dots += g * (Vector.Load(x + i) - middle);
                sums += g;
            }
            float dot = Vector.Sum(dots), sum = Vector.Sum(sums);
            for (; i < shape.Inner; i++)
            {
                dot += dy[i] * (x[i] - mean);
                sum += dy[i];
            }
            gammaSum += dot * scale;
            betaSum += sum;
        }
        memory[OperandIndices.Gamma][channel] += gammaSum;
        memory[OperandIndices.Beta][channel] += betaSum;
    }
}

internal sealed unsafe class GroupNormAffineGradientKernel(NormShape shape) : NormAffineGradientKernel(shape)
{
    private readonly NormShape shape = shape;

    protected override (int X, int Dy, int Gamma, int Beta) OperandIndices => (0, 2, 3, 4);

    protected override (float Mean, float Scale) Statistics(in CpuKernelMemory memory, int n, int channel)
    {
        float* block = memory[1] + 2 * (n * shape.Groups + channel / shape.GroupChannels);
        return (block[0], block[1]);
    }
}

internal sealed unsafe class BatchNormAffineGradientKernel(BatchNormAffineGradient op)
    : NormAffineGradientKernel(new NormShape(op.N, op.Channels, op.Inner, op.Channels))
{
    protected override (int X, int Dy, int Gamma, int Beta) OperandIndices => (0, 3, 4, 5);

    protected override (float Mean, float Scale) Statistics(in CpuKernelMemory memory, int n, int channel) =>
        (memory[1][channel], 1 / MathF.Sqrt(memory[2][channel] + op.Epsilon));
}

/// <summary>
/// Batch normalisation with frozen statistics and its gradient are the same thing, out = in * scale (+ shift) by channel.
/// Stage 0 folds scale and shift; then a block of rows a unit where Inner is 1, otherwise a plane.
/// </summary>
internal sealed unsafe class BatchNormKernel : CpuKernel
{
    private const int RowElements = 4096; // of a unit where Inner is 1

    private readonly int n, channels, inner, gamma, variance, input, output;
    private readonly int beta, mean; // -1 for the gradient, which has no shift
    private readonly float epsilon;

    public BatchNormKernel(BatchNorm op)
    {
        (n, channels, inner, epsilon) = (op.N, op.Channels, op.Inner, op.Epsilon);
        (input, gamma, beta, mean, variance, output) = (0, 1, 2, 3, 4, 5);
    }

    public BatchNormKernel(BatchNormInputGradient op)
    {
        (n, channels, inner, epsilon) = (op.N, op.Channels, op.Inner, op.Epsilon);
        (gamma, variance, input, output, beta, mean) = (0, 1, 2, 3, -1, -1);
    }

    private int RowsPerUnit => Math.Clamp(RowElements / channels, 1, n);

    public override int Stages => 2;

    public override long SharedScratch => 2L * channels;

    public override int Units(int stage) => stage == 0 ? 1 : inner == 1 ? (n + RowsPerUnit - 1) / RowsPerUnit : n * channels;

    public override double UnitSeconds(int stage) => stage == 0 ? channels * 10e-9 : 20e-9 + (inner == 1 ? RowsPerUnit * channels : inner) * 8.0 / BytesPerSecond;

    public override void Run(in CpuKernelMemory memory, int stage, int from, int to)
    {
        float* scale = memory.Shared, shift = memory.Shared + channels;
        if (stage == 0)
        {
            for (int c = 0; c < channels; c++)
            {
                scale[c] = memory[gamma][c] / MathF.Sqrt(memory[variance][c] + epsilon);
                shift[c] = beta < 0 ? 0 : memory[beta][c] - memory[mean][c] * scale[c];
            }
            return;
        }
        for (int unit = from; unit < to; unit++)
        {
            if (inner == 1)
            {
                int row = unit * RowsPerUnit;
                Rows(memory[input] + (long)row * channels, scale, shift, Math.Min(RowsPerUnit, n - row), channels, memory[output] + (long)row * channels);
                continue;
            }
            ReadOnlySpan<float> x = new(memory[input] + (long)unit * inner, inner);
            Span<float> y = new(memory[output] + (long)unit * inner, inner);
            int channel = unit % channels;
            TensorPrimitives.Multiply(x, scale[channel], y);
            if (beta >= 0) TensorPrimitives.Add(y, shift[channel], y);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows(float* x, float* scale, float* shift, int rows, int channels, float* y)
    {
        for (int r = 0; r < rows; r++, x += channels, y += channels)
        {
            int c = 0;
            for (; c + Vector<float>.Count <= channels; c += Vector<float>.Count)
                Vector.Store(Vector.Load(x + c) * Vector.Load(scale + c) + Vector.Load(shift + c), y + c);
            for (; c < channels; c++) y[c] = x[c] * scale[c] + shift[c];
        }
    }
}
