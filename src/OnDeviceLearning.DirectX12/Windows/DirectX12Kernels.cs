using ComputeSharp;

namespace OnDeviceLearning.Devices.DirectX12;

internal static class DirectX12Kernels
{
    public static IReadOnlyDictionary<string, DirectX12Kernel> All { get; } = new Dictionary<string, DirectX12Kernel>
    {
        ["Add"] = static (in ComputeContext c, DirectX12Dispatch d) => c.For(d.X, d.Y, d.Z, new Kernels.Add(d.Floats(0), d.Floats(1), d.Floats(2), d.Int(0), d.Int(1), d.Int(2), d.Int(3))),
    };
}
