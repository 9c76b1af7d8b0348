using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Gpu;

/// <summary>Turns operations into dispatches of kernels.</summary>
public static class Lowering
{
    /// <summary>The dispatches that compute <paramref name="operation"/> on a device with these limits.</summary>
    public static LoweredOperation Lower(Operation operation, GpuLimits limits) => throw new NotSupportedException($"{operation.Name}: not lowered yet.");
}
