using System.Runtime.InteropServices;
using Silk.NET.Core.Native;
using Silk.NET.Vulkan;

namespace OnDeviceLearning.Demo.Presentation;

/// <summary>
/// Shows pictures on a VkSurfaceKHR, whoever made it: chooses a device, keeps a swapchain of the surface's size through
/// resizing and minimising, and brings pixels to it. One thread at a time.
/// </summary>
public sealed unsafe class Presenter : IDisposable
{
    private const int FramesInFlight = 2;
    private const ulong LongestWait = 200_000_000; // ns; a covered window may give no image for a while
    private readonly Vk vk;
    private readonly SurfaceKHR surface;
    private readonly SurfaceFunctions surfaces;
    private readonly SwapchainFunctions swapchains;
    private readonly PhysicalDevice physical;
    private readonly Device device;
    private readonly Queue queue;
    private readonly PixelUpload[] uploads = new PixelUpload[FramesInFlight];
    private readonly bool vsync;
    private Swapchain? swapchain;
    private Extent2D wanted;
    private bool outOfDate;
    private int frame;

    /// <summary>Takes the best device that can show something on the surface.</summary>
    /// <param name="instance">Made with the surface's extensions; outlives the presenter.</param>
    /// <param name="surface">Stays the caller's, and outlives the presenter.</param>
    /// <param name="vsync">Whether to wait for the screen; otherwise the newest picture wins, where the driver offers that.</param>
    /// <exception cref="PresentationException">No device can.</exception>
    public Presenter(PresentationInstance instance, SurfaceKHR surface, bool vsync = true)
    {
        ArgumentNullException.ThrowIfNull(instance);
        vk = instance.Api;
        this.surface = surface;
        this.vsync = vsync;
        surfaces = new SurfaceFunctions(vk, instance.Handle);
        (physical, uint family) = Choose(instance.Handle);
        PhysicalDeviceProperties properties = vk.GetPhysicalDeviceProperties(physical);
        DeviceName = SilkMarshal.PtrToString((nint)properties.DeviceName) ?? "";
        device = Create(physical, family);
        queue = vk.GetDeviceQueue(device, family, 0);
        swapchains = new SwapchainFunctions(vk, device);
        for (int i = 0; i < uploads.Length; i++) uploads[i] = new PixelUpload(vk, physical, device, family);
    }

    /// <summary>What shows the pictures.</summary>
    public string DeviceName { get; }

    /// <summary>Pixels of the surface; zero while it has none.</summary>
    public (int Width, int Height) Size => swapchain is { } s ? ((int)s.Extent.Width, (int)s.Extent.Height) : default;

    /// <summary>How often the swapchain has been made.</summary>
    public int Swapchains { get; private set; }

    /// <summary>How large the window says it is, in pixels: for surfaces that leave that to the swapchain.</summary>
    public void Resize(int width, int height)
    {
        var size = new Extent2D((uint)Math.Max(0, width), (uint)Math.Max(0, height));
        outOfDate |= swapchain is null || size.Width != wanted.Width || size.Height != wanted.Height;
        wanted = size;
    }

    /// <summary>Shows a picture, stretched to the surface. It is copied; nothing of it is kept.</summary>
    /// <param name="rgba">Four bytes a pixel, row by row from the top.</param>
    /// <param name="width">Pixels a row.</param>
    /// <param name="height">Rows.</param>
    /// <returns>False where there was nothing to show it on: a window of no size, or one that is just changing it.</returns>
    /// <exception cref="ArgumentException">The picture is smaller than it says.</exception>
    /// <exception cref="PresentationException">The driver refused, or the surface or the device is gone.</exception>
    public bool Present(ReadOnlySpan<byte> rgba, int width, int height)
    {
        if (width < 1 || height < 1 || rgba.Length < 4L * width * height)
            throw new ArgumentException($"Present: {rgba.Length} bytes for {width} by {height} pixels; expected {4L * width * height}.", nameof(rgba));
        if (!IsReady()) return false;
        PixelUpload upload = uploads[frame];
        upload.Wait();
        Result result = swapchains.Acquire(swapchain!.Handle, LongestWait, upload.Acquired, out uint index);
        if (result == Result.ErrorOutOfDateKhr) outOfDate = true;
        if (result is Result.ErrorOutOfDateKhr or Result.Timeout or Result.NotReady) return false;
        if (result != Result.SuboptimalKhr) PresentationException.Check(result, "vkAcquireNextImageKHR");
        upload.Submit(rgba, width, height, queue, swapchain.Images[index], swapchain.Extent, swapchain.Drawn[index]);
        frame = (frame + 1) % uploads.Length;
        Result shown = swapchains.Present(queue, swapchain.Drawn[index], swapchain.Handle, index);
        if (shown is Result.ErrorOutOfDateKhr or Result.SuboptimalKhr || result == Result.SuboptimalKhr) outOfDate = true;
        else PresentationException.Check(shown, "vkQueuePresentKHR");
        return shown != Result.ErrorOutOfDateKhr;
    }

    /// <summary>Waits until all is shown.</summary>
    public void Finish() => vk.DeviceWaitIdle(device);

    /// <summary>Frees the swapchain and the device; the surface stays.</summary>
    public void Dispose()
    {
        vk.DeviceWaitIdle(device);
        swapchain?.Dispose();
        foreach (PixelUpload upload in uploads) upload.Dispose();
        vk.DestroyDevice(device, null);
    }

    private bool IsReady()
    {
        if (swapchain is not null && !outOfDate) return true;
        vk.DeviceWaitIdle(device);
        Swapchain? old = swapchain;
        swapchain = Swapchain.Create(vk, physical, device, surface, surfaces, swapchains, vsync, wanted, old?.Handle ?? default);
        old?.Dispose();
        outOfDate = swapchain is null;
        if (swapchain is not null) Swapchains++;
        return swapchain is not null;
    }

    private (PhysicalDevice, uint) Choose(Instance instance)
    {
        uint count = 0;
        PresentationException.Check(vk.EnumeratePhysicalDevices(instance, ref count, null), "vkEnumeratePhysicalDevices");
        var all = new PhysicalDevice[count];
        fixed (PhysicalDevice* first = all) vk.EnumeratePhysicalDevices(instance, ref count, first);
        // Integrated first: it is nearest to the screen, and copying pixels is all that is asked of it.
        foreach (PhysicalDevice candidate in all.OrderBy(d => vk.GetPhysicalDeviceProperties(d).DeviceType switch { PhysicalDeviceType.IntegratedGpu => 0, PhysicalDeviceType.DiscreteGpu => 1, _ => 2 }))
        {
            if (!HasSwapchains(candidate)) continue;
            uint families = 0;
            vk.GetPhysicalDeviceQueueFamilyProperties(candidate, ref families, null);
            var properties = new QueueFamilyProperties[families];
            fixed (QueueFamilyProperties* first = properties) vk.GetPhysicalDeviceQueueFamilyProperties(candidate, ref families, first);
            for (uint f = 0; f < families; f++)
                if ((properties[f].QueueFlags & QueueFlags.GraphicsBit) != 0 && surfaces.Presents(candidate, f, surface)) return (candidate, f);
        }
        throw new PresentationException(count == 0 ? "There is no Vulkan device." : $"None of {count} Vulkan devices can show anything on this window.");
    }

    private bool HasSwapchains(PhysicalDevice candidate)
    {
        uint count = 0;
        vk.EnumerateDeviceExtensionProperties(candidate, (byte*)null, ref count, null);
        var extensions = new ExtensionProperties[count];
        fixed (ExtensionProperties* first = extensions)
        {
            vk.EnumerateDeviceExtensionProperties(candidate, (byte*)null, ref count, first);
            for (uint i = 0; i < count; i++)
                if (Marshal.PtrToStringUTF8((nint)first[i].ExtensionName) == "VK_KHR_swapchain") return true;
        }
        return false;
    }

    private Device Create(PhysicalDevice from, uint family)
    {
        float priority = 1;
        nint name = Marshal.StringToCoTaskMemUTF8("VK_KHR_swapchain");
        try
        {
            var queueInfo = new DeviceQueueCreateInfo { SType = StructureType.DeviceQueueCreateInfo, QueueFamilyIndex = family, QueueCount = 1, PQueuePriorities = &priority };
            var info = new DeviceCreateInfo { SType = StructureType.DeviceCreateInfo, QueueCreateInfoCount = 1, PQueueCreateInfos = &queueInfo, EnabledExtensionCount = 1, PpEnabledExtensionNames = (byte**)&name };
            PresentationException.Check(vk.CreateDevice(from, in info, null, out Device made), "vkCreateDevice");
            return made;
        }
        finally
        {
            Marshal.FreeCoTaskMem(name);
        }
    }
}
