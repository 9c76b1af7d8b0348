using System.Runtime.InteropServices;
using OnDeviceLearning.Gpu;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Tests.Gpu;

/// <summary>A GPU without hardware: memory is arrays, submissions are noted and finish when the test says so.</summary>
internal sealed class FakeGpu(IEnumerable<GpuKernel> kernels, Func<Operation, LoweredOperation> lower, long capBytes = 1 << 30, double share = 1)
    : GpuDevice(
        new GpuKernelSet(kernels.ToDictionary(k => k.Name), (operation, _) => lower(operation)), GpuLimits.Guaranteed,
        new GpuMemoryLimits("Fake", capBytes, "as the test has it", 128 << 20, 16), DeviceKind.DiscreteGpu, share)
{
    public override string Name => "Fake";

    public override DeviceKind Kind => DeviceKind.DiscreteGpu;

    public List<FakeBlock> Blocks { get; } = [];

    public FakeCommands? Latest { get; private set; }

    /// <summary>What the GPU's clock says of a segment.</summary>
    public double MeasuredSeconds { get; set; } = double.NaN;

    public override void Upload(GpuBlock block, int offset, ReadOnlySpan<byte> source) =>
        source.CopyTo(MemoryMarshal.AsBytes(((FakeBlock)block).Words.AsSpan(offset)));

    public override void Download(GpuBlock block, int offset, Span<byte> target) =>
        MemoryMarshal.AsBytes(((FakeBlock)block).Words.AsSpan(offset))[..target.Length].CopyTo(target);

    public override void Clear(GpuBlock block, int offset, int length) => ((FakeBlock)block).Words.AsSpan(offset, length).Clear();

    public override GpuCommands RecordCommands(GpuPlan plan) => Latest = new FakeCommands(this, plan.Segments.Count);

    public override void ForgetImported(GpuBlock block) { }

    protected override GpuBlock CreateBlock(ElementType type, int length)
    {
        var block = new FakeBlock(type, length);
        Blocks.Add(block);
        return block;
    }

    protected override void DestroyBlock(GpuBlock block) => Blocks.Remove((FakeBlock)block);

    protected override void DisposeCore() => Memory.Clear();
}

internal sealed class FakeBlock(ElementType type, int length) : GpuBlock(type, length)
{
    public int[] Words { get; } = new int[length];
}

internal sealed class FakeCommands(FakeGpu device, int segments) : GpuCommands
{
    private readonly bool[] underWay = new bool[segments];

    /// <summary>Every submission: its first segment and the one after its last.</summary>
    public List<(int From, int To)> Submissions { get; } = [];

    public int Waits { get; private set; }

    public void Finish(int segment) => underWay[segment] = false;

    public override void Submit(int from, int to)
    {
        Submissions.Add((from, to));
        for (int s = from; s < to; s++)
        {
            if (underWay[s]) Assert.Fail($"segment {s} is submitted while it is under way");
            underWay[s] = true;
        }
    }

    public override bool IsFinished(int segment) => !underWay[segment];

    public override void Wait(int segment)
    {
        Waits++;
        Array.Clear(underWay, 0, segment + 1);
    }

    public override double Seconds(int segment) => device.MeasuredSeconds;

    public override void Dispose() => Array.Clear(underWay);
}
