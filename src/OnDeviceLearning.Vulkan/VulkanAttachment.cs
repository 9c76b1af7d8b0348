namespace OnDeviceLearning;

/// <summary>A game's own Vulkan device, to compute on beside its drawing. Everything in it stays the game's and must outlive what is made from it.</summary>
/// <param name="Instance">VkInstance, of Vulkan 1.1 or later.</param>
/// <param name="PhysicalDevice">VkPhysicalDevice.</param>
/// <param name="Device">VkDevice. No feature or extension need be enabled.</param>
/// <param name="Queue">VkQueue of the family below.</param>
/// <param name="QueueFamily">Index of a queue family that can compute.</param>
public sealed record VulkanAttachment(nint Instance, nint PhysicalDevice, nint Device, nint Queue, uint QueueFamily)
{
    /// <summary>
    /// Locked around every submission. Where the game submits to the same queue from another thread it must lock this too;
    /// Vulkan leaves that to its users.
    /// </summary>
    public object QueueLock { get; init; } = new();
}
