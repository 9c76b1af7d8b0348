using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Gpu;

/// <summary>
/// Elements of a block. Programs hold a share of the buffers they are bound to, so one disposed before such a program
/// keeps its memory until that is disposed too. One that is never disposed lives as long as its device.
/// </summary>
internal sealed class GpuBuffer : DeviceBuffer
{
    private readonly GpuDevice device;
    private readonly GpuMemory? memory; // null where the block is somebody else's
    private int shares = 1;
    private int disposed;

    public GpuBuffer(GpuDevice device, GpuMemory? memory, GpuBlock block, int offset, int length) : base(device, length, block.Type)
    {
        this.device = device;
        this.memory = memory;
        Block = block;
        Offset = offset;
    }

    public GpuBlock Block { get; }

    /// <summary>The block's element that is this buffer's first.</summary>
    public int Offset { get; }

    public bool IsDisposed => disposed != 0;

    public void AddShare() => Interlocked.Increment(ref shares);

    public void ReleaseShare()
    {
        if (Interlocked.Decrement(ref shares) > 0) return;
        if (memory is null) device.ForgetImported(Block);
        else memory.Free(Block, Offset, Length);
    }

    public override void Dispose()
    {
        if (Interlocked.Exchange(ref disposed, 1) == 0) ReleaseShare();
    }

    protected override void WriteCore(ReadOnlySpan<byte> source, int offset)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        device.Upload(Block, Offset + offset, source);
    }

    protected override void ReadCore(Span<byte> target, int offset)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        device.Download(Block, Offset + offset, target);
    }
}
