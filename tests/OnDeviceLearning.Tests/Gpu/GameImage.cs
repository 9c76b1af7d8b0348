using OnDeviceLearning.Devices.Vulkan;
using Silk.NET.Vulkan;
using Buffer = Silk.NET.Vulkan.Buffer;

namespace OnDeviceLearning.Tests.Gpu;

/// <summary>A game's image: made and filled with calls of Vulkan's own, and left in the layout that the game keeps it in.</summary>
internal sealed unsafe class GameImage : IDisposable
{
    private readonly VulkanDevice device;
    private readonly Vk vk;
    private readonly Image image;
    private readonly DeviceMemory memory;
    private readonly CommandPool pool;
    private readonly VulkanImage described;

    public GameImage(VulkanDevice device, VulkanImageFormat format, int width, int height, VulkanImageLayout layout)
    {
        this.device = device;
        vk = device.Api.Vk;
        ImageCreateInfo info = new()
        {
            SType = StructureType.ImageCreateInfo,
            ImageType = ImageType.Type2D,
            Format = (Format)format,
            Extent = new((uint)width, (uint)height, 1),
            MipLevels = 1,
            ArrayLayers = 1,
            Samples = SampleCountFlags.Count1Bit,
            Tiling = ImageTiling.Optimal,
            Usage = ImageUsageFlags.TransferSrcBit | ImageUsageFlags.TransferDstBit | ImageUsageFlags.SampledBit | ImageUsageFlags.ColorAttachmentBit,
        };
        Assert.Equal(Result.Success, vk.CreateImage(device.Handle, in info, null, out image));
        vk.GetImageMemoryRequirements(device.Handle, image, out MemoryRequirements needs);
        MemoryAllocateInfo allocate = new()
        {
            SType = StructureType.MemoryAllocateInfo,
            AllocationSize = needs.Size,
            MemoryTypeIndex = (uint)device.Physical.MemoryType(needs.MemoryTypeBits, MemoryPropertyFlags.None),
        };
        Assert.Equal(Result.Success, vk.AllocateMemory(device.Handle, in allocate, null, out memory));
        Assert.Equal(Result.Success, vk.BindImageMemory(device.Handle, image, memory, 0));
        CommandPoolCreateInfo poolInfo = new() { SType = StructureType.CommandPoolCreateInfo, QueueFamilyIndex = device.QueueFamily };
        Assert.Equal(Result.Success, vk.CreateCommandPool(device.Handle, in poolInfo, null, out pool));
        described = new VulkanImage(image.Handle, format, width, height, layout);
    }

    public VulkanImage Described => described;

    /// <summary>Draws: whatever was there is gone.</summary>
    public void Fill(byte[] pixels)
    {
        var allocator = new VulkanAllocator(device.Api, device.Physical, device.Handle);
        (Buffer staging, DeviceMemory stagingMemory, nint pointer) = allocator.Mapped(pixels.Length, toRead: false);
        pixels.CopyTo(new Span<byte>((void*)pointer, pixels.Length));
        CommandBufferAllocateInfo allocate = new() { SType = StructureType.CommandBufferAllocateInfo, CommandPool = pool, Level = CommandBufferLevel.Primary, CommandBufferCount = 1 };
        Assert.Equal(Result.Success, vk.AllocateCommandBuffers(device.Handle, in allocate, out CommandBuffer commands));
        CommandBufferBeginInfo begin = new() { SType = StructureType.CommandBufferBeginInfo, Flags = CommandBufferUsageFlags.OneTimeSubmitBit };
        Assert.Equal(Result.Success, vk.BeginCommandBuffer(commands, in begin));
        Barrier(commands, ImageLayout.Undefined, ImageLayout.TransferDstOptimal, AccessFlags.MemoryReadBit | AccessFlags.MemoryWriteBit, AccessFlags.TransferWriteBit);
        BufferImageCopy copy = new() { ImageSubresource = new() { AspectMask = ImageAspectFlags.ColorBit, LayerCount = 1 }, ImageExtent = new((uint)described.Width, (uint)described.Height, 1) };
        vk.CmdCopyBufferToImage(commands, staging, image, ImageLayout.TransferDstOptimal, 1, in copy);
        Barrier(commands, ImageLayout.TransferDstOptimal, (ImageLayout)described.Layout, AccessFlags.TransferWriteBit, AccessFlags.MemoryReadBit | AccessFlags.MemoryWriteBit);
        Assert.Equal(Result.Success, vk.EndCommandBuffer(commands));
        device.Queue.Wait(device.Queue.Submit(&commands, 1));
        vk.FreeCommandBuffers(device.Handle, pool, 1, in commands);
        allocator.Destroy(staging, stagingMemory);
    }

    private void Barrier(CommandBuffer commands, ImageLayout from, ImageLayout to, AccessFlags before, AccessFlags after)
    {
        ImageMemoryBarrier barrier = new()
        {
            SType = StructureType.ImageMemoryBarrier,
            SrcAccessMask = before,
            DstAccessMask = after,
            OldLayout = from,
            NewLayout = to,
            SrcQueueFamilyIndex = Vk.QueueFamilyIgnored,
            DstQueueFamilyIndex = Vk.QueueFamilyIgnored,
            Image = image,
            SubresourceRange = new() { AspectMask = ImageAspectFlags.ColorBit, LevelCount = 1, LayerCount = 1 },
        };
        vk.CmdPipelineBarrier(commands, PipelineStageFlags.AllCommandsBit, PipelineStageFlags.AllCommandsBit, 0, 0, null, 0, null, 1, in barrier);
    }

    public void Dispose()
    {
        vk.DestroyCommandPool(device.Handle, pool, null);
        vk.DestroyImage(device.Handle, image, null);
        vk.FreeMemory(device.Handle, memory, null);
    }
}
