using Silk.NET.Vulkan;
using Buffer = Silk.NET.Vulkan.Buffer;

namespace OnDeviceLearning.Demo.Presentation;

/// <summary>One frame in flight: pixels in memory of the host, the same as an image of the device, and the commands that bring them to the screen.</summary>
internal sealed unsafe class PixelUpload : IDisposable
{
    private readonly Vk vk;
    private readonly PhysicalDevice physical;
    private readonly Device device;
    private readonly CommandPool pool;
    private readonly CommandBuffer commands;
    private readonly Fence done;
    private Buffer pixels;
    private DeviceMemory pixelMemory, imageMemory;
    private void* mapped;
    private Image image;
    private int width, height;

    public PixelUpload(Vk vk, PhysicalDevice physical, Device device, uint family)
    {
        this.vk = vk;
        this.physical = physical;
        this.device = device;
        var poolInfo = new CommandPoolCreateInfo { SType = StructureType.CommandPoolCreateInfo, QueueFamilyIndex = family, Flags = CommandPoolCreateFlags.ResetCommandBufferBit };
        PresentationException.Check(vk.CreateCommandPool(device, in poolInfo, null, out pool), "vkCreateCommandPool");
        var allocate = new CommandBufferAllocateInfo { SType = StructureType.CommandBufferAllocateInfo, CommandPool = pool, CommandBufferCount = 1 };
        PresentationException.Check(vk.AllocateCommandBuffers(device, in allocate, out commands), "vkAllocateCommandBuffers");
        var fence = new FenceCreateInfo { SType = StructureType.FenceCreateInfo, Flags = FenceCreateFlags.SignaledBit };
        PresentationException.Check(vk.CreateFence(device, in fence, null, out done), "vkCreateFence");
        var semaphore = new SemaphoreCreateInfo { SType = StructureType.SemaphoreCreateInfo };
        PresentationException.Check(vk.CreateSemaphore(device, in semaphore, null, out Silk.NET.Vulkan.Semaphore acquired), "vkCreateSemaphore");
        Acquired = acquired;
    }

    /// <summary>Signalled when the screen has handed over an image.</summary>
    public Silk.NET.Vulkan.Semaphore Acquired { get; }

    /// <summary>Waits until the frame that used this before is through.</summary>
    public void Wait()
    {
        Fence fence = done;
        PresentationException.Check(vk.WaitForFences(device, 1, in fence, true, ulong.MaxValue), "vkWaitForFences");
    }

    /// <summary>Takes pixels (RGBA, row by row) and sends them to an image of the swapchain, stretched to its size.</summary>
    public void Submit(ReadOnlySpan<byte> rgba, int newWidth, int newHeight, Queue queue, Image target, Extent2D extent, Silk.NET.Vulkan.Semaphore drawn)
    {
        if ((newWidth, newHeight) != (width, height)) Resize(newWidth, newHeight);
        rgba[..(4 * width * height)].CopyTo(new Span<byte>(mapped, 4 * width * height));
        Fence fence = done;
        PresentationException.Check(vk.ResetFences(device, 1, in fence), "vkResetFences");
        var begin = new CommandBufferBeginInfo { SType = StructureType.CommandBufferBeginInfo, Flags = CommandBufferUsageFlags.OneTimeSubmitBit };
        PresentationException.Check(vk.BeginCommandBuffer(commands, in begin), "vkBeginCommandBuffer");
        Record(target, extent);
        PresentationException.Check(vk.EndCommandBuffer(commands), "vkEndCommandBuffer");
        Silk.NET.Vulkan.Semaphore acquired = Acquired;
        CommandBuffer buffer = commands;
        PipelineStageFlags stage = PipelineStageFlags.TransferBit;
        var submit = new SubmitInfo
        {
            SType = StructureType.SubmitInfo,
            WaitSemaphoreCount = 1,
            PWaitSemaphores = &acquired,
            PWaitDstStageMask = &stage,
            CommandBufferCount = 1,
            PCommandBuffers = &buffer,
            SignalSemaphoreCount = 1,
            PSignalSemaphores = &drawn,
        };
        PresentationException.Check(vk.QueueSubmit(queue, 1, in submit, done), "vkQueueSubmit");
    }

    public void Dispose()
    {
        Free();
        vk.DestroySemaphore(device, Acquired, null);
        vk.DestroyFence(device, done, null);
        vk.DestroyCommandPool(device, pool, null);
    }

    private void Record(Image target, Extent2D extent)
    {
        Barrier(image, ImageLayout.Undefined, ImageLayout.TransferDstOptimal, AccessFlags.None, AccessFlags.TransferWriteBit, PipelineStageFlags.TransferBit, PipelineStageFlags.TransferBit);
        var layers = new ImageSubresourceLayers { AspectMask = ImageAspectFlags.ColorBit, LayerCount = 1 };
        var copy = new BufferImageCopy { ImageSubresource = layers, ImageExtent = new Extent3D((uint)width, (uint)height, 1) };
        vk.CmdCopyBufferToImage(commands, pixels, image, ImageLayout.TransferDstOptimal, 1, in copy);
        Barrier(image, ImageLayout.TransferDstOptimal, ImageLayout.TransferSrcOptimal, AccessFlags.TransferWriteBit, AccessFlags.TransferReadBit, PipelineStageFlags.TransferBit, PipelineStageFlags.TransferBit);
        Barrier(target, ImageLayout.Undefined, ImageLayout.TransferDstOptimal, AccessFlags.None, AccessFlags.TransferWriteBit, PipelineStageFlags.TransferBit, PipelineStageFlags.TransferBit);
        var blit = new ImageBlit { SrcSubresource = layers, DstSubresource = layers };
        blit.SrcOffsets[1] = new Offset3D(width, height, 1);
        blit.DstOffsets[1] = new Offset3D((int)extent.Width, (int)extent.Height, 1);
        bool same = width == (int)extent.Width && height == (int)extent.Height;
        vk.CmdBlitImage(commands, image, ImageLayout.TransferSrcOptimal, target, ImageLayout.TransferDstOptimal, 1, in blit, same ? Filter.Nearest : Filter.Linear);
        Barrier(target, ImageLayout.TransferDstOptimal, ImageLayout.PresentSrcKhr, AccessFlags.TransferWriteBit, AccessFlags.None, PipelineStageFlags.TransferBit, PipelineStageFlags.BottomOfPipeBit);
    }

    private void Barrier(Image of, ImageLayout from, ImageLayout to, AccessFlags before, AccessFlags after, PipelineStageFlags source, PipelineStageFlags destination)
    {
        var barrier = new ImageMemoryBarrier
        {
            SType = StructureType.ImageMemoryBarrier,
            OldLayout = from,
            NewLayout = to,
            SrcAccessMask = before,
            DstAccessMask = after,
            SrcQueueFamilyIndex = Vk.QueueFamilyIgnored,
            DstQueueFamilyIndex = Vk.QueueFamilyIgnored,
            Image = of,
            SubresourceRange = new ImageSubresourceRange { AspectMask = ImageAspectFlags.ColorBit, LevelCount = 1, LayerCount = 1 },
        };
        vk.CmdPipelineBarrier(commands, source, destination, 0, 0, null, 0, null, 1, &barrier);
    }

    private void Resize(int newWidth, int newHeight)
    {
        Free();
        (width, height) = (newWidth, newHeight);
        var bufferInfo = new BufferCreateInfo { SType = StructureType.BufferCreateInfo, Size = 4UL * (ulong)width * (ulong)height, Usage = BufferUsageFlags.TransferSrcBit };
        PresentationException.Check(vk.CreateBuffer(device, in bufferInfo, null, out pixels), "vkCreateBuffer");
        MemoryRequirements needs = vk.GetBufferMemoryRequirements(device, pixels);
        pixelMemory = Allocate(needs, MemoryPropertyFlags.HostVisibleBit | MemoryPropertyFlags.HostCoherentBit);
        PresentationException.Check(vk.BindBufferMemory(device, pixels, pixelMemory, 0), "vkBindBufferMemory");
        void* address = null;
        PresentationException.Check(vk.MapMemory(device, pixelMemory, 0, Vk.WholeSize, 0, ref address), "vkMapMemory");
        mapped = address;
        var imageInfo = new ImageCreateInfo
        {
            SType = StructureType.ImageCreateInfo,
            ImageType = ImageType.Type2D,
            Format = Format.R8G8B8A8Unorm,
            Extent = new Extent3D((uint)width, (uint)height, 1),
            MipLevels = 1,
            ArrayLayers = 1,
            Samples = SampleCountFlags.Count1Bit,
            Tiling = ImageTiling.Optimal,
            Usage = ImageUsageFlags.TransferDstBit | ImageUsageFlags.TransferSrcBit,
        };
        PresentationException.Check(vk.CreateImage(device, in imageInfo, null, out image), "vkCreateImage");
        imageMemory = Allocate(vk.GetImageMemoryRequirements(device, image), MemoryPropertyFlags.DeviceLocalBit);
        PresentationException.Check(vk.BindImageMemory(device, image, imageMemory, 0), "vkBindImageMemory");
    }

    private DeviceMemory Allocate(MemoryRequirements needs, MemoryPropertyFlags wanted)
    {
        PhysicalDeviceMemoryProperties types = vk.GetPhysicalDeviceMemoryProperties(physical);
        for (int t = 0; t < types.MemoryTypeCount; t++)
        {
            if ((needs.MemoryTypeBits & 1u << t) == 0 || (types.MemoryTypes[t].PropertyFlags & wanted) != wanted) continue;
            var info = new MemoryAllocateInfo { SType = StructureType.MemoryAllocateInfo, AllocationSize = needs.Size, MemoryTypeIndex = (uint)t };
            PresentationException.Check(vk.AllocateMemory(device, in info, null, out DeviceMemory memory), "vkAllocateMemory");
            return memory;
        }
        throw new PresentationException($"The device has no memory that is {wanted}.");
    }

    private void Free()
    {
        // Vulkan lets the handles of nothing be destroyed.
        vk.DestroyImage(device, image, null);
        vk.FreeMemory(device, imageMemory, null);
        vk.DestroyBuffer(device, pixels, null);
        vk.FreeMemory(device, pixelMemory, null);
        (image, imageMemory, pixels, pixelMemory, width, height) = (default, default, default, default, 0, 0);
    }
}
