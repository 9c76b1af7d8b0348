using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Gpu;

/// <summary>The kernels a device has and how operations become dispatches of them.</summary>
internal sealed record GpuKernelSet(IReadOnlyDictionary<string, GpuKernel> Kernels, Func<Operation, GpuLimits, LoweredOperation> Lower)
{
    /// <summary>Those of this library.</summary>
    public static GpuKernelSet Embedded { get; } = new(GpuManifest.Embedded, Lowering.Lower);

    /// <summary>Whether a device can be measured with them.</summary>
    public bool CanMeasure => Kernels.ContainsKey(nameof(FmaChain)) && Kernels.ContainsKey(nameof(StreamCopy));

    /// <summary>Why a device with these limits cannot run the kernels; null if it can.</summary>
    public string? Unmet(GpuLimits limits)
    {
        foreach (GpuKernel kernel in Kernels.Values)
        {
            int threads = kernel.GroupX * kernel.GroupY * kernel.GroupZ;
            if (threads > limits.MaxGroupThreads) return $"kernel {kernel.Name} needs {threads} threads in a group; the device allows {limits.MaxGroupThreads}";
            if (kernel.SharedBytes > limits.MaxSharedBytes) return $"kernel {kernel.Name} needs {kernel.SharedBytes} bytes of group-shared memory; the device has {limits.MaxSharedBytes}";
        }
        return null;
    }
}
