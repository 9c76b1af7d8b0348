using OnDeviceLearning.Gpu;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Tests.Gpu;

public sealed class GpuPlanTests
{
    private static readonly GpuKernel AddKernel = new(
        "Add", 64, 1, 1,
        [new("a", ElementType.Float32, OperandAccess.Read), new("b", ElementType.Float32, OperandAccess.Read), new("c", ElementType.Float32, OperandAccess.Write)],
        ["aOffset", "bOffset", "cOffset"], 0);

    private static readonly GpuKernel SumKernel = new(
        "Sum", 64, 1, 1, [new("x", ElementType.Float32, OperandAccess.Read), new("partial", ElementType.Float32, OperandAccess.Write)], ["xOffset", "partialOffset"], 0);

    /// <summary>Add as one dispatch; SquaredNorm as two over a scratch buffer.</summary>
    private static LoweredOperation Lower(Operation operation) => operation switch
    {
        Add op => new([Dispatch("Add", op.Length, [0, 1, 2])], []),
        SquaredNorm op => new([Dispatch("Sum", op.Length, [0, 2]), Dispatch("Sum", 1, [2, 1])], [op.Length]),
        _ => throw new NotSupportedException(),
    };

    private static KernelDispatch Dispatch(string kernel, int threads, int[] arguments) =>
        new(kernel, threads, 1, 1, arguments, [.. arguments.Select(KernelConstant.OffsetOf)], threads, 12L * threads);

    private static FakeGpu Open(Func<Operation, LoweredOperation>? lower = null, long cap = 1 << 30) => new([AddKernel, SumKernel], lower ?? Lower, cap);

    private static BoundOperation Add(DeviceBuffer buffer, int a, int b, int c, int length = 100) =>
        new(new Add(length), [new(buffer, a, length), new(buffer, b, length), new(buffer, c, length)]);

    private static bool[] Barriers(FakeGpu device, params BoundOperation[] operations) =>
        [.. GpuPlan.Of(device, operations).Dispatches.Select(d => d.BarrierBefore)];

    [Fact]
    public void A_barrier_stands_where_a_dispatch_reads_what_was_written_and_nowhere_else()
    {
        using FakeGpu device = Open();
        DeviceBuffer x = device.Allocate(1000);
        Assert.Equal([false, false], Barriers(device, Add(x, 0, 100, 200), Add(x, 0, 100, 300)));       // both read the same
        Assert.Equal([false, true], Barriers(device, Add(x, 0, 100, 200), Add(x, 200, 100, 300)));      // read after write
        Assert.Equal([false, true], Barriers(device, Add(x, 0, 100, 200), Add(x, 299, 400, 500)));      // by one element
        Assert.Equal([false, false], Barriers(device, Add(x, 0, 100, 200), Add(x, 300, 400, 500)));     // its neighbour
        Assert.Equal([false, true], Barriers(device, Add(x, 0, 100, 200), Add(x, 400, 500, 200)));      // write after write
        Assert.Equal([false, true], Barriers(device, Add(x, 0, 100, 200), Add(x, 400, 500, 50)));       // write after read
        Assert.Equal([false, true, false], Barriers(device, Add(x, 0, 100, 200), Add(x, 200, 100, 300), Add(x, 0, 200, 400))); // one barrier serves both
        Assert.Equal([false, false], Barriers(device, Add(x, 0, 100, 0), Add(x, 300, 400, 300)));       // in place
    }

    [Fact]
    public void Scratch_memory_is_shared_by_operations_one_after_the_other()
    {
        using FakeGpu device = Open();
        DeviceBuffer x = device.Allocate(1000), sum = device.Allocate(1);
        GpuPlan plan = GpuPlan.Of(device, [Norm(1000), Norm(300), Norm(700)]);
        GpuBuffer scratch = Assert.Single(plan.Scratch);
        Assert.InRange(scratch.Length, 1000, 1000 + 16);
        Assert.Equal([false, true, true, true, true, true], plan.Dispatches.Select(d => d.BarrierBefore));

        BoundOperation Norm(int length) => new(new SquaredNorm(length), [new(x, 0, length), sum]);
    }

    [Fact]
    public void Offsets_among_the_constants_are_those_within_the_block()
    {
        using FakeGpu device = Open();
        device.Allocate(10);
        DeviceBuffer x = device.Allocate(1000);
        GpuDispatch dispatch = Assert.Single(GpuPlan.Of(device, [Add(x, 5, 205, 605)]).Dispatches);
        int first = ((GpuBuffer)x).Offset;
        Assert.NotEqual(0, first);
        int[] words = new int[dispatch.ConstantWords];
        dispatch.WriteConstants(words, [0, 0, 0]);
        Assert.Equal([100, 1, 1, first + 5, first + 205, first + 605], words);
        dispatch.WriteConstants(words, [first + 4, first + 204, first + 604]);
        Assert.Equal([100, 1, 1, 1, 1, 1], words);
    }

    [Fact]
    public void A_lowering_that_does_not_fit_its_kernel_is_refused_with_a_sentence()
    {
        Refused("has 2 arguments; the kernel has 3 bindings", _ => new([Dispatch("Add", 100, [0, 1])], []));
        Refused("has 1 constants; the kernel has 3", _ => new([Dispatch("Add", 100, [0, 1, 2]) with { Constants = [KernelConstant.Of(1)] }], []));
        Refused("writes 'a', which the operation only reads", _ => new([Dispatch("Add", 100, [2, 1, 0])], []));
        Refused("asks for the offset of argument 7, which it does not bind",
            _ => new([Dispatch("Add", 100, [0, 1, 2]) with { Constants = [KernelConstant.Of(1), KernelConstant.Of(2f), KernelConstant.OffsetOf(7)] }], []));
        Refused("asks for 0 x 1 x 1 threads", _ => new([Dispatch("Add", 0, [0, 1, 2])], []));

        // An operation may be too large for a device without anybody's mistake.
        using FakeGpu small = Open(_ => new([Dispatch("Add", 64 * 65535 + 1, [0, 1, 2])], []));
        DeviceBuffer operand = small.Allocate(1000);
        DeviceException e = Assert.Throws<DeviceException>(() => small.Record([Add(operand, 0, 100, 200)]));
        Assert.Contains("too large for this device: it asks for 65536 x 1 x 1 groups, and the device allows 65535 x 65535 x 65535", e.Message);

        static void Refused(string part, Func<Operation, LoweredOperation> lower)
        {
            using FakeGpu device = Open(lower);
            DeviceBuffer x = device.Allocate(1000);
            Assert.Contains(part, Assert.Throws<InvalidOperationException>(() => device.Record([Add(x, 0, 100, 200)])).Message);
        }
    }

    [Fact]
    public void Segments_are_cut_by_their_estimate()
    {
        using FakeGpu device = Open();
        DeviceBuffer x = device.Allocate(3_000_000);
        BoundOperation[] operations = [.. Enumerable.Repeat(Add(x, 0, 1_000_000, 2_000_000, 1_000_000), 20)];
        GpuPlan plan = GpuPlan.Of(device, operations);
        Assert.True(plan.Segments.Count > 1);
        Assert.Equal(0, plan.Segments[0].From);
        Assert.Equal(20, plan.Segments[^1].To);
        Assert.All(plan.Segments, s => Assert.InRange(s.GuessedSeconds, 0, GpuCostModel.SegmentSeconds));
        Assert.All(plan.Segments, s => Assert.False(plan.Dispatches[s.From].BarrierBefore)); // a segment brings its own
        Assert.Equal(plan.Segments.Skip(1).Select(s => s.From), plan.Segments.SkipLast(1).Select(s => s.To));

        for (int i = 0; i < 20; i++) device.Costs.Learn(1, 10); // ten times slower than guessed
        Assert.True(GpuPlan.Of(device, operations).Segments.Count > 2 * plan.Segments.Count);
    }

    [Fact]
    public void A_kernel_that_is_missing_is_named()
    {
        using FakeGpu device = Open(_ => new([Dispatch("Multiply", 1, [0, 1, 2])], []));
        DeviceBuffer x = device.Allocate(1000);
        Assert.StartsWith("No kernel is named 'Multiply'", Assert.Throws<InvalidOperationException>(() => device.Record([Add(x, 0, 100, 200)])).Message);
    }
}
