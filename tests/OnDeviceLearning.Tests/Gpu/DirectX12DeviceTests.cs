using System.Diagnostics;
using OnDeviceLearning.Gpu;

namespace OnDeviceLearning.Tests.Gpu;

/// <summary>The DirectX 12 device, on Windows: the best GPU there, or WARP.</summary>
public sealed class DirectX12DeviceTests
{
    [DirectX12Theory]
    [InlineData(1, 0)]
    [InlineData(7, 3)]
    [InlineData(262_144, 1)]
    [InlineData(2_000_003, 999)] // several pages
    public void What_is_written_is_read(int length, int offset) => GpuDeviceChecks.What_is_written_is_read(() => TestDevices.OpenDirectX12(), length, offset);

    [DirectX12Fact]
    public void A_write_over_a_write_wins_and_a_run_sees_it() => GpuDeviceChecks.A_write_over_a_write_wins_and_a_run_sees_it(() => TestDevices.OpenDirectX12());

    [DirectX12Fact]
    public void A_frame_allocates_nothing_on_the_callers_thread()
    {
        using ComputeDevice device = TestDevices.OpenDirectX12();
        DeviceBuffer x = device.Allocate(VulkanPrograms.Length), y = device.Allocate(VulkanPrograms.Length);
        using DeviceProgram program = VulkanPrograms.Triple(device, x, y);
        float[] values = VulkanPrograms.Numbers(), read = new float[VulkanPrograms.Length];
        for (int i = 0; i < 20; i++) Frame();
        Assert.Equal(0, Allocated.Least(() =>
        {
            for (int i = 0; i < 50; i++) Frame();
        }));
        Assert.InRange(DirectX12.BatchReport(device).Batches, 70, 1000);

        void Frame()
        {
            x.Write(values);
            program.Restart();
            while (!program.Advance(Stopwatch.GetTimestamp() + Stopwatch.Frequency / 1000, atLeastOne: true)) program.Wait();
            y.Read(read);
        }
    }

    [DirectX12Fact]
    public void What_a_batch_took_is_known_once_its_kernels_have_run_before()
    {
        using ComputeDevice device = TestDevices.OpenDirectX12();
        DeviceBuffer x = device.Allocate(VulkanPrograms.Length), y = device.Allocate(VulkanPrograms.Length);
        using DeviceProgram program = VulkanPrograms.Triple(device, x, y);
        program.Run(); // makes the pipelines, which is not counted
        Assert.Equal(double.NaN, ((GpuProgram)program).GpuSeconds);
        Stopwatch watch = Stopwatch.StartNew();
        program.Run();
        Assert.InRange(((GpuProgram)program).GpuSeconds, 1e-9, watch.Elapsed.TotalSeconds);
    }

    [DirectX12Fact]
    public void Programs_of_one_device_may_run_on_several_threads_at_once() => GpuDeviceChecks.Programs_of_one_device_may_run_on_several_threads_at_once(() => TestDevices.OpenDirectX12());

    [DirectX12Fact]
    public void Two_devices_on_one_adapter_do_not_disturb_each_other()
    {
        ComputeDevice first = TestDevices.OpenDirectX12();
        using ComputeDevice second = TestDevices.OpenDirectX12();
        DeviceBuffer x = second.Allocate(VulkanPrograms.Length), y = second.Allocate(VulkanPrograms.Length);
        using DeviceProgram program = VulkanPrograms.Triple(second, x, y);
        first.Allocate(100).Write(new float[100]);
        first.Dispose();
        float[] values = VulkanPrograms.Numbers();
        x.Write(values);
        program.Run();
        VulkanPrograms.AssertTripled(values, y);
    }

    [DirectX12Fact]
    public void What_is_disposed_in_the_wrong_order_is_freed_all_the_same() => GpuDeviceChecks.What_is_disposed_in_the_wrong_order_is_freed_all_the_same(() => TestDevices.OpenDirectX12());

    [DirectX12Fact]
    public void A_restart_while_running_starts_over() => GpuDeviceChecks.A_restart_while_running_starts_over(() => TestDevices.OpenDirectX12());

    [DirectX12Fact]
    public void The_memory_cap_holds()
    {
        using ComputeDevice device = TestDevices.OpenDirectX12(new DirectX12Options { MemoryCapBytes = 3 << 20 });
        device.Allocate(1000);
        DeviceException error = Assert.Throws<DeviceException>(() => device.Allocate(1 << 20));
        Assert.Contains("the cap is 3 MiB (DirectX12Options.MemoryCapBytes)", error.Message);
    }

    [DirectX12Fact]
    public void A_game_reaches_the_resource_of_a_buffer_and_keeps_its_memory()
    {
        using ComputeDevice device = TestDevices.OpenDirectX12();
        DeviceBuffer first = device.Allocate(100), second = device.Allocate(1000);
        DirectX12Resource resource = DirectX12.ResourceOf(second);
        Assert.NotEqual(0, resource.Resource);
        Assert.NotEqual(0, resource.Device);
        Assert.Equal(4000, resource.ByteLength);
        Assert.InRange(resource.ByteOffset, 400, int.MaxValue); // both lie in one resource
        using (DirectX12Resource other = DirectX12.ResourceOf(first)) Assert.Equal(resource.Resource, other.Resource);
        second.Dispose();
        Assert.Throws<ObjectDisposedException>(() => DirectX12.ResourceOf(second));
        DeviceBuffer third = device.Allocate(1000);
        using (DirectX12Resource other = DirectX12.ResourceOf(third)) Assert.NotEqual(resource.ByteOffset, other.ByteOffset);
        resource.Dispose();
        resource.Dispose();
        DeviceBuffer fourth = device.Allocate(1000);
        using (DirectX12Resource other = DirectX12.ResourceOf(fourth)) Assert.Equal(resource.ByteOffset, other.ByteOffset);
    }
}
