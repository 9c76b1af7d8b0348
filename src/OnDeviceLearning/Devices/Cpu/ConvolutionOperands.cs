using System.Numerics;
using System.Runtime.CompilerServices;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>Which operand of a convolution's kernel is what, and what is done to weights and sums on the way.</summary>
/// <param name="Source">The image that is read.</param>
/// <param name="Weights">The weights.</param>
/// <param name="Epilogue">Where the result goes, and what is added.</param>
/// <param name="Norm">The batch normalisation the weights are scaled with; null for none.</param>
internal sealed record ConvolutionOperands(int Source, int Weights, ProductEpilogue Epilogue, NormFold? Norm = null)
{
    /// <summary>x, w, [bias], [residual], y.</summary>
    public static ConvolutionOperands Of(Conv2d op) => new(0, 1, new ProductEpilogue(op.HasBias, op.HasResidual, op.Activation));

    /// <summary>w, dy, dx.</summary>
    public static ConvolutionOperands Of(Conv2dInputGradient _) => new(1, 0, new ProductEpilogue(false, false, null));

    /// <summary>x, w, gamma, beta, mean, variance, [residual], y.</summary>
    public static ConvolutionOperands Of(NormConv2d op) =>
        new(0, 1, new ProductEpilogue(op.HasResidual ? 7 : 6, op.HasResidual ? 6 : -1, -1, op.HasRelu ? ActivationKind.Relu : null), new NormFold(op.Epsilon, 2, 5, 3, 4));

    /// <summary>w, dy, [gamma, variance], [residual], [masked by], dx.</summary>
    public static ConvolutionOperands Of(FusedConv2dInputGradient op)
    {
        int next = 2;
        NormFold? norm = op.Epsilon is { } epsilon ? new NormFold(epsilon, 2, 3) : null;
        if (norm is not null) next += 2;
        int residual = op.HasResidual ? next++ : -1, mask = op.HasMask ? next++ : -1;
        return new ConvolutionOperands(1, 0, new ProductEpilogue(next, residual, mask, null), norm);
    }

    /// <summary>The operand that need not be packed again while it stays the same: weights that nothing else is packed with.</summary>
    public int Packed => Norm is null ? Weights : -1;
}

/// <summary>
/// Batch normalisation with frozen statistics as a part of the convolution before it: norm(conv(x, w)) is
/// conv(x, scale * w) + shift, by output channel. The gradient for x is that of the scaled weights.
/// </summary>
internal sealed unsafe class NormFold(float epsilon, int gamma, int variance, int beta = -1, int mean = -1)
{
    /// <summary>gamma / sqrt(variance + epsilon) of <paramref name="count"/> channels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Scale(in CpuKernelMemory memory, int channel, int count, float* scale)
    {
        float* g = memory[gamma] + channel, v = memory[variance] + channel;
        int i = 0;
        for (; i + Vector<float>.Count <= count; i += Vector<float>.Count)
            Vector.Store(Vector.Load(g + i) / Vector.SquareRoot(Vector.Load(v + i) + new Vector<float>(epsilon)), scale + i);
        for (; i < count; i++) scale[i] = g[i] / MathF.Sqrt(v[i] + epsilon);
    }

    /// <summary>beta - mean * scale of <paramref name="count"/> channels.</summary>
    public void Shift(in CpuKernelMemory memory, int channel, int count, float* scale, float* shift)
    {
        float* b = memory[beta] + channel, m = memory[mean] + channel;
        for (int i = 0; i < count; i++) shift[i] = b[i] - m[i] * scale[i];
    }
}
