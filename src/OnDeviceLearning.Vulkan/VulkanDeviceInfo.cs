namespace OnDeviceLearning;

/// <summary>A Vulkan device of this machine.</summary>
/// <param name="Name">As its driver gives it.</param>
/// <param name="Kind">What kind of hardware it is.</param>
/// <param name="Driver">Name and version of the driver.</param>
/// <param name="MemoryBytes">The device's own memory.</param>
/// <param name="Limits">What bounds the programs on it, in words.</param>
/// <param name="IsUsable">Whether <see cref="Vulkan.Open(string, VulkanOptions)"/> can open it.</param>
/// <param name="Remark">Why it is not usable, or not opened unless named; empty where it is what <see cref="Vulkan.Provider"/> opens.</param>
public sealed record VulkanDeviceInfo(string Name, DeviceKind Kind, string Driver, long MemoryBytes, string Limits, bool IsUsable, string Remark);
