using Silk.NET.Vulkan;

namespace OnDeviceLearning.Demo.Presentation;

/// <summary>The images of a surface of one size, each with the semaphore that says it may be shown.</summary>
internal sealed unsafe class Swapchain : IDisposable
{
    private readonly Vk vk;
    private readonly Device device;
    private readonly SwapchainFunctions functions;

    private Swapchain(Vk vk, Device device, SwapchainFunctions functions, SwapchainKHR handle, Extent2D extent)
    {
        this.vk = vk;
        this.device = device;
        this.functions = functions;
        Handle = handle;
        Extent = extent;
        Images = functions.Images(handle);
        Drawn = new Silk.NET.Vulkan.Semaphore[Images.Length];
        var info = new SemaphoreCreateInfo { SType = StructureType.SemaphoreCreateInfo };
        for (int i = 0; i < Drawn.Length; i++) PresentationException.Check(vk.CreateSemaphore(device, in info, null, out Drawn[i]), "vkCreateSemaphore");
    }

    public SwapchainKHR Handle { get; }

    public Extent2D Extent { get; }

    public Image[] Images { get; }

    /// <summary>One for each image: a semaphore of a frame could still be waited for when the frame comes round again.</summary>
    public Silk.NET.Vulkan.Semaphore[] Drawn { get; }

    /// <summary>Makes one for the surface as it is now; null while it has no size.</summary>
    public static Swapchain? Create(Vk vk, PhysicalDevice physical, Device device, SurfaceKHR surface, SurfaceFunctions surfaces, SwapchainFunctions functions, bool vsync, Extent2D wanted, SwapchainKHR old)
    {
        PresentationException.Check(surfaces.Capabilities(physical, surface, out SurfaceCapabilitiesKHR can), "vkGetPhysicalDeviceSurfaceCapabilitiesKHR");
        // Some window systems leave the size to the swapchain, and say so with this number.
        Extent2D extent = can.CurrentExtent.Width != uint.MaxValue ? can.CurrentExtent
            : new Extent2D(Math.Clamp(wanted.Width, can.MinImageExtent.Width, can.MaxImageExtent.Width), Math.Clamp(wanted.Height, can.MinImageExtent.Height, can.MaxImageExtent.Height));
        if (extent.Width == 0 || extent.Height == 0) return null;
        if ((can.SupportedUsageFlags & ImageUsageFlags.TransferDstBit) == 0) throw new PresentationException("The surface cannot be written to by a copy.");
        SurfaceFormatKHR format = Choose(surfaces.Formats(physical, surface));
        uint count = can.MinImageCount + 1;
        if (can.MaxImageCount > 0) count = Math.Min(count, can.MaxImageCount);
        var info = new SwapchainCreateInfoKHR
        {
            SType = StructureType.SwapchainCreateInfoKhr,
            Surface = surface,
            MinImageCount = count,
            ImageFormat = format.Format,
            ImageColorSpace = format.ColorSpace,
            ImageExtent = extent,
            ImageArrayLayers = 1,
            ImageUsage = ImageUsageFlags.TransferDstBit,
            ImageSharingMode = SharingMode.Exclusive,
            PreTransform = can.CurrentTransform,
            CompositeAlpha = Opaque(can.SupportedCompositeAlpha),
            PresentMode = vsync ? PresentModeKHR.FifoKhr : Fastest(surfaces.Modes(physical, surface)),
            Clipped = true,
            OldSwapchain = old,
        };
        Result result = functions.Create(in info, out SwapchainKHR made);
        // The window was resized once more in between, or is just being closed: the next frame tries again.
        if (result is Result.ErrorOutOfDateKhr or Result.ErrorInitializationFailed) return null;
        PresentationException.Check(result, "vkCreateSwapchainKHR");
        return new Swapchain(vk, device, functions, made, extent);
    }

    public void Dispose()
    {
        foreach (Silk.NET.Vulkan.Semaphore semaphore in Drawn) vk.DestroySemaphore(device, semaphore, null);
        functions.Destroy(Handle);
    }

    /// <summary>Eight bits a channel without conversion: the pixels are what the screen expects already.</summary>
    private static SurfaceFormatKHR Choose(SurfaceFormatKHR[] formats)
    {
        foreach (Format wanted in new[] { Format.B8G8R8A8Unorm, Format.R8G8B8A8Unorm, Format.A8B8G8R8UnormPack32 })
            foreach (SurfaceFormatKHR format in formats)
                if (format.Format == wanted && format.ColorSpace == ColorSpaceKHR.SpaceSrgbNonlinearKhr) return format;
        throw new PresentationException($"The surface offers no format of eight bits a channel: {string.Join(", ", formats.Select(f => f.Format))}.");
    }

    private static CompositeAlphaFlagsKHR Opaque(CompositeAlphaFlagsKHR supported) =>
        (supported & CompositeAlphaFlagsKHR.OpaqueBitKhr) != 0 ? CompositeAlphaFlagsKHR.OpaqueBitKhr : (CompositeAlphaFlagsKHR)((int)supported & -(int)supported);

    private static PresentModeKHR Fastest(PresentModeKHR[] modes) => modes.Contains(PresentModeKHR.MailboxKhr) ? PresentModeKHR.MailboxKhr
        : modes.Contains(PresentModeKHR.ImmediateKhr) ? PresentModeKHR.ImmediateKhr : PresentModeKHR.FifoKhr;
}
