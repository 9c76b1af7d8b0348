using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>
/// All gradients of <see cref="LayerNorm"/> in one pass, and another gradient of the same tensor added where there is one.
/// Operands x, gamma, statistics, dy, [residual], dx, dgamma, dbeta.
/// </summary>
internal sealed record LayerNormGradient(int Rows, int Width, float Epsilon, bool HasResidual) : Operation
{
    public override IReadOnlyList<Operand> Operands
    {
        get
        {
            List<Operand> all = [Reads("x", Rows, Width), Reads("gamma", Width), Reads("statistics", Rows, 2), Reads("dy", Rows, Width)];
            if (HasResidual) all.Add(Reads("residual", Rows, Width));
            all.AddRange([Writes("dx", Rows, Width), Updates("dgamma", Width), Updates("dbeta", Width)]);
            return all;
        }
    }

    public override long Flops => 17L * Rows * Width;

    public override void Reference(OperandSpans operands)
    {
        int dx = HasResidual ? 5 : 4;
        OperationParts.Run(new LayerNormAffineGradient(Rows, Width, Epsilon), operands[0], operands[2], operands[3], operands[dx + 1], operands[dx + 2]);
        OperationParts.Run(new LayerNormInputGradient(Rows, Width, Epsilon), operands[0], operands[1], operands[2], operands[3], operands[dx]);
        for (int i = 0; i < Rows * Width && HasResidual; i++) operands[dx][i] += operands[4][i];
    }
}

/// <summary>
/// With n = (x - mean) * scale and g = dy * gamma: dx = scale * (g - mean(g) - n * mean(g * n)), and down the columns the
/// sums of dy * n and dy. A row is read twice, the second time from the first-level cache.
/// </summary>
internal sealed unsafe class LayerNormGradientKernel(LayerNormGradient op) : ColumnReductionKernel(op.Rows, op.Width, 2)
{
    protected override void SumBlock(in CpuKernelMemory memory, int row, int count, float* sums)
    {
        long start = (long)row * op.Width;
        float* x = memory[0] + start, statistics = memory[2] + 2L * row, dy = memory[3] + start, residual = op.HasResidual ? memory[4] + start : null;
        float* dx = memory[op.HasResidual ? 5 : 4] + start;
        new Span<float>(sums, 2 * op.Width).Clear();
        if (Vector512.IsHardwareAccelerated) Rows<Simd512, Vector512<float>>(x, memory[1], statistics, dy, residual, dx, count, op.Width, sums);
        else if (Vector256.IsHardwareAccelerated) Rows<Simd256, Vector256<float>>(x, memory[1], statistics, dy, residual, dx, count, op.Width, sums);
        else Rows<Simd128, Vector128<float>>(x, memory[1], statistics, dy, residual, dx, count, op.Width, sums);
    }

    protected override void Finish(in CpuKernelMemory memory, int column, int count, float* first, float* second)
    {
        float* gamma = memory[op.HasResidual ? 6 : 5] + column, beta = memory[op.HasResidual ? 7 : 6] + column;
        for (int i = 0; i < count; i++)
        {
            gamma[i] += first[i];
            beta[i] += second[i];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rows<TSimd, TVector>(
        float* x, float* gamma, float* statistics, float* dy, float* residual, float* dx, int rows, int width, float* sums)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        int whole = width - width % TSimd.Width;
        float* dots = sums, totals = sums + width;
        for (int r = 0; r < rows; r++, x += width, dy += width, dx += width, statistics += 2)
        {
            float mean = statistics[0], scale = statistics[1];
            TVector middle = TSimd.Broadcast(mean), slope = TSimd.Broadcast(scale), gs = default, ns = default;
            for (int i = 0; i < whole; i += TSimd.Width)
            {
                TVector d = TSimd.Load(dy + i), n = TSimd.Multiply(TSimd.Subtract(TSimd.Load(x + i), middle), slope), g = TSimd.Multiply(d, TSimd.Load(gamma + i));
                gs = TSimd.Add(gs, g);
                ns = TSimd.MultiplyAdd(g, n, ns);
                TSimd.Store(dots + i, TSimd.MultiplyAdd(d, n, TSimd.Load(dots + i)));
                TSimd.Store(totals + i, TSimd.Add(TSimd.Load(totals + i), d));
            }
            float shift = TSimd.Sum(gs), tilt = TSimd.Sum(ns);
            for (int i = whole; i < width; i++)
            {
                float n = (x[i] - mean) * scale, g = dy[i] * gamma[i];
                shift += g;
                tilt += g * n;
                dots[i] += dy[i] * n;
                totals[i] += dy[i];
            }
            shift *= scale / width;
            tilt *= scale / width;
            TVector shifts = TSimd.Broadcast(-shift), tilts = TSimd.Broadcast(-tilt);
            for (int i = 0; i < whole; i += TSimd.Width)
            {
                TVector n = TSimd.Multiply(TSimd.Subtract(TSimd.Load(x + i), middle), slope), g = TSimd.Multiply(TSimd.Load(dy + i), TSimd.Load(gamma + i));
                TVector value = TSimd.MultiplyAdd(n, tilts, TSimd.MultiplyAdd(g, slope, shifts));
                if (residual != null) value = TSimd.Add(value, TSimd.Load(residual + i));
                TSimd.Store(dx + i, value);
            }
            for (int i = whole; i < width; i++)
                dx[i] = scale * dy[i] * gamma[i] - shift - (x[i] - mean) * scale * tilt + (residual != null ? residual[i] : 0);
            if (residual != null) residual += width;
        }
    }
}
