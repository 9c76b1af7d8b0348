using System.Diagnostics;
using OnDeviceLearning.Gpu;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Tests.Gpu;

/// <summary>Budgets, on a GPU whose work finishes when the test says so.</summary>
public sealed class GpuProgramTests
{
    private static readonly GpuKernel Kernel = new("Fill", 64, 1, 1, [new("y", ElementType.Float32, OperandAccess.Write)], [], 0);

    /// <summary>A program of segments guessed at a quarter of a millisecond each.</summary>
    private static DeviceProgram Record(FakeGpu device, int segments)
    {
        DeviceBuffer y = device.Allocate(100);
        DeviceProgram program = device.Record([.. Enumerable.Repeat(new BoundOperation(new Fill(100, 0), [y]), segments)]);
        Assert.Equal(segments, program.StepCount);
        return program;
    }

    private static FakeGpu Open(double share = 1) =>
        new([Kernel], _ => new([new KernelDispatch("Fill", 100, 1, 1, [0], [], Flops: 0, Bytes: 26_000_000)], []), share: share); // 0.26 ms at the guessed 100 GB/s

    private static long In(double milliseconds) => Stopwatch.GetTimestamp() + (long)(milliseconds * 1e-3 * Stopwatch.Frequency);

    [Fact]
    public void Without_a_deadline_all_is_submitted_in_submissions_of_at_most_four_milliseconds()
    {
        using FakeGpu device = Open();
        using DeviceProgram program = Record(device, 40);
        Assert.False(program.Advance(long.MaxValue));
        FakeCommands commands = device.Latest!;
        Assert.Equal(40, commands.Submissions.Sum(s => s.To - s.From));
        Assert.All(commands.Submissions, s => Assert.InRange((s.To - s.From) * 0.264e-3, 0, GpuCostModel.LongestSubmission));
        Assert.Equal(3, commands.Submissions.Count);
        Assert.Equal(0, commands.Waits);
        Assert.Equal(0, program.NextStep);
        program.Wait();
        Assert.Equal(40, program.NextStep);
        Assert.True(program.Advance(0));
    }

    [Fact]
    public void A_deadline_bounds_what_is_under_way()
    {
        using FakeGpu device = Open();
        using DeviceProgram program = Record(device, 40);
        FakeCommands commands = device.Latest!;
        Assert.False(program.Advance(In(1.9)));
        int submitted = commands.Submissions.Sum(s => s.To - s.From);
        Assert.InRange(submitted, 1, 7);
        // What is still under way fills the next budget too.
        Assert.False(program.Advance(In(0.1), atLeastOne: true));
        Assert.Equal(submitted, commands.Submissions.Sum(s => s.To - s.From));
        for (int s = 0; s < submitted; s++) commands.Finish(s);
        Assert.False(program.Advance(In(0.1), atLeastOne: true));
        Assert.Equal(submitted, program.NextStep);
        Assert.Equal(submitted + 1, commands.Submissions.Sum(s => s.To - s.From));
        Assert.Equal(0, commands.Waits);
    }

    [Fact]
    public void Only_the_devices_share_of_the_time_is_filled()
    {
        using FakeGpu whole = Open(), quarter = Open(share: 0.25);
        using DeviceProgram all = Record(whole, 400), some = Record(quarter, 400);
        all.Advance(In(20));
        some.Advance(In(20));
        int SubmittedOf(FakeGpu device) => device.Latest!.Submissions.Sum(s => s.To - s.From);
        // 20 ms hold 75 segments of 0.264 ms, and a quarter of them 18; the clock runs on between the two lines.
        Assert.InRange(SubmittedOf(quarter), 12, 18);
        Assert.InRange(SubmittedOf(whole), 50, 75);
        Assert.Throws<ArgumentOutOfRangeException>(() => new VulkanOptions { GpuShare = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new VulkanOptions { GpuShare = 1.5 });
    }

    [Fact]
    public void A_deadline_in_the_past_submits_nothing_unless_told_to()
    {
        using FakeGpu device = Open();
        using DeviceProgram program = Record(device, 3);
        Assert.False(program.Advance(deadline: 0));
        Assert.Empty(device.Latest!.Submissions);
        Assert.False(program.Advance(deadline: 0, atLeastOne: true));
        Assert.False(program.Advance(deadline: 0, atLeastOne: true));
        Assert.Equal([(0, 1)], device.Latest!.Submissions);
    }

    [Fact]
    public void Run_waits_instead_of_spinning()
    {
        using FakeGpu device = Open();
        using DeviceProgram program = Record(device, 40);
        program.Run();
        Assert.Equal(1, device.Latest!.Waits);
        program.Run();
        Assert.Equal(2, device.Latest!.Waits);
    }

    [Fact]
    public void A_restart_waits_in_later_calls_for_what_is_under_way()
    {
        using FakeGpu device = Open();
        using DeviceProgram program = Record(device, 2);
        Assert.False(program.Advance(long.MaxValue));
        program.Restart();
        Assert.False(program.Advance(long.MaxValue)); // FakeCommands would object to a second submission
        Assert.Single(device.Latest!.Submissions);
        device.Latest!.Finish(0);
        device.Latest!.Finish(1);
        Assert.False(program.Advance(long.MaxValue));
        Assert.Equal(2, device.Latest!.Submissions.Count);
        program.Restart();
        program.Run();
        Assert.True(program.Advance(0));
    }

    [Fact]
    public void What_segments_take_is_learnt_from_the_gpus_clock()
    {
        using FakeGpu device = Open();
        device.MeasuredSeconds = 1.3e-3; // five times the guess
        using DeviceProgram program = Record(device, 40);
        for (int i = 0; i < 10; i++) program.Run();
        program.Restart();
        device.Latest!.Submissions.Clear();
        program.Advance(In(3));
        Assert.InRange(device.Latest!.Submissions.Sum(s => s.To - s.From), 1, 2);
        Assert.InRange(device.Costs.Pace, 4, 6);
    }

    [Fact]
    public void Replaying_allocates_nothing()
    {
        using FakeGpu device = Open();
        using DeviceProgram program = Record(device, 10);
        for (int i = 0; i < 3; i++) program.Run();
        device.Latest!.Submissions.EnsureCapacity(1000);
        Assert.Equal(0, Allocated.Least(() =>
        {
            for (int i = 0; i < 100; i++) program.Run();
        }, before: device.Latest!.Submissions.Clear));
    }

    [Fact]
    public void A_buffer_disposed_before_its_program_keeps_its_memory()
    {
        using FakeGpu device = Open();
        DeviceBuffer y = device.Allocate(100);
        DeviceProgram program = device.Record([new BoundOperation(new Fill(100, 0), [y])]);
        y.Dispose();
        Assert.Throws<ObjectDisposedException>(() => y.Write([1f]));
        GpuBuffer other = (GpuBuffer)device.Allocate(100);
        Assert.NotEqual(((GpuBuffer)y).Offset, other.Offset);
        program.Dispose();
        Assert.Equal(((GpuBuffer)y).Offset, ((GpuBuffer)device.Allocate(100)).Offset);
        Assert.Throws<ObjectDisposedException>(() => device.Record([new BoundOperation(new Fill(100, 0), [y])]));
    }
}
