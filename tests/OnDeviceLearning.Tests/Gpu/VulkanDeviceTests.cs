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
    public void What_is_written_is_read(int length, int offset)
    {
        using ComputeDevice device = TestDevices.OpenVulkan();
        DeviceBuffer floats = device.Allocate(length + offset + 5), integers = device.Allocate(length + offset + 5, ElementType.Int32);
        float[] values = VulkanPrograms.Numbers(3, length);
        int[] ids = [.. Enumerable.Range(-5, length)];
        floats.Write(values, offset);
        integers.Write(ids, offset);
        float[] read = new float[length + offset + 5];
        int[] readIds = new int[length];
        floats.Read(read);
        integers.Read(readIds, offset);
        Assert.True(values.AsSpan().SequenceEqual(read.AsSpan(offset, length)));
        Assert.True(ids.AsSpan().SequenceEqual(readIds));
        Assert.All(read.Take(offset).Concat(read.TakeLast(5)), v => Assert.Equal(0, v));
        Assert.Empty(Vulkan.ValidationMessages(device));
    }

    [VulkanFact]
    public void A_write_over_a_write_wins_and_a_run_sees_it()
    {
        using ComputeDevice device = TestDevices.OpenVulkan();
        DeviceBuffer x = device.Allocate(VulkanPrograms.Length), y = device.Allocate(VulkanPrograms.Length);
        using DeviceProgram program = VulkanPrograms.Triple(device, x, y);
        for (int seed = 0; seed < 4; seed++)
        {
            float[] values = VulkanPrograms.Numbers(seed);
            x.Write(VulkanPrograms.Numbers(seed + 100));
            x.Write(values);
            program.Run();
            VulkanPrograms.AssertTripled(values, y);
        }
        Assert.Empty(Vulkan.ValidationMessages(device));
    }

    [VulkanFact]
    public void A_frame_allocates_nothing_and_does_not_wait()
    {
        using ComputeDevice device = TestDevices.OpenVulkan(new VulkanOptions { PipelineCacheFolder = "", Validation = false });
        DeviceBuffer x = device.Allocate(VulkanPrograms.Length), y = device.Allocate(VulkanPrograms.Length);
        using DeviceProgram program = VulkanPrograms.Triple(device, x, y);
        float[] values = VulkanPrograms.Numbers(), read = new float[VulkanPrograms.Length];
        for (int i = 0; i < 20; i++) Frame();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 50; i++) Frame();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

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
    public void Programs_of_one_device_may_run_on_several_threads_at_once()
    {
        using ComputeDevice device = TestDevices.OpenVulkan();
        Parallel.For(0, 4, t =>
        {
            using DeviceBuffer x = device.Allocate(VulkanPrograms.Length), y = device.Allocate(VulkanPrograms.Length);
            using DeviceProgram program = VulkanPrograms.Triple(device, x, y);
            for (int i = 0; i < 40; i++)
            {
                float[] values = VulkanPrograms.Numbers(100 * t + i);
                x.Write(values);
                program.Run();
                VulkanPrograms.AssertTripled(values, y);
            }
        });
        Assert.Empty(Vulkan.ValidationMessages(device));
    }

    [VulkanFact]
    public void What_is_disposed_in_the_wrong_order_is_freed_all_the_same()
    {
        ComputeDevice device = TestDevices.OpenVulkan();
        DeviceBuffer x = device.Allocate(VulkanPrograms.Length), y = device.Allocate(VulkanPrograms.Length);
        DeviceProgram program = VulkanPrograms.Triple(device, x, y);
        x.Dispose();
        y.Dispose();
        program.Restart();
        program.Advance(long.MaxValue);
        device.Dispose(); // with work under way
        program.Dispose();
        Assert.Throws<ObjectDisposedException>(() => device.Allocate(1));
        Assert.Empty(Vulkan.ValidationMessages(device));
    }

    [VulkanFact]
    public void A_restart_while_running_starts_over()
    {
        using ComputeDevice device = TestDevices.OpenVulkan();
        DeviceBuffer x = device.Allocate(VulkanPrograms.Length), y = device.Allocate(VulkanPrograms.Length);
        using DeviceProgram program = VulkanPrograms.Triple(device, x, y);
        float[] values = VulkanPrograms.Numbers();
        x.Write(values);
        for (int i = 0; i < 20; i++)
        {
            program.Restart();
            program.Advance(long.MaxValue);
        }
        program.Run();
        VulkanPrograms.AssertTripled(values, y);
        Assert.Empty(Vulkan.ValidationMessages(device));
    }

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
