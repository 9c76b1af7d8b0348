using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Gpu;

/// <summary>Collects the dispatches and scratch buffers of one operation.</summary>
internal sealed class DispatchList(Operation operation, GpuLimits limits)
{
    /// <summary>Threads of a group in every kernel that is dispatched element by element.</summary>
    public const int GroupThreads = 256;

    /// <summary>More than this is several dispatches, so that no submission holds the device for long.</summary>
    private const long SliceFlops = 2_000_000_000;

    private readonly List<KernelDispatch> dispatches = [];
    private readonly List<int> scratch = [];
    private readonly int operands = operation.Operands.Count;

    public GpuLimits Limits => limits;

    public LoweredOperation ToLowered() => new(dispatches, scratch);

    /// <summary>A new scratch buffer; the argument that it is bound as.</summary>
    public int Scratch(int length)
    {
        scratch.Add(length);
        return operands + scratch.Count - 1;
    }

    /// <summary>
    /// Adds a dispatch. By convention a kernel's constants start with the element offset of each binding, in order;
    /// <paramref name="constants"/> are the ones after those.
    /// </summary>
    public void Add(string kernel, (int X, int Y, int Z) threads, ReadOnlySpan<int> arguments, ReadOnlySpan<Constant> constants, long flops, long bytes)
    {
        var all = new KernelConstant[arguments.Length + constants.Length];
        for (int i = 0; i < arguments.Length; i++) all[i] = KernelConstant.OffsetOf(arguments[i]);
        for (int i = 0; i < constants.Length; i++) all[arguments.Length + i] = constants[i].Value;
        dispatches.Add(new KernelDispatch(kernel, threads.X, threads.Y, threads.Z, arguments.ToArray(), all, flops, bytes));
    }

    /// <summary>One thread an element, all operands bound in order; the kernel's constants are the first element, then these.</summary>
    public void Elementwise(string kernel, int length, params ReadOnlySpan<Constant> constants)
    {
        Span<int> arguments = stackalloc int[operands];
        for (int i = 0; i < operands; i++) arguments[i] = i;
        Elementwise(kernel, length, arguments, constants, operation.Flops, operation.Bytes);
    }

    /// <summary>One thread an element; the kernel's constants are the first element, then these.</summary>
    public void Elementwise(string kernel, int length, ReadOnlySpan<int> arguments, ReadOnlySpan<Constant> constants, long flops, long bytes)
    {
        int most = Slice(length, flops, limits.MaxGroupsX * (long)GroupThreads, GroupThreads);
        Span<Constant> all = stackalloc Constant[constants.Length + 1];
        constants.CopyTo(all[1..]);
        for (int first = 0; first < length; first += most)
        {
            int count = Math.Min(most, length - first);
            all[0] = first;
            Add(kernel, (count, 1, 1), arguments, all, Share(flops, count, length), Share(bytes, count, length));
        }
    }

    /// <summary>
    /// How many of <paramref name="count"/> units one dispatch takes: no more than <paramref name="most"/>, not much more work
    /// than a slice should have, a multiple of <paramref name="step"/>.
    /// </summary>
    public static int Slice(int count, long flops, long most, int step)
    {
        long slices = Math.Max(CeilDivide(flops, SliceFlops), CeilDivide(count, most));
        long each = Math.Min(CeilDivide(CeilDivide(count, slices), step) * step, Math.Max(most / step * step, step));
        return (int)Math.Min(each, count);
    }

    /// <summary>How many parts to split a sum of <paramref name="length"/> into, so that the device is busy and each part worth a group.</summary>
    public int Splits(long groups, int length, int least, int outputs)
    {
        long splits = Math.Min(CeilDivide(limits.GroupsToFill, Math.Max(groups, 1)), Math.Min(length / least, Room(outputs)));
        return (int)Math.Clamp(splits, 1, 256);
    }

    /// <summary>How many parts' sums fit a modest buffer: they are written and read again.</summary>
    public int Room(int outputs) => (int)(Math.Min(limits.MaxBufferBytes, 64 << 20) / 4 / outputs);

    public static long Share(long whole, long part, long of) => (long)((double)whole * part / of);

    public static long CeilDivide(long a, long b) => (a + b - 1) / b;

    public static int CeilDivide(int a, int b) => (int)CeilDivide((long)a, b);
}

/// <summary>A constant of a kernel, written as a plain int or float.</summary>
internal readonly record struct Constant(KernelConstant Value)
{
    public static implicit operator Constant(int value) => new(KernelConstant.Of(value));

    public static implicit operator Constant(float value) => new(KernelConstant.Of(value));

    public static implicit operator Constant(bool value) => new(KernelConstant.Of(value ? 1 : 0));
}
