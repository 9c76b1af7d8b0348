using OnDeviceLearning.Devices.DirectX12;
using OnDeviceLearning.Gpu;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Tests.Gpu;

/// <summary>A barrier of ComputeSharp's is for one buffer; those of a plan are for all. No dispatch may slip between.</summary>
public sealed class DirectX12BarriersTests
{
    private static readonly GpuKernel Kernel = new(
        "Copy", 64, 1, 1, [new("x", ElementType.Float32, OperandAccess.Read), new("y", ElementType.Float32, OperandAccess.Write)], [], 0);

    // Larger than the block that small buffers share, so that each buffer is a block of its own.
    private const int Length = 5 << 20;

    private static FakeGpu Open(long bytes = 8) => new([Kernel], _ => new([new KernelDispatch("Copy", 64, 1, 1, [0, 1], [], 0, bytes)], []));

    private static BoundOperation Copy(DeviceBuffer from, DeviceBuffer to) => new(new Copy(1, Length, 0, 0, 0, 0, Length, Length), [from, to]);

    private static GpuBlock BlockOf(DeviceBuffer buffer) => ((GpuBuffer)buffer).Block;

    [Fact]
    public void A_barrier_names_what_was_written_since_the_last_one_and_not_what_is_only_read()
    {
        using FakeGpu device = Open();
        DeviceBuffer input = device.Allocate(Length), a = device.Allocate(Length), b = device.Allocate(Length), c = device.Allocate(Length), d = device.Allocate(Length);
        GpuPlan plan = GpuPlan.Of(device, [Copy(input, a), Copy(input, b), Copy(a, c), Copy(b, d)]);
        GpuBlock[][] before = DirectX12Barriers.Of(plan);
        Assert.Equal([false, false, true, false], plan.Dispatches.Select(x => x.BarrierBefore));
        Assert.Empty(before[1]);
        // The third waits for a; b is named as well, since the plan takes the fourth to be safe after this barrier.
        Assert.Equal([BlockOf(a), BlockOf(b)], before[2].OrderBy(x => Array.IndexOf([BlockOf(a), BlockOf(b)], x)));
        Assert.Empty(before[3]);
    }

    [Fact]
    public void A_segment_starts_after_all_that_any_other_writes()
    {
        using FakeGpu device = Open(bytes: 60_000_000); // 0.6 ms at the guessed 100 GB/s: a segment each
        DeviceBuffer input = device.Allocate(Length), a = device.Allocate(Length), b = device.Allocate(Length);
        GpuPlan plan = GpuPlan.Of(device, [Copy(input, a), Copy(input, b)]);
        Assert.Equal(2, plan.Segments.Count);
        GpuBlock[][] before = DirectX12Barriers.Of(plan);
        Assert.All(before, blocks => Assert.Equal([BlockOf(a), BlockOf(b)], blocks.OrderBy(x => Array.IndexOf([BlockOf(a), BlockOf(b)], x))));
    }

    [Fact]
    public void Any_two_dispatches_that_conflict_have_a_barrier_on_their_block_between_them()
    {
        using FakeGpu device = Open();
        DeviceBuffer[] buffers = [.. Enumerable.Range(0, 4).Select(_ => device.Allocate(Length))];
        for (int seed = 0; seed < 50; seed++)
        {
            var random = new Random(seed);
            List<BoundOperation> operations = [];
            while (operations.Count < 30)
            {
                int from = random.Next(4), to = random.Next(4);
                if (from != to) operations.Add(Copy(buffers[from], buffers[to]));
            }
            GpuPlan plan = GpuPlan.Of(device, operations);
            GpuBlock[][] before = DirectX12Barriers.Of(plan);
            for (int later = 0; later < plan.Dispatches.Count; later++)
                for (int earlier = 0; earlier < later; earlier++)
                    foreach (GpuArgument x in plan.Dispatches[earlier].Arguments)
                        foreach (GpuArgument y in plan.Dispatches[later].Arguments)
                            if (x.Block == y.Block && (x.Access != OperandAccess.Read || y.Access != OperandAccess.Read))
                                Assert.Contains(before[(earlier + 1)..(later + 1)], blocks => blocks.Contains(x.Block));
        }
    }
}
