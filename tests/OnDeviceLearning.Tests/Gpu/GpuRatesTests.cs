using OnDeviceLearning.Conformance;
using OnDeviceLearning.Gpu;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Tests.Gpu;

/// <summary>What is measured on a device, and what planning makes of it.</summary>
public sealed class GpuRatesTests
{
    [VulkanTheory]
    [InlineData(1)]
    [InlineData(5)]
    public void The_chains_are_computed_not_skipped(int rounds)
    {
        using ComputeDevice device = TestDevices.OpenVulkan(), cpu = ComputeDevice.OpenCpu(); // which computes by the reference
        float expected = Run(cpu)[0];
        Assert.All(Run(device), y => Assert.Equal(expected, y, 1e-4f));
        Assert.Empty(Vulkan.ValidationMessages(device));

        float[] Run(ComputeDevice on)
        {
            using DeviceBuffer x = on.Allocate(2), y = on.Allocate(1000);
            x.Write([0.93f, 0.2f]);
            using DeviceProgram program = on.Record([new(new FmaChain(1000, rounds), [x, y])]);
            program.Run();
            float[] read = new float[1000];
            y.Read(read);
            return read;
        }
    }

    [VulkanTheory]
    [InlineData(1)]
    [InlineData(1000)]
    [InlineData(5 * 1024 + 300)]
    public void A_copy_is_whole(int length)
    {
        using ComputeDevice device = TestDevices.OpenVulkan();
        using DeviceBuffer x = device.Allocate(length), y = device.Allocate(length + 3);
        float[] values = VulkanPrograms.Numbers(2, length), read = new float[length + 3];
        x.Write(values);
        using DeviceProgram program = device.Record([new(new StreamCopy(length), [x, new BufferRange(y, 1, length)])]);
        program.Run();
        y.Read(read);
        Assert.Equal([0, .. values, 0, 0], read);
    }

    [VulkanFact]
    public void A_measured_device_plans_by_its_rates_and_computes_the_same()
    {
        using ComputeDevice device = TestDevices.OpenVulkan();
        var gpu = (GpuDevice)device;
        var @case = new ConformanceCase(new Conv2dWeightGradient(4, 20, 40, 40, 33, 3, 3, Padding: 1));
        string before = ConformanceRunner.Run(device, @case).OutputHash;
        gpu.Calibrate();
        Assert.Equal(before, ConformanceRunner.Run(device, @case).OutputHash);
        GpuRates rates = GpuRates.Measure(gpu, 1 << 18);
        Assert.InRange(rates.FlopsPerSecond, 1e7, 1e15);
        Assert.InRange(rates.BytesPerSecond, 1e6, 1e14);
        Assert.InRange(rates.GroupFlopsPerSecond, rates.FlopsPerSecond / 4096, rates.FlopsPerSecond);
        Assert.Empty(Vulkan.ValidationMessages(device));
    }

    [Fact]
    public void A_faster_device_is_given_longer_slices()
    {
        var costs = new GpuCostModel(DeviceKind.DiscreteGpu);
        long before = costs.SliceFlops;
        costs.Calibrate(new GpuRates(40e12, 40e12 / 128, 2e12));
        Assert.InRange(costs.SliceFlops, 0.9 * 20e12 * 0.5e-3, 20e12 * 0.5e-3);
        Assert.InRange(costs.SliceBytes, 0.9 * 1.6e12 * 0.5e-3, 1.6e12 * 0.5e-3);
        Assert.Equal(128, costs.SliceGroups);
        Assert.True(costs.SliceFlops > 10 * before);
        Assert.InRange(costs.Guess(costs.SliceFlops, costs.SliceBytes, 1000), 0.99 * GpuCostModel.SegmentSeconds, GpuCostModel.SegmentSeconds);
        // Few groups leave most of it idle.
        Assert.InRange(costs.Guess(20_000_000_000, 0, 64), 1.9 * costs.Guess(20_000_000_000, 0, 128), 2.1 * costs.Guess(20_000_000_000, 0, 128));
        long fast = costs.SliceFlops;
        for (int i = 0; i < 50; i++) costs.Learn(1, 4); // a game draws beside it
        Assert.InRange(costs.SliceFlops, 0.2 * fast, 0.3 * fast);
    }
}
