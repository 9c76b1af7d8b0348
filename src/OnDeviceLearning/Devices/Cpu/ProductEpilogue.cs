using System.Numerics;
using System.Runtime.CompilerServices;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>
/// What a product ends with, y = f(y + bias + residual). Bias, residual and ReLU are applied as tiles leave the registers,
/// other activations, and the mask of a ReLU's gradient, to a unit's part of y while it is in the first-level cache.
/// </summary>
internal sealed unsafe class ProductEpilogue
{
    private const int Block = 512;

    private readonly int bias = -1, residual, mask = -1; // operands, -1 for none
    private readonly ActivationKind? activation;

    /// <summary>For operands in the order a, b, [bias], [residual], y.</summary>
    public ProductEpilogue(bool hasBias, bool hasResidual, ActivationKind? activation)
    {
        this.activation = activation;
        bias = hasBias ? 2 : -1;
        residual = hasResidual ? hasBias ? 3 : 2 : -1;
        Output = 2 + (hasBias ? 1 : 0) + (hasResidual ? 1 : 0);
    }

    /// <summary>For operands at these places, -1 for none; y is zero where <paramref name="mask"/> is not positive.</summary>
    public ProductEpilogue(int output, int residual, int mask, ActivationKind? activation)
    {
        (Output, this.residual, this.mask, this.activation) = (output, residual, mask, activation);
    }

    /// <summary>Index of the operand y.</summary>
    public int Output { get; }

    public bool IsRelu => activation == ActivationKind.Relu;

    /// <summary>Whether <see cref="Activate"/> is needed.</summary>
    public bool HasOtherActivation => activation is not (null or ActivationKind.Relu);

    public float* Bias(in CpuKernelMemory memory) => bias < 0 ? null : memory[bias];

    public float* Residual(in CpuKernelMemory memory) => residual < 0 ? null : memory[residual];

    /// <summary>Whether <see cref="ApplyMask"/> is needed.</summary>
    public bool HasMask => mask >= 0;

    /// <summary>Zeroes elements of y that the mask, which lies as y does, says are zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void ApplyMask(in CpuKernelMemory memory, float* y, int count)
    {
        float* positive = memory[mask] + (y - memory[Output]);
        int i = 0;
        for (; i + Vector<float>.Count <= count; i += Vector<float>.Count)
            Vector.Store(Vector.ConditionalSelect(Vector.GreaterThan(Vector.Load(positive + i), Vector<float>.Zero), Vector.Load(y + i), Vector<float>.Zero), y + i);
        for (; i < count; i++) y[i] = positive[i] > 0 ? y[i] : 0;
    }

    /// <summary>y = f(y), where f is not ReLU, for rows that lie <paramref name="stride"/> apart.</summary>
    [SkipLocalsInit]
    public void Activate(float* y, int rows, nint stride, int columns)
    {
        float* scratch = stackalloc float[Block];
        if (activation == ActivationKind.Gelu)
        {
            ActivationKernel.Gelu(y, rows, stride, columns);
            return;
        }
        for (; rows > 0; rows--, y += stride)
            for (int c = 0; c < columns; c += Block) ActivationKernel.Apply(activation!.Value, y + c, y + c, Math.Min(Block, columns - c), scratch);
    }
}
