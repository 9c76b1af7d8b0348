using System.Diagnostics;
using OnDeviceLearning.Devices.Vulkan;
using OnDeviceLearning.Gpu;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Tests.Gpu;

public sealed class VulkanDeviceTests
{
    [VulkanTheory]
    [InlineData(1, 0)]
    [InlineData(7, 3)]
    [InlineData(262_144, 1)]
    [InlineData(2_000_003, 999)] // several pages
    public void What_is_written_is_read(int length, int offset) => GpuDeviceChecks.What_is_written_is_read(() => TestDevices.OpenVulkan(), length, offset);

    [VulkanFact]
    public void A_write_over_a_write_wins_and_a_run_sees_it() => GpuDeviceChecks.A_write_over_a_write_wins_and_a_run_sees_it(() => TestDevices.OpenVulkan());

    [VulkanFact]
    public void A_frame_allocates_nothing_and_does_not_wait()
    {
        using ComputeDevice device = TestDevices.OpenVulkan(new VulkanOptions { PipelineCacheFolder = "", Validation = false });
        DeviceBuffer x = device.Allocate(VulkanPrograms.Length), y = device.Allocate(VulkanPrograms.Length);
        using DeviceProgram program = VulkanPrograms.Triple(device, x, y);
        float[] values = VulkanPrograms.Numbers(), read = new float[VulkanPrograms.Length];
        for (int i = 0; i < 20; i++) Frame();
        Assert.Equal(0, Allocated.Least(() =>
        {
            for (int i = 0; i < 50; i++) Frame();
        }));

        void Frame()
        {
            x.Write(values);
            program.Restart();
            while (!program.Advance(Stopwatch.GetTimestamp() + Stopwatch.Frequency / 1000, atLeastOne: true)) program.Wait();
            y.Read(read);
        }
    }

    [VulkanFact]
    public void The_gpus_clock_is_read()
    {
        using ComputeDevice device = TestDevices.OpenVulkan();
        DeviceBuffer x = device.Allocate(VulkanPrograms.Length), y = device.Allocate(VulkanPrograms.Length);
        using DeviceProgram program = VulkanPrograms.Triple(device, x, y);
        Assert.Equal(double.NaN, ((GpuProgram)program).GpuSeconds);
        Stopwatch watch = Stopwatch.StartNew();
        program.Run();
        if (((VulkanDevice)device).HasTimestamps) Assert.InRange(((GpuProgram)program).GpuSeconds, 1e-9, watch.Elapsed.TotalSeconds);
    }

    [VulkanFact]
    public void Programs_of_one_device_may_run_on_several_threads_at_once() => GpuDeviceChecks.Programs_of_one_device_may_run_on_several_threads_at_once(() => TestDevices.OpenVulkan());

    [VulkanFact]
    public void What_is_disposed_in_the_wrong_order_is_freed_all_the_same() => GpuDeviceChecks.What_is_disposed_in_the_wrong_order_is_freed_all_the_same(() => TestDevices.OpenVulkan());

    [VulkanFact]
    public void A_restart_while_running_starts_over() => GpuDeviceChecks.A_restart_while_running_starts_over(() => TestDevices.OpenVulkan());

    [VulkanFact]
    public void The_memory_cap_holds()
    {
        using ComputeDevice device = TestDevices.OpenVulkan(new VulkanOptions { MemoryCapBytes = 3 << 20, PipelineCacheFolder = "" });
        device.Allocate(1000);
        DeviceException error = Assert.Throws<DeviceException>(() => device.Allocate(1 << 20));
        Assert.Contains("the cap is 3 MiB (VulkanOptions.MemoryCapBytes)", error.Message);
        Assert.InRange(((VulkanDevice)device).MemoryBytes, 4000, 3 << 20);
    }

    [ValidatedVulkanFact]
    public void The_validation_layer_sees_a_barrier_that_is_missing()
    {
        using ComputeDevice device = TestDevices.OpenVulkan(new VulkanOptions { Validation = true, PipelineCacheFolder = "" });
        var gpu = (GpuDevice)device;
        DeviceBuffer x = device.Allocate(64), y = device.Allocate(64);
        GpuPlan plan = GpuPlan.Of(gpu, [new(new Add(64), [x, x, y]), new(new Add(64), [y, x, y])]);
        Assert.Single(plan.Segments); // otherwise each has a barrier of its own
        Assert.True(plan.Dispatches[^1].BarrierBefore);
        using (gpu.RecordCommands(plan)) Assert.Empty(Vulkan.ValidationMessages(device));
        ((List<GpuDispatch>)plan.Dispatches)[^1] = plan.Dispatches[^1] with { BarrierBefore = false };
        using (gpu.RecordCommands(plan)) Assert.Contains(Vulkan.ValidationMessages(device), m => m.Contains("SYNC-HAZARD", StringComparison.Ordinal));
    }
}
