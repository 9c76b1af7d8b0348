using System.Numerics.Tensors;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>
/// What a product ends with, y = f(y + bias + residual), applied to blocks of y while they are in the first-level cache.
/// Operands stand in the order a, b, [bias], [residual], y.
/// </summary>
internal sealed unsafe class ProductEpilogue(bool hasBias, bool hasResidual, ActivationKind? activation)
{
    private const int Block = 512;

    private int Residual => hasBias ? 3 : 2;

    /// <summary>Index of the operand y.</summary>
    public int Output => hasResidual ? Residual + 1 : Residual;

    /// <summary>Whether anything is left to do once the products are there.</summary>
    public bool IsEmpty => !hasBias && !hasResidual && activation is null;

    /// <summary>
    /// Finishes rows of y, the first at element <paramref name="start"/>; their first column is column
    /// <paramref name="column"/> of the bias, or the bias is there already where that is negative.
    /// </summary>
    public void Apply(in CpuKernelMemory memory, long start, nint rowStride, int rows, int columns, int column)
    {
        if (IsEmpty) return;
        float* scratch = stackalloc float[Block];
        for (int r = 0; r < rows; r++, start += rowStride)
            for (int i = 0; i < columns; i += Block)
            {
                int count = Math.Min(Block, columns - i);
                float* y = memory[Output] + start + i;
                Span<float> block = new(y, count);
                if (hasBias && column >= 0) TensorPrimitives.Add(block, new ReadOnlySpan<float>(memory[2] + column + i, count), block);
                if (hasResidual) TensorPrimitives.Add(block, new ReadOnlySpan<float>(memory[Residual] + start + i, count), block);
                if (activation is { } kind) ActivationKernel.Apply(kind, y, y, count, scratch);
            }
    }
}
