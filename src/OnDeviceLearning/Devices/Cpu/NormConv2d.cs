using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>
/// What <see cref="CpuFusion"/> makes of a convolution, the batch normalisation that alone reads it, a residual and ReLU in
/// training: y = f(norm(x * w) + residual). Operands x, w, gamma, beta, mean, variance, [residual], y.
/// </summary>
internal sealed record NormConv2d(Conv2d Convolution, float Epsilon, bool HasResidual, bool HasRelu) : Operation
{
    public override IReadOnlyList<Operand> Operands
    {
        get
        {
            IReadOnlyList<Operand> o = Convolution.Operands;
            Operand gamma = Reads("gamma", Convolution.OutChannels);
            List<Operand> all = [o[0], o[1], gamma, gamma with { Name = "beta" }, gamma with { Name = "mean" }, gamma with { Name = "variance" }];
            if (HasResidual) all.Add(o[2] with { Name = "residual", Access = OperandAccess.Read });
            all.Add(o[2]);
            return all;
        }
    }

    public override long Flops => Convolution.Flops;

    private BatchNorm Norm => new(Convolution.N, Convolution.OutChannels, Convolution.OutH * Convolution.OutW, Epsilon);

    public override void Reference(OperandSpans operands)
    {
        int last = HasResidual ? 7 : 6;
        Span<float> y = operands[last];
        float[] sums = OperationParts.Memory(y.Length), normed = OperationParts.Memory(y.Length);
        OperationParts.Run(Convolution, operands[0], operands[1], sums);
        OperationParts.Run(Norm, sums, operands[2], operands[3], operands[4], operands[5], normed);
        for (int i = 0; i < y.Length; i++)
        {
            float value = normed[i] + (HasResidual ? operands[6][i] : 0);
            y[i] = HasRelu ? Math.Max(value, 0) : value;
        }
    }
}

/// <summary>
/// The gradient of a convolution, and of the batch normalisation after it where there is an Epsilon, for its input, to which
/// another gradient of the same tensor is added, and which is zero where ReLU was: dx = (conv'(scale * w, dy) + residual) *
/// (y > 0). Operands w, dy, [gamma, variance], [residual], [y], dx.
/// </summary>
internal sealed record FusedConv2dInputGradient(Conv2dInputGradient Convolution, float? Epsilon, bool HasResidual, bool HasMask) : Operation
{
    public override IReadOnlyList<Operand> Operands
    {
        get
        {
            IReadOnlyList<Operand> o = Convolution.Operands;
            List<Operand> all = [o[0], o[1]];
            if (Epsilon is not null) all.AddRange([Reads("gamma", Convolution.OutChannels), Reads("variance", Convolution.OutChannels)]);
            if (HasResidual) all.Add(o[2] with { Name = "residual", Access = OperandAccess.Read });
            if (HasMask) all.Add(o[2] with { Name = "y", Access = OperandAccess.Read });
            all.Add(o[2]);
            return all;
        }
    }

    public override long Flops => Convolution.Flops;

    public override void Reference(OperandSpans operands)
    {
        int next = 2;
        Span<float> dy = operands[1];
        if (Epsilon is { } epsilon)
        {
            float[] scaled = OperationParts.Memory(dy.Length);
            OperationParts.Run(new BatchNormInputGradient(Convolution.N, Convolution.OutChannels, Convolution.OutH * Convolution.OutW, epsilon), operands[2], operands[3], dy, scaled);
            dy = scaled;
            next = 4;
        }
        int residual = HasResidual ? next++ : -1, mask = HasMask ? next++ : -1;
        Span<float> dx = operands[next];
        float[] sums = OperationParts.Memory(dx.Length);
        OperationParts.Run(Convolution, operands[0], dy, sums);
        for (int i = 0; i < dx.Length; i++) dx[i] = mask >= 0 && !(operands[mask][i] > 0) ? 0 : sums[i] + (residual < 0 ? 0 : operands[residual][i]);
    }
}

/// <summary>
/// From a convolution's weight gradient for dy as if no batch normalisation followed, g, and the sums of dy, to the
/// gradients of both: dw += scale * g, dgamma += (w . g - mean * sums) / sqrt(variance + epsilon), dbeta += sums; for the
/// sum over pixels of dy * conv(x, w) is w . g. So the result of the convolution is needed by nobody. dgamma is a difference:
/// where a channel's mean lies k deviations from zero it is k times less exact than g, which of Winograd's is to some 1e-5. Operands g, sums, w,
/// gamma, mean, variance, dw, dgamma, dbeta.
/// </summary>
internal sealed record FoldedNormGradient(int Channels, int Depth, float Epsilon) : Operation
{
    public override IReadOnlyList<Operand> Operands =>
    [
        Reads("g", Channels, Depth), Reads("sums", Channels), Reads("w", Channels, Depth), Reads("gamma", Channels), Reads("mean", Channels), Reads("variance", Channels),
        Updates("dw", Channels, Depth), Updates("dgamma", Channels), Updates("dbeta", Channels),
    ];

    public override long Flops => 4L * Channels * Depth;

    public override void Reference(OperandSpans operands)
    {
        for (int c = 0; c < Channels; c++)
        {
            double dot = 0, inverse = 1 / Math.Sqrt((double)operands[5][c] + Epsilon);
            for (int i = c * Depth; i < (c + 1) * Depth; i++)
            {
                dot += (double)operands[2][i] * operands[0][i];
                operands[6][i] = (float)(operands[6][i] + operands[3][c] * inverse * operands[0][i]);
            }
            operands[7][c] = (float)(operands[7][c] + (dot - (double)operands[4][c] * operands[1][c]) * inverse);
            operands[8][c] += operands[1][c];
        }
    }
}

/// <summary>Runs the references of the operations that a fused one stands for.</summary>
internal static unsafe class OperationParts
{
    public static float[] Memory(int length) => GC.AllocateArray<float>(length, pinned: true);

    public static void Run(Operation part, Span<float> a, Span<float> b) => part.Reference(new OperandSpans([At(a), At(b)], part.Operands));

    public static void Run(Operation part, Span<float> a, Span<float> b, Span<float> c) => part.Reference(new OperandSpans([At(a), At(b), At(c)], part.Operands));

    public static void Run(Operation part, Span<float> a, Span<float> b, Span<float> c, Span<float> d) =>
        part.Reference(new OperandSpans([At(a), At(b), At(c), At(d)], part.Operands));

    public static void Run(Operation part, Span<float> a, Span<float> b, Span<float> c, Span<float> d, Span<float> e) =>
        part.Reference(new OperandSpans([At(a), At(b), At(c), At(d), At(e)], part.Operands));

    public static void Run(Operation part, Span<float> a, Span<float> b, Span<float> c, Span<float> d, Span<float> e, Span<float> f) =>
        part.Reference(new OperandSpans([At(a), At(b), At(c), At(d), At(e), At(f)], part.Operands));

    // Of native or pinned memory.
    private static nint At(Span<float> span) => (nint)Unsafe.AsPointer(ref MemoryMarshal.GetReference(span));
}

/// <summary>A channel's row of weights a unit.</summary>
internal sealed unsafe class FoldedNormGradientKernel(FoldedNormGradient op) : CpuKernel
{
    public override int Units(int stage) => op.Channels;

    public override double UnitSeconds(int stage) => 30e-9 + op.Depth * 16.0 / BytesPerSecond;

    public override void Run(in CpuKernelMemory memory, int stage, int from, int to)
    {
        for (int c = from; c < to; c++)
        {
            float inverse = 1 / MathF.Sqrt(memory[5][c] + op.Epsilon);
            long start = (long)c * op.Depth;
            double dot = AddScaled(memory[0] + start, memory[2] + start, memory[3][c] * inverse, op.Depth, memory[6] + start);
            // Both terms are large where the mean is, and their difference is not.
            memory[7][c] += (float)((dot - (double)memory[4][c] * memory[1][c]) * inverse);
            memory[8][c] += memory[1][c];
        }
    }

    /// <summary>dw += scale * g; returns w . g, summed in double precision.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double AddScaled(float* g, float* w, float scale, int count, float* dw)
    {
        Vector<double> sums = Vector<double>.Zero;
        int i = 0;
        for (; i + Vector<float>.Count <= count; i += Vector<float>.Count)
        {
            Vector<float> v = Vector.Load(g + i);
            Vector.Widen(v, out Vector<double> low, out Vector<double> high);
            Vector.Widen(Vector.Load(w + i), out Vector<double> lowW, out Vector<double> highW);
            sums += low * lowW + high * highW;
            Vector.Store(Vector.Load(dw + i) + scale * v, dw + i);
        }
        double dot = Vector.Sum(sums);
        for (; i < count; i++)
        {
            dot += (double)g[i] * w[i];
            dw[i] += scale * g[i];
        }
        return dot;
    }
}
