namespace ComputeSharp;

/// <summary>A kernel: the struct's constructor parameters are its buffers and constants, <see cref="Execute"/> is what one thread does.</summary>
public interface IComputeShader
{
    /// <summary>The work of one thread.</summary>
    void Execute();
}

/// <summary>The threads of a group along each axis.</summary>
[AttributeUsage(AttributeTargets.Struct)]
public sealed class ThreadGroupSizeAttribute(int threadsX, int threadsY, int threadsZ) : Attribute
{
    /// <summary>Along x.</summary>
    public int ThreadsX { get; } = threadsX;

    /// <summary>Along y.</summary>
    public int ThreadsY { get; } = threadsY;

    /// <summary>Along z.</summary>
    public int ThreadsZ { get; } = threadsZ;
}

/// <summary>Asks for the kernel to be compiled.</summary>
[AttributeUsage(AttributeTargets.Struct)]
public sealed class GeneratedComputeShaderDescriptorAttribute : Attribute;

/// <summary>A static array that the threads of a group share.</summary>
[AttributeUsage(AttributeTargets.Field)]
public sealed class GroupSharedAttribute(int size) : Attribute
{
    /// <summary>Elements of the array.</summary>
    public int Size { get; } = size;
}

/// <summary>A buffer of 4-byte scalars that a kernel reads and writes.</summary>
public sealed class ReadWriteBuffer<T>
    where T : unmanaged
{
    private ReadWriteBuffer() { }

    /// <summary>One element.</summary>
    public ref T this[int x] => throw Kernel.RunsOnTheGpu();
}

/// <summary>The thread's place in the whole dispatch.</summary>
public static class ThreadIds
{
    /// <summary>Along x.</summary>
    public static int X => throw Kernel.RunsOnTheGpu();

    /// <summary>Along y.</summary>
    public static int Y => throw Kernel.RunsOnTheGpu();

    /// <summary>Along z.</summary>
    public static int Z => throw Kernel.RunsOnTheGpu();
}

/// <summary>The thread's place in its group.</summary>
public static class GroupIds
{
    /// <summary>Along x.</summary>
    public static int X => throw Kernel.RunsOnTheGpu();

    /// <summary>Along y.</summary>
    public static int Y => throw Kernel.RunsOnTheGpu();

    /// <summary>Along z.</summary>
    public static int Z => throw Kernel.RunsOnTheGpu();

    /// <summary>Counted through the group, x fastest.</summary>
    public static int Index => throw Kernel.RunsOnTheGpu();
}

/// <summary>The group's place in the dispatch; the same for all its threads.</summary>
public static class GridIds
{
    /// <summary>Along x.</summary>
    public static int X => throw Kernel.RunsOnTheGpu();

    /// <summary>Along y.</summary>
    public static int Y => throw Kernel.RunsOnTheGpu();

    /// <summary>Along z.</summary>
    public static int Z => throw Kernel.RunsOnTheGpu();
}

internal static class Kernel
{
    public static InvalidOperationException RunsOnTheGpu() => new("A kernel runs on a GPU; this is the text it is compiled from.");
}
