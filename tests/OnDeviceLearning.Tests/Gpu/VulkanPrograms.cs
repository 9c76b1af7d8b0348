using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Tests.Gpu;

/// <summary>y = x + 2 x over a few dispatches that depend on one another, and what it must give.</summary>
internal static class VulkanPrograms
{
    public const int Length = 5000;

    /// <summary>x and y [Length]; y = x + x + x.</summary>
    public static DeviceProgram Triple(ComputeDevice device, DeviceBuffer x, DeviceBuffer y) => device.Record(
    [
        new(new Add(Length), [x, x, y]),
        new(new Add(Length), [y, x, y]),
    ]);

    public static float[] Numbers(int seed = 1, int length = Length)
    {
        var random = new Random(seed);
        float[] values = new float[length];
        for (int i = 0; i < values.Length; i++) values[i] = random.NextSingle() - 0.5f;
        return values;
    }

    public static void AssertTripled(float[] x, DeviceBuffer y)
    {
        float[] read = new float[Length];
        y.Read(read);
        for (int i = 0; i < read.Length; i++) Assert.Equal(x[i] + x[i] + x[i], read[i]);
    }
}
