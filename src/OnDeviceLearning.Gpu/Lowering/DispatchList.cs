using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Gpu;

/// <summary>Collects the dispatches and scratch buffers of one operation.</summary>
internal sealed class DispatchList(Operation operation, GpuLimits limits)
{
    /// <summary>Threads of a group in every kernel that is dispatched element by element.</summary>
    public const int GroupThreads = 256;

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
        int most = Slice(length, flops, bytes, limits.MaxGroupsX * (long)GroupThreads, GroupThreads);
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
    /// A grid of groups along x, y and z, or fewer axes, as one dispatch or, in slices, several. The kernel's constants are
    /// the first group along each axis, then these.
    /// </summary>
    /// <param name="kernel">Its name.</param>
    /// <param name="groups">Groups along each axis.</param>
    /// <param name="group">Threads of a group along x and y.</param>
    /// <param name="arguments">One for each binding.</param>
    /// <param name="constants">Those after the first groups.</param>
    /// <param name="flops">Floating-point operations of the whole grid.</param>
    /// <param name="bytes">Memory traffic of the whole grid.</param>
    public void Grid(string kernel, ReadOnlySpan<int> groups, (int X, int Y) group, ReadOnlySpan<int> arguments, ReadOnlySpan<Constant> constants, long flops, long bytes)
    {
        int x = groups[0], y = groups.Length > 1 ? groups[1] : 1, z = groups.Length > 2 ? groups[2] : 1;
        long all = (long)x * y * z, least = CeilDivide((long)limits.SliceGroups * GroupThreads, (long)group.X * group.Y);
        long most = Math.Max(all / Slices(flops, bytes), Math.Max(least, 1));
        // Whole rows before whole layers: neighbours share what they read.
        int countX = Even(x, Math.Min(most, limits.MaxGroupsX)), countY = Even(y, Math.Min(Math.Max(most / countX, 1), limits.MaxGroupsY));
        int countZ = Even(z, Math.Min(Math.Max(most / ((long)countX * countY), 1), limits.MaxGroupsZ));
        Span<Constant> own = stackalloc Constant[constants.Length + groups.Length];
        constants.CopyTo(own[groups.Length..]);
        for (int firstZ = 0; firstZ < z; firstZ += countZ)
            for (int firstY = 0; firstY < y; firstY += countY)
                for (int firstX = 0; firstX < x; firstX += countX)
                {
                    int hereX = Math.Min(countX, x - firstX), hereY = Math.Min(countY, y - firstY), hereZ = Math.Min(countZ, z - firstZ);
                    own[0] = firstX;
                    if (groups.Length > 1) own[1] = firstY;
                    if (groups.Length > 2) own[2] = firstZ;
                    long here = (long)hereX * hereY * hereZ;
                    Add(kernel, (hereX * group.X, hereY * group.Y, hereZ), arguments, own, Share(flops, here, all), Share(bytes, here, all));
                }
    }

    /// <summary>
    /// How many of <paramref name="count"/> units one dispatch takes: no more than <paramref name="most"/>, not more work
    /// than a slice should have, a multiple of <paramref name="step"/>, which is the work of one group of 256 threads.
    /// </summary>
    public int Slice(int count, long flops, long bytes, long most, int step)
    {
        long least = (long)limits.SliceGroups * step, each = Math.Min(Math.Max(count / Slices(flops, bytes), least), most) / step * step;
        return (int)Math.Min(Math.Max(each, step), count);
    }

    private long Slices(long flops, long bytes) => Math.Max(1, Math.Max(CeilDivide(flops, limits.SliceFlops), CeilDivide(bytes, limits.SliceBytes)));

    /// <summary>The largest part of at most <paramref name="most"/> that leaves no small rest.</summary>
    private static int Even(int count, long most) => CeilDivide(count, (int)CeilDivide(count, most));

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
