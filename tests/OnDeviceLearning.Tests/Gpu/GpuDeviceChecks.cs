using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Tests.Gpu;

/// <summary>What every GPU device must do, whatever its API; the tests of each say which one.</summary>
internal static class GpuDeviceChecks
{
    public static void What_is_written_is_read(Func<ComputeDevice> open, int length, int offset)
    {
        using ComputeDevice device = open();
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
        Assert.Empty(Complaints(device));
    }

    public static void A_write_over_a_write_wins_and_a_run_sees_it(Func<ComputeDevice> open)
    {
        using ComputeDevice device = open();
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
        Assert.Empty(Complaints(device));
    }

    public static void Programs_of_one_device_may_run_on_several_threads_at_once(Func<ComputeDevice> open)
    {
        using ComputeDevice device = open();
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
        Assert.Empty(Complaints(device));
    }

    public static void What_is_disposed_in_the_wrong_order_is_freed_all_the_same(Func<ComputeDevice> open)
    {
        ComputeDevice device = open();
        DeviceBuffer x = device.Allocate(VulkanPrograms.Length), y = device.Allocate(VulkanPrograms.Length);
        DeviceProgram program = VulkanPrograms.Triple(device, x, y);
        x.Dispose();
        y.Dispose();
        program.Restart();
        program.Advance(long.MaxValue);
        device.Dispose(); // with work under way
        program.Dispose();
        Assert.Throws<ObjectDisposedException>(() => device.Allocate(1));
        Assert.Empty(Complaints(device));
    }

    public static void A_restart_while_running_starts_over(Func<ComputeDevice> open)
    {
        using ComputeDevice device = open();
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
        Assert.Empty(Complaints(device));
    }

    /// <summary>What a layer underneath says, where there is one.</summary>
    private static IReadOnlyList<string> Complaints(ComputeDevice device) => device is Devices.Vulkan.VulkanDevice ? Vulkan.ValidationMessages(device) : [];
}
