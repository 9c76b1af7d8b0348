using OnDeviceLearning.Devices.Cpu;
using OnDeviceLearning.Gpu;

namespace OnDeviceLearning.Cli;

/// <summary>What a device does at most, measured on it: fused multiply-adds, and bytes read and written by a large copy.</summary>
internal sealed record BenchLimits(double FlopsPerSecond, double BytesPerSecond)
{
    private const int LongCopy = 32 << 20, ShortCopy = 4 << 20; // elements

    /// <summary>Measures a device with kernels of its own. A GPU plans by the result from then on.</summary>
    public static BenchLimits Measure(ComputeDevice device, bool isShort)
    {
        if (device is GpuDevice gpu)
        {
            GpuRates rates = MeasureGpu(gpu, Math.Min(isShort ? ShortCopy : LongCopy, (int)Math.Min(gpu.Limits.MaxBufferBytes / 4, int.MaxValue)));
            gpu.Costs.Calibrate(rates);
            return new BenchLimits(rates.FlopsPerSecond, rates.BytesPerSecond);
        }
        var machine = new MachineLimits();
        int threads = ((CpuDevice)device).Threads;
        return new BenchLimits(machine.FlopsPerSecond(threads), machine.BytesPerSecond(threads, 8L * (isShort ? ShortCopy : LongCopy)));
    }

    private static GpuRates MeasureGpu(GpuDevice gpu, int copyLength)
    {
        try
        {
            return GpuRates.Measure(gpu, copyLength);
        }
        catch (DeviceException e) when (e is not DeviceLostException && copyLength > ShortCopy)
        {
            return GpuRates.Measure(gpu, ShortCopy); // the memory cap has no room for the long one
        }
    }
}
