using System.Runtime.CompilerServices;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>
/// What a product ends with, y = f(y + bias + residual). Bias, residual and ReLU are applied as tiles leave the registers,
/// other activations to a unit's part of y while it is in the first-level cache. Operands stand in the order a, b, [bias],
/// [residual], y.
/// </summary>
internal sealed unsafe class ProductEpilogue(bool hasBias, bool hasResidual, ActivationKind? activation)
{
    private const int Block = 512;

    /// <summary>Index of the operand y.</summary>
    public int Output => 2 + (hasBias ? 1 : 0) + (hasResidual ? 1 : 0);

    public bool IsRelu => activation == ActivationKind.Relu;

    /// <summary>Whether <see cref="Activate"/> is needed.</summary>
    public bool HasOtherActivation => activation is not (null or ActivationKind.Relu);

    public float* Bias(in CpuKernelMemory memory) => hasBias ? memory[2] : null;

    public float* Residual(in CpuKernelMemory memory) => hasResidual ? memory[hasBias ? 3 : 2] : null;

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
