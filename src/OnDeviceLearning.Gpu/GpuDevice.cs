using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Gpu;

/// <summary>
/// What the GPU devices share. An API adds blocks of memory, transfers and recorded commands; which kernels compute what,
/// memory within blocks, barriers, segments and budgets are decided here.
/// </summary>
internal abstract class GpuDevice : ComputeDevice
{
    private const int CalibrationCopy = 4 << 20; // elements

    private readonly GpuKernelSet kernels;
    private int calibrated;

    protected GpuDevice(GpuKernelSet kernels, GpuLimits limits, GpuMemoryLimits memory, DeviceKind kind, double share)
    {
        this.kernels = kernels;
        Limits = limits;
        Memory = new GpuMemory(memory, CreateBlock, DestroyBlock);
        Costs = new GpuCostModel(kind);
        Share = share;
    }

    public GpuLimits Limits { get; }

    public GpuCostModel Costs { get; }

    /// <summary>Share of the time until a deadline that programs may fill with work.</summary>
    public double Share { get; }

    protected GpuMemory Memory { get; }

    /// <summary>A kernel by name.</summary>
    public GpuKernel Kernel(string name) => kernels.Kernels.TryGetValue(name, out GpuKernel? kernel)
        ? kernel
        : throw new InvalidOperationException($"No kernel is named '{name}'; the compiled shaders are older than the lowering. Compile them anew: shaders/README.md.");

    /// <summary>An operation as dispatches, none longer than a segment where it can be cut.</summary>
    public LoweredOperation Lower(Operation operation) =>
        kernels.Lower(operation, Limits with { SliceFlops = Costs.SliceFlops, SliceBytes = Costs.SliceBytes, SliceGroups = Costs.SliceGroups });

    /// <summary>
    /// Measures the device and plans by that from now on; waits for it. Done before a real GPU's first program: cards differ
    /// a hundredfold. How work is cut follows from it, never what comes out.
    /// </summary>
    public void Calibrate()
    {
        if (Interlocked.Exchange(ref calibrated, 1) != 0) return;
        try
        {
            Costs.Calibrate(GpuRates.Measure(this, CalibrationCopy));
        }
        catch (DeviceException e) when (e is not DeviceLostException)
        {
            // No memory to spare for a measurement: the guess by kind stays, and the pace corrects it.
        }
    }

    /// <summary>Memory whose content is undefined.</summary>
    public GpuBuffer AllocateScratch(int length, ElementType type)
    {
        (GpuBlock block, int offset) = Memory.Allocate(length, type);
        return new GpuBuffer(this, Memory, block, offset, length);
    }

    protected override DeviceBuffer AllocateCore(int length, ElementType type)
    {
        GpuBuffer buffer = AllocateScratch(length, type);
        Clear(buffer.Block, buffer.Offset, length);
        return buffer;
    }

    protected override DeviceProgram RecordCore(IReadOnlyList<BoundOperation> operations)
    {
        if (Kind is DeviceKind.DiscreteGpu or DeviceKind.IntegratedGpu && kernels.CanMeasure) Calibrate();
        return new GpuProgram(this, operations);
    }

    /// <summary>Copies bytes to a block, after everything submitted so far.</summary>
    public abstract void Upload(GpuBlock block, int offset, ReadOnlySpan<byte> source);

    /// <summary>Copies bytes from a block, after everything submitted so far; waits.</summary>
    public abstract void Download(GpuBlock block, int offset, Span<byte> target);

    /// <summary>Zeroes elements of a block, after everything submitted so far.</summary>
    public abstract void Clear(GpuBlock block, int offset, int length);

    /// <summary>Records a plan.</summary>
    public abstract GpuCommands RecordCommands(GpuPlan plan);

    /// <summary>A block of the game's is no longer used.</summary>
    public abstract void ForgetImported(GpuBlock block);

    /// <summary>A block within all limits.</summary>
    protected abstract GpuBlock CreateBlock(ElementType type, int length);

    /// <summary>Frees a block; work under way may still touch it.</summary>
    protected abstract void DestroyBlock(GpuBlock block);
}
