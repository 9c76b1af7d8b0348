using ComputeSharp;
using OnDeviceLearning.Gpu;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Devices.DirectX12;

/// <summary>A DirectX 12 device, through ComputeSharp: memory in blocks, and one thread that copies and submits.</summary>
internal sealed class DirectX12Device : GpuDevice
{
    private const int FloatPage = 1 << 18, IntPage = 1 << 14; // elements

    private readonly DirectX12Adapter adapter;
    private readonly DirectX12Transfers<float>? floats;
    private readonly DirectX12Transfers<int>? ints;
    private readonly Func<bool>? loseAt;
    private readonly object reportGate = new();
    private DirectX12BatchReport report;
    private bool isDestroyed;

    /// <summary>Opens a device on an adapter, whose share it takes over, also where this throws.</summary>
    /// <exception cref="DeviceException">It cannot be used; the message says why.</exception>
    public DirectX12Device(DirectX12Adapter adapter, DirectX12Options options)
        : base(GpuKernelSet.Embedded, adapter.Limits, MemoryLimits(adapter, options), adapter.Kind, options.GpuShare)
    {
        this.adapter = adapter;
        loseAt = options.LoseAt;
        Worker = new DirectX12Worker($"DirectX 12: {adapter.Name}", e => adapter.Failure(e)!, RequirePresent);
        try
        {
            floats = new DirectX12Transfers<float>(Graphics, Worker, FloatPage);
            ints = new DirectX12Transfers<int>(Graphics, Worker, IntPage);
        }
        catch (Exception e)
        {
            DisposeCore();
            throw DirectX12Failure.Explain(adapter.Name, 0, e);
        }
    }

    public override string Name => adapter.Name;

    public override DeviceKind Kind => adapter.Kind;

    public DirectX12DeviceInfo Info => new(Name, Kind, adapter.MemoryBytes, IsUsable: true, "");

    public GraphicsDevice Graphics => adapter.Graphics;

    /// <summary>ID3D12Device.</summary>
    public nint Native => adapter.Native;

    public DirectX12Worker Worker { get; }

    /// <summary>Kernels that have run here; the worker's.</summary>
    public HashSet<string> UsedKernels { get; } = [];

    public DirectX12BatchReport Report
    {
        get
        {
            lock (reportGate) return report;
        }
    }

    public void NoteBatch(long bytes, double seconds)
    {
        lock (reportGate) report = new DirectX12BatchReport(report.Batches + 1, report.ManagedBytes + bytes, report.Seconds + seconds);
    }

    /// <summary>A device that is removed lets waits end as if all were well; so the worker asks after every request.</summary>
    private void RequirePresent()
    {
        if (loseAt?.Invoke() == true) throw new DeviceLostException($"{Name}: the device is lost: a test has it so.");
        if (adapter.Failure(null) is { } lost) throw lost;
    }

    public override void Upload(GpuBlock block, int offset, ReadOnlySpan<byte> source)
    {
        if (block.Type == ElementType.Float32) floats!.Upload(block, offset, source);
        else ints!.Upload(block, offset, source);
    }

    public override void Download(GpuBlock block, int offset, Span<byte> target)
    {
        if (block.Type == ElementType.Float32) floats!.Download(block, offset, target);
        else ints!.Download(block, offset, target);
    }

    public override void Clear(GpuBlock block, int offset, int length)
    {
        if (block.Type == ElementType.Float32) floats!.Clear(block, offset, length);
        else ints!.Clear(block, offset, length);
    }

    public override GpuCommands RecordCommands(GpuPlan plan) => new DirectX12Commands(this, plan);

    public override void ForgetImported(GpuBlock block) { } // a game's buffers are not imported: it is given ours

    protected override GpuBlock CreateBlock(ElementType type, int length)
    {
        try
        {
            return DirectX12Memory.Block(Graphics, type, length);
        }
        catch (Exception e)
        {
            throw adapter.Failure(e)!;
        }
    }

    protected override void DestroyBlock(GpuBlock block)
    {
        if (!isDestroyed) Worker.Drain();
        ((DirectX12Block)block).Dispose();
    }

    protected override void DisposeCore()
    {
        isDestroyed = true;
        Worker.Dispose();
        floats?.Destroy();
        ints?.Destroy();
        Memory.Clear();
        adapter.Release();
    }

    private static GpuMemoryLimits MemoryLimits(DirectX12Adapter adapter, DirectX12Options options) => new(
        adapter.Name,
        options.MemoryCapBytes ?? adapter.MemoryBytes / 4,
        options.MemoryCapBytes is null ? $"a quarter of the device's {adapter.MemoryBytes >> 20} MiB; DirectX12Options.MemoryCapBytes sets another" : "DirectX12Options.MemoryCapBytes",
        adapter.Limits.MaxBufferBytes,
        MaxBlocks: 1024); // ComputeSharp has room for 2,048 buffers on a device, the game's included
}
