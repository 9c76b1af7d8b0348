using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Gpu;

/// <summary>What a kernel's binding is bound to: a block, of which the kernel touches <paramref name="Length"/> elements from <paramref name="Offset"/> on.</summary>
internal readonly record struct GpuArgument(GpuBlock Block, int Offset, int Length, OperandAccess Access);

/// <summary>A dispatch with everything bound.</summary>
/// <param name="Kernel">What runs.</param>
/// <param name="Threads">Requested threads along x, y and z.</param>
/// <param name="Arguments">One for each binding.</param>
/// <param name="Constants">The kernel's constants; where one is an offset, its argument is the index of a binding.</param>
/// <param name="BarrierBefore">Whether it must wait for the dispatches before it.</param>
/// <param name="Flops">Floating-point operations.</param>
/// <param name="Bytes">Memory traffic.</param>
internal sealed record GpuDispatch(
    GpuKernel Kernel, (int X, int Y, int Z) Threads, GpuArgument[] Arguments, GpuConstant[] Constants, bool BarrierBefore, long Flops, long Bytes)
{
    /// <summary>32-bit words of the constants, the three thread counts included.</summary>
    public int ConstantWords => 3 + Constants.Length;

    public int GroupsX => (Threads.X + Kernel.GroupX - 1) / Kernel.GroupX;
    public int GroupsY => (Threads.Y + Kernel.GroupY - 1) / Kernel.GroupY;
    public int GroupsZ => (Threads.Z + Kernel.GroupZ - 1) / Kernel.GroupZ;

    /// <summary>Writes thread counts and constants; <paramref name="bases"/> are the elements at which the bindings start.</summary>
    public void WriteConstants(Span<int> words, ReadOnlySpan<int> bases)
    {
        (words[0], words[1], words[2]) = Threads;
        for (int i = 0; i < Constants.Length; i++)
            words[3 + i] = Constants[i].Binding < 0 ? Constants[i].Bits : Arguments[Constants[i].Binding].Offset - bases[Constants[i].Binding];
    }
}

/// <summary>A constant's bits, or the binding whose element offset it is; -1 for none.</summary>
internal readonly record struct GpuConstant(int Bits, int Binding);

/// <summary>Dispatches <paramref name="From"/> up to, not including, <paramref name="To"/>: the least that is submitted.</summary>
internal readonly record struct GpuSegment(int From, int To, double GuessedSeconds);
