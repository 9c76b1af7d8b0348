using OnDeviceLearning.Gpu;
using Silk.NET.Vulkan;
using Buffer = Silk.NET.Vulkan.Buffer;

namespace OnDeviceLearning.Devices.Vulkan;

/// <summary>
/// Copies between host and device through a few pages of mapped memory, reused. Uploads gather in a page until something
/// is submitted or read; so many small ones are one submission. Allocates nothing in steady state. Under the queue's gate,
/// except while a download waits.
/// </summary>
internal sealed unsafe class VulkanTransfers
{
    private const int PageBytes = 1 << 20, Pages = 3;

    private sealed class Page
    {
        public CommandBuffer Commands;
        public Buffer Buffer;
        public DeviceMemory Memory;
        public nint Pointer;
        public int Used;
        public bool IsRecording;
        public ulong Ticket;
        public readonly HazardTracker Hazards = new();
    }

    private readonly VulkanApi api;
    private readonly Device device;
    private readonly VulkanQueue queue;
    private readonly VulkanAllocator allocator;
    private readonly CommandPool pool;
    private readonly Page[] pages = new Page[Pages];
    private readonly Buffer readback;
    private readonly DeviceMemory readbackMemory;
    private readonly nint readbackPointer;
    private readonly object readGate = new();
    private int current;

    public VulkanTransfers(VulkanApi api, Device device, VulkanQueue queue, VulkanAllocator allocator, uint family)
    {
        this.api = api;
        this.device = device;
        this.queue = queue;
        this.allocator = allocator;
        for (int i = 0; i < Pages; i++) pages[i] = new Page();
        try
        {
            CommandPoolCreateInfo info = new() { SType = StructureType.CommandPoolCreateInfo, QueueFamilyIndex = family, Flags = CommandPoolCreateFlags.ResetCommandBufferBit };
            CommandPool created;
            api.Check(api.Vk.CreateCommandPool(device, &info, null, &created), "vkCreateCommandPool");
            pool = created;
            foreach (Page page in pages)
            {
                CommandBufferAllocateInfo allocate = new() { SType = StructureType.CommandBufferAllocateInfo, CommandPool = pool, Level = CommandBufferLevel.Primary, CommandBufferCount = 1 };
                CommandBuffer commands;
                api.Check(api.Vk.AllocateCommandBuffers(device, &allocate, &commands), "vkAllocateCommandBuffers");
                page.Commands = commands;
                (page.Buffer, page.Memory, page.Pointer) = allocator.Mapped(PageBytes, toRead: false);
            }
            (readback, readbackMemory, readbackPointer) = allocator.Mapped(PageBytes, toRead: true);
        }
        catch
        {
            Destroy();
            throw;
        }
    }

    public void Upload(GpuBlock block, int offset, ReadOnlySpan<byte> source)
    {
        while (source.Length > 0)
        {
            ulong busy;
            lock (queue.Gate)
            {
                if (TryRecord(out Page page, out busy))
                {
                    int count = Math.Min(source.Length, PageBytes - page.Used);
                    source[..count].CopyTo(new Span<byte>((void*)(page.Pointer + page.Used), count));
                    Touch(page, block, offset, count / 4, writes: true);
                    BufferCopy copy = new() { SrcOffset = (ulong)page.Used, DstOffset = 4UL * (ulong)offset, Size = (ulong)count };
                    api.Vk.CmdCopyBuffer(page.Commands, page.Buffer, ((VulkanBlock)block).Buffer, 1, &copy);
                    page.Used += count;
                    offset += count / 4;
                    source = source[count..];
                    // The game's next submission is to see what was written to its own buffer.
                    if (page.Used == PageBytes || ((VulkanBlock)block).IsImported) Flush();
                    continue;
                }
            }
            queue.Wait(busy);
        }
    }

    public void Clear(GpuBlock block, int offset, int length)
    {
        while (true)
        {
            ulong busy;
            lock (queue.Gate)
            {
                if (TryRecord(out Page page, out busy))
                {
                    Touch(page, block, offset, length, writes: true);
                    api.Vk.CmdFillBuffer(page.Commands, ((VulkanBlock)block).Buffer, 4UL * (ulong)offset, 4UL * (ulong)length, 0);
                    if (((VulkanBlock)block).IsImported) Flush();
                    return;
                }
            }
            queue.Wait(busy);
        }
    }

    /// <summary>Copies a game's image, its rows packed, and leaves it in the layout that it was in. Does not wait.</summary>
    /// <returns>False where all pages are under way, and nothing was done.</returns>
    public bool TryCopyImage(VulkanImage image, GpuBlock block, int offset, int words)
    {
        const ImageLayout read = ImageLayout.TransferSrcOptimal;
        ImageLayout kept = (ImageLayout)image.Layout;
        lock (queue.Gate)
        {
            if (!TryRecord(out Page page, out _)) return false;
            Touch(page, block, offset, words, writes: true);
            Barrier(page, image, kept, read, PipelineStageFlags.AllCommandsBit, AccessFlags.MemoryWriteBit, PipelineStageFlags.TransferBit, AccessFlags.TransferReadBit);
            BufferImageCopy copy = new()
            {
                BufferOffset = 4UL * (ulong)offset,
                ImageSubresource = new() { AspectMask = ImageAspectFlags.ColorBit, LayerCount = 1 },
                ImageExtent = new((uint)image.Width, (uint)image.Height, 1),
            };
            api.Vk.CmdCopyImageToBuffer(page.Commands, new Image(image.Image), read, ((VulkanBlock)block).Buffer, 1, &copy);
            Barrier(page, image, read, kept, PipelineStageFlags.TransferBit, AccessFlags.None, PipelineStageFlags.AllCommandsBit, AccessFlags.MemoryReadBit | AccessFlags.MemoryWriteBit);
            return true;
        }
    }

    public void Download(GpuBlock block, int offset, Span<byte> target)
    {
        lock (readGate)
        {
            while (target.Length > 0)
            {
                int count = Math.Min(target.Length, PageBytes);
                bool submitted;
                ulong ticket;
                lock (queue.Gate)
                {
                    if (submitted = TryRecord(out Page page, out ticket)) ticket = SubmitReadback(page, block, offset, count);
                }
                queue.Wait(ticket);
                if (!submitted) continue;
                new ReadOnlySpan<byte>((void*)readbackPointer, count).CopyTo(target);
                offset += count / 4;
                target = target[count..];
            }
        }
    }

    /// <summary>Submits what has gathered, so that whatever is submitted next comes after it.</summary>
    /// <returns>The last submission of a page.</returns>
    public ulong Flush()
    {
        Page page = pages[current];
        if (!page.IsRecording) return page.Ticket;
        page.IsRecording = false;
        try
        {
            api.Check(api.Vk.EndCommandBuffer(page.Commands), "vkEndCommandBuffer");
            CommandBuffer commands = page.Commands;
            page.Ticket = queue.Submit(&commands, 1);
        }
        catch (DeviceException e) when (e is not DeviceLostException)
        {
            // Writes in this page have returned long ago.
            throw api.Lose(e);
        }
        current = (current + 1) % Pages;
        return page.Ticket;
    }

    /// <summary>Frees everything; nothing may be under way.</summary>
    public void Destroy()
    {
        foreach (Page page in pages) allocator.Destroy(page.Buffer, page.Memory);
        allocator.Destroy(readback, readbackMemory);
        api.Vk.DestroyCommandPool(device, pool, null);
    }

    /// <summary>The page to record into; where it is still under way, the submission to wait for, without the gate.</summary>
    private bool TryRecord(out Page page, out ulong busy)
    {
        page = pages[current];
        busy = page.Ticket;
        if (page.IsRecording) return true;
        api.RequireDevice("transfer");
        if (!queue.IsFinished(busy)) return false;
        page.Used = 0;
        page.Hazards.Clear();
        CommandBufferBeginInfo begin = new() { SType = StructureType.CommandBufferBeginInfo, Flags = CommandBufferUsageFlags.OneTimeSubmitBit };
        api.Check(api.Vk.BeginCommandBuffer(page.Commands, &begin), "vkBeginCommandBuffer");
        page.IsRecording = true;
        VulkanCommands.BarrierAfterEverything(api.Vk, page.Commands);
        return true;
    }

    private ulong SubmitReadback(Page page, GpuBlock block, int offset, int bytes)
    {
        Touch(page, block, offset, bytes / 4, writes: false);
        BufferCopy copy = new() { SrcOffset = 4UL * (ulong)offset, Size = (ulong)bytes };
        api.Vk.CmdCopyBuffer(page.Commands, ((VulkanBlock)block).Buffer, readback, 1, &copy);
        MemoryBarrier barrier = new() { SType = StructureType.MemoryBarrier, SrcAccessMask = AccessFlags.TransferWriteBit, DstAccessMask = AccessFlags.HostReadBit };
        api.Vk.CmdPipelineBarrier(page.Commands, PipelineStageFlags.TransferBit, PipelineStageFlags.HostBit, 0, 1, &barrier, 0, null, 0, null);
        return Flush();
    }

    private void Barrier(
        Page page, VulkanImage image, ImageLayout from, ImageLayout to, PipelineStageFlags before, AccessFlags written, PipelineStageFlags after, AccessFlags used)
    {
        ImageMemoryBarrier barrier = new()
        {
            SType = StructureType.ImageMemoryBarrier,
            SrcAccessMask = written,
            DstAccessMask = used,
            OldLayout = from,
            NewLayout = to,
            SrcQueueFamilyIndex = Vk.QueueFamilyIgnored,
            DstQueueFamilyIndex = Vk.QueueFamilyIgnored,
            Image = new Image(image.Image),
            SubresourceRange = new() { AspectMask = ImageAspectFlags.ColorBit, LevelCount = 1, LayerCount = 1 },
        };
        api.Vk.CmdPipelineBarrier(page.Commands, before, after, 0, 0, null, 0, null, 1, &barrier);
    }

    private void Touch(Page page, GpuBlock block, int offset, int length, bool writes)
    {
        if (page.Hazards.Conflicts(block, offset, length, writes))
        {
            page.Hazards.Clear();
            MemoryBarrier barrier = new()
            {
                SType = StructureType.MemoryBarrier,
                SrcAccessMask = AccessFlags.TransferReadBit | AccessFlags.TransferWriteBit,
                DstAccessMask = AccessFlags.TransferReadBit | AccessFlags.TransferWriteBit,
            };
            api.Vk.CmdPipelineBarrier(page.Commands, PipelineStageFlags.TransferBit, PipelineStageFlags.TransferBit, 0, 1, &barrier, 0, null, 0, null);
        }
        page.Hazards.Add(block, offset, length, writes);
    }
}
