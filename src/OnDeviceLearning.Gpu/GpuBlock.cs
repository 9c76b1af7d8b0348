using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Gpu;

/// <summary>
/// One buffer of the GPU's API, of one element type, that many <see cref="GpuBuffer"/>s lie in. Kernels are bound to whole
/// blocks and find their operands by element offset: DirectX 12 as ComputeSharp offers it has neither sub-ranges nor a
/// second type for the same memory.
/// </summary>
internal abstract class GpuBlock(ElementType type, int length)
{
    public ElementType Type { get; } = type;

    /// <summary>Number of elements.</summary>
    public int Length { get; } = length;

    public long Bytes => 4L * Length;
}
