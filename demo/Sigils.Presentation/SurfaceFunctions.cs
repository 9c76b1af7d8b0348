using Silk.NET.Core.Native;
using Silk.NET.Vulkan;

namespace OnDeviceLearning.Demo.Presentation;

/// <summary>What VK_KHR_surface and VK_KHR_swapchain add to Vulkan, by name from the driver.</summary>
internal sealed unsafe class SurfaceFunctions(Vk vk, Instance instance)
{
    private readonly delegate* unmanaged<PhysicalDevice, uint, SurfaceKHR, uint*, Result> support = (delegate* unmanaged<PhysicalDevice, uint, SurfaceKHR, uint*, Result>)Of(vk, instance, "vkGetPhysicalDeviceSurfaceSupportKHR");
    private readonly delegate* unmanaged<PhysicalDevice, SurfaceKHR, SurfaceCapabilitiesKHR*, Result> capabilities = (delegate* unmanaged<PhysicalDevice, SurfaceKHR, SurfaceCapabilitiesKHR*, Result>)Of(vk, instance, "vkGetPhysicalDeviceSurfaceCapabilitiesKHR");
    private readonly delegate* unmanaged<PhysicalDevice, SurfaceKHR, uint*, SurfaceFormatKHR*, Result> formats = (delegate* unmanaged<PhysicalDevice, SurfaceKHR, uint*, SurfaceFormatKHR*, Result>)Of(vk, instance, "vkGetPhysicalDeviceSurfaceFormatsKHR");
    private readonly delegate* unmanaged<PhysicalDevice, SurfaceKHR, uint*, PresentModeKHR*, Result> modes = (delegate* unmanaged<PhysicalDevice, SurfaceKHR, uint*, PresentModeKHR*, Result>)Of(vk, instance, "vkGetPhysicalDeviceSurfacePresentModesKHR");

    public bool Presents(PhysicalDevice device, uint family, SurfaceKHR surface)
    {
        uint yes = 0;
        return support(device, family, surface, &yes) == Result.Success && yes != 0;
    }

    public Result Capabilities(PhysicalDevice device, SurfaceKHR surface, out SurfaceCapabilitiesKHR found)
    {
        fixed (SurfaceCapabilitiesKHR* pointer = &found) return capabilities(device, surface, pointer);
    }

    public SurfaceFormatKHR[] Formats(PhysicalDevice device, SurfaceKHR surface)
    {
        uint count = 0;
        PresentationException.Check(formats(device, surface, &count, null), "vkGetPhysicalDeviceSurfaceFormatsKHR");
        var found = new SurfaceFormatKHR[count];
        fixed (SurfaceFormatKHR* first = found) PresentationException.Check(formats(device, surface, &count, first), "vkGetPhysicalDeviceSurfaceFormatsKHR");
        return found;
    }

    public PresentModeKHR[] Modes(PhysicalDevice device, SurfaceKHR surface)
    {
        uint count = 0;
        PresentationException.Check(modes(device, surface, &count, null), "vkGetPhysicalDeviceSurfacePresentModesKHR");
        var found = new PresentModeKHR[count];
        fixed (PresentModeKHR* first = found) PresentationException.Check(modes(device, surface, &count, first), "vkGetPhysicalDeviceSurfacePresentModesKHR");
        return found;
    }

    private static nint Of(Vk vk, Instance instance, string name)
    {
        nint address = (nint)vk.GetInstanceProcAddr(instance, name).Handle;
        return address != 0 ? address : throw new PresentationException($"Vulkan has no {name}: the instance was made without VK_KHR_surface.");
    }
}

/// <summary>The functions of a device's swapchains.</summary>
internal sealed unsafe class SwapchainFunctions(Vk vk, Device device)
{
    private readonly delegate* unmanaged<Device, SwapchainCreateInfoKHR*, AllocationCallbacks*, SwapchainKHR*, Result> create = (delegate* unmanaged<Device, SwapchainCreateInfoKHR*, AllocationCallbacks*, SwapchainKHR*, Result>)Of(vk, device, "vkCreateSwapchainKHR");
    private readonly delegate* unmanaged<Device, SwapchainKHR, AllocationCallbacks*, void> destroy = (delegate* unmanaged<Device, SwapchainKHR, AllocationCallbacks*, void>)Of(vk, device, "vkDestroySwapchainKHR");
    private readonly delegate* unmanaged<Device, SwapchainKHR, uint*, Image*, Result> images = (delegate* unmanaged<Device, SwapchainKHR, uint*, Image*, Result>)Of(vk, device, "vkGetSwapchainImagesKHR");
    private readonly delegate* unmanaged<Device, SwapchainKHR, ulong, Silk.NET.Vulkan.Semaphore, Fence, uint*, Result> acquire = (delegate* unmanaged<Device, SwapchainKHR, ulong, Silk.NET.Vulkan.Semaphore, Fence, uint*, Result>)Of(vk, device, "vkAcquireNextImageKHR");
    private readonly delegate* unmanaged<Queue, PresentInfoKHR*, Result> present = (delegate* unmanaged<Queue, PresentInfoKHR*, Result>)Of(vk, device, "vkQueuePresentKHR");

    public Result Create(in SwapchainCreateInfoKHR info, out SwapchainKHR swapchain)
    {
        fixed (SwapchainCreateInfoKHR* first = &info)
        fixed (SwapchainKHR* made = &swapchain) return create(device, first, null, made);
    }

    public void Destroy(SwapchainKHR swapchain) => destroy(device, swapchain, null);

    public Image[] Images(SwapchainKHR swapchain)
    {
        uint count = 0;
        PresentationException.Check(images(device, swapchain, &count, null), "vkGetSwapchainImagesKHR");
        var found = new Image[count];
        fixed (Image* first = found) PresentationException.Check(images(device, swapchain, &count, first), "vkGetSwapchainImagesKHR");
        return found;
    }

    public Result Acquire(SwapchainKHR swapchain, ulong nanoseconds, Silk.NET.Vulkan.Semaphore signal, out uint index)
    {
        fixed (uint* found = &index) return acquire(device, swapchain, nanoseconds, signal, default, found);
    }

    public Result Present(Queue queue, Silk.NET.Vulkan.Semaphore wait, SwapchainKHR swapchain, uint index)
    {
        var info = new PresentInfoKHR { SType = StructureType.PresentInfoKhr, WaitSemaphoreCount = 1, PWaitSemaphores = &wait, SwapchainCount = 1, PSwapchains = &swapchain, PImageIndices = &index };
        return present(queue, &info);
    }

    private static nint Of(Vk vk, Device device, string name)
    {
        nint address = (nint)vk.GetDeviceProcAddr(device, name).Handle;
        return address != 0 ? address : throw new PresentationException($"The device has no {name}: it was made without VK_KHR_swapchain.");
    }
}
