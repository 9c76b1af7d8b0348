namespace OnDeviceLearning;

/// <summary>An adapter of this machine that speaks DirectX 12.</summary>
/// <param name="Name">As its driver gives it; "(WARP)" is added to the one that computes on the CPU.</param>
/// <param name="Kind">What kind of hardware it is.</param>
/// <param name="MemoryBytes">The adapter's own memory; where it has none, what it may share with the CPU.</param>
/// <param name="IsUsable">Whether <see cref="DirectX12.Open"/> can open it.</param>
/// <param name="Remark">Why it is not usable, or not opened unless named; empty where it is what <see cref="DirectX12.Provider"/> opens.</param>
public sealed record DirectX12DeviceInfo(string Name, DeviceKind Kind, long MemoryBytes, bool IsUsable, string Remark);

/// <summary>What a device's own thread has submitted.</summary>
/// <param name="Batches">Batches of dispatches, each recorded, submitted and waited for by that thread.</param>
/// <param name="ManagedBytes">What that thread allocated on the managed heap for them; first uses of kernels included. The caller's thread allocates nothing.</param>
/// <param name="Seconds">What they took, recording included.</param>
public readonly record struct DirectX12BatchReport(long Batches, long ManagedBytes, double Seconds);
