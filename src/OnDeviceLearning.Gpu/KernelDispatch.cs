namespace OnDeviceLearning.Gpu;

/// <summary>One run of a kernel within a lowered operation.</summary>
/// <param name="Kernel">The kernel's name in the manifest.</param>
/// <param name="ThreadsX">Requested threads along x; a whole multiple of the group size where the kernel has barriers.</param>
/// <param name="ThreadsY">Requested threads along y.</param>
/// <param name="ThreadsZ">Requested threads along z.</param>
/// <param name="Arguments">One for each binding, in order: an operand of the operation, or, counted on from there, a scratch buffer.</param>
/// <param name="Constants">The kernel's constants, in declaration order.</param>
/// <param name="Flops">Floating-point operations, an FMA counted as two.</param>
/// <param name="Bytes">Memory traffic.</param>
public sealed record KernelDispatch(
    string Kernel, int ThreadsX, int ThreadsY, int ThreadsZ, int[] Arguments, KernelConstant[] Constants, long Flops, long Bytes);

/// <summary>
/// A kernel's constant: a 32-bit value, or the element offset at which an argument lies in its buffer, which is known when
/// the operation is bound.
/// </summary>
public readonly record struct KernelConstant
{
    private KernelConstant(int bits, int argument) => (Bits, Argument) = (bits, argument);

    /// <summary>The value's bits, where <see cref="Argument"/> is -1.</summary>
    public int Bits { get; }

    /// <summary>The argument whose offset this is; -1 for a plain value.</summary>
    public int Argument { get; }

    /// <summary>An integer.</summary>
    public static KernelConstant Of(int value) => new(value, -1);

    /// <summary>A float, by its bits.</summary>
    public static KernelConstant Of(float value) => new(BitConverter.SingleToInt32Bits(value), -1);

    /// <summary>The element offset of an argument, an operand or a scratch buffer, in the buffer that is bound.</summary>
    public static KernelConstant OffsetOf(int argument) => new(0, argument);
}

/// <summary>An operation as kernels: run in order, each seeing what the ones before it wrote.</summary>
/// <param name="Dispatches">The kernels' runs.</param>
/// <param name="ScratchLengths">Elements (4 bytes each) of the scratch buffers the dispatches ask for; what is in them at the start is undefined.</param>
public sealed record LoweredOperation(IReadOnlyList<KernelDispatch> Dispatches, IReadOnlyList<int> ScratchLengths);
