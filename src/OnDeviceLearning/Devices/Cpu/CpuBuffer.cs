using System.Runtime.InteropServices;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>
/// Zeroed native memory, aligned to a cache line. Programs hold a share of it, so a buffer disposed before a program that
/// is bound to it never leaves the program with a dangling pointer.
/// </summary>
internal sealed unsafe class CpuBuffer : DeviceBuffer
{
    private const int Alignment = 64;

    /// <summary>Floats behind every end that kernels may read, and drop, so that tails need no other code than the rest.</summary>
    public const int Slack = 64;

    private float* memory;
    private int shares = 1;
    private int disposed;

    public CpuBuffer(CpuDevice device, int length, ElementType type) : base(device, length, type)
    {
        memory = AllocateZeroed(length);
        GC.AddMemoryPressure(4L * length);
    }

    ~CpuBuffer() => Free();

    public float* Pointer => memory;

    /// <summary>Grows whenever somebody may have changed the contents, so that what was derived from them can be told to be stale.</summary>
    public long Version { get; private set; }

    public void MarkChanged() => Version++;

    /// <summary>Memory for <paramref name="length"/> floats, to be freed with <see cref="NativeMemory.AlignedFree"/>.</summary>
    public static float* AllocateZeroed(long length)
    {
        nuint bytes = (nuint)((4 * (length + Slack) + Alignment - 1) / Alignment * Alignment);
        try
        {
            void* block = NativeMemory.AlignedAlloc(bytes, Alignment);
            NativeMemory.Clear(block, bytes);
            return (float*)block;
        }
        catch (OutOfMemoryException exception)
        {
            throw new DeviceException($"CPU: {bytes} bytes are not to be had.", exception);
        }
    }

    public void AddShare() => Interlocked.Increment(ref shares);

    public void ReleaseShare()
    {
        if (Interlocked.Decrement(ref shares) > 0) return;
        Free();
        GC.SuppressFinalize(this);
    }

    protected override void WriteCore(ReadOnlySpan<byte> source, int offset)
    {
        ObjectDisposedException.ThrowIf(disposed != 0, this);
        source.CopyTo(new Span<byte>(memory + offset, source.Length));
        MarkChanged();
        GC.KeepAlive(this);
    }

    protected override void ReadCore(Span<byte> target, int offset)
    {
        ObjectDisposedException.ThrowIf(disposed != 0, this);
        new ReadOnlySpan<byte>(memory + offset, target.Length).CopyTo(target);
        GC.KeepAlive(this);
    }

    public bool IsDisposed => disposed != 0;

    public override void Dispose()
    {
        if (Interlocked.Exchange(ref disposed, 1) == 0) ReleaseShare();
    }

    private void Free()
    {
        if (memory == null) return;
        NativeMemory.AlignedFree(memory);
        memory = null;
        GC.RemoveMemoryPressure(4L * Length);
    }
}
