using OnDeviceLearning.Gpu;
using OnDeviceLearning.Operations;
using Silk.NET.Vulkan;

namespace OnDeviceLearning.Devices.Vulkan;

/// <summary>A Vulkan device: one queue, memory in blocks, programs as recorded command buffers. Its own, or a game's.</summary>
internal sealed unsafe class VulkanDevice : GpuDevice
{
    private readonly VulkanInstance instance;
    private readonly bool owned;
    private readonly VulkanAllocator allocator;
    private readonly VulkanTransfers? transfers;
    private readonly HashSet<VulkanCommands> recorded = [];

    /// <summary>Opens a device within an instance, which it takes over: both are disposed together, also where this throws.</summary>
    /// <exception cref="DeviceException">It cannot be used; the message says why.</exception>
    public VulkanDevice(VulkanInstance instance, VulkanPhysicalDevice physical, VulkanOptions options, VulkanAttachment? attachment = null)
        : base(options.Shaders?.Kernels ?? GpuKernelSet.Embedded, physical.Limits, MemoryLimits(physical, options), physical.Kind, options.GpuShare)
    {
        this.instance = instance;
        Physical = physical;
        owned = attachment is null;
        Api = instance.Api;
        Api.Name = Name = physical.Name;
        BindsRanges = instance.Messages is not null;
        try
        {
            if (attachment is null)
            {
                QueueFamily = (uint)physical.ComputeFamily;
                Handle = CreateDevice();
            }
            else
            {
                if (!physical.CanCompute(attachment.QueueFamily))
                    throw new DeviceException($"{Name}: queue family {attachment.QueueFamily} cannot compute; give a queue of a family with VK_QUEUE_COMPUTE_BIT.");
                QueueFamily = attachment.QueueFamily;
                Handle = new Device(attachment.Device);
            }
            Api.Vk.CurrentDevice = Handle;
            Queue queue = attachment is null ? default : new Queue(attachment.Queue);
            if (attachment is null) Api.Vk.GetDeviceQueue(Handle, QueueFamily, 0, &queue);
            Queue = new VulkanQueue(Api, Handle, queue, attachment?.QueueLock ?? new object());
            uint bits = physical.QueueFamilies[QueueFamily].TimestampValidBits;
            TimestampMask = bits == 0 ? 0 : bits >= 64 ? ulong.MaxValue : (1UL << (int)bits) - 1;
            allocator = new VulkanAllocator(Api, physical, Handle);
            transfers = new VulkanTransfers(Api, Handle, Queue, allocator, QueueFamily);
            Func<string, byte[]> code = options.Shaders?.Code ?? VulkanShaders.Embedded;
            string hash = VulkanShaders.Hash(options.Shaders?.Kernels ?? GpuKernelSet.Embedded, code);
            Pipelines = new VulkanPipelines(Api, Handle, code, new VulkanPipelineCache(Api, Handle, VulkanPipelineCache.FileFor(options.PipelineCacheFolder, physical.DriverId, hash)));
        }
        catch
        {
            DisposeCore();
            throw;
        }
    }

    public override string Name { get; }

    public override DeviceKind Kind => Physical.Kind;

    public VulkanApi Api { get; }

    public VulkanPhysicalDevice Physical { get; }

    public Device Handle { get; }

    public uint QueueFamily { get; }

    public VulkanQueue Queue { get; } = null!; // null only within a constructor that throws

    public VulkanPipelines Pipelines { get; } = null!;

    public bool HasTimestamps => TimestampMask != 0;

    public ulong TimestampMask { get; }

    public double TimestampPeriod => Physical.TimestampPeriod;

    /// <summary>Whether bindings are narrowed to what a dispatch touches; see <see cref="VulkanDescriptors"/>.</summary>
    public bool BindsRanges { get; }

    public int OffsetAlignment => Physical.OffsetAlignment;

    /// <summary>Whether everything native is freed.</summary>
    public bool IsDestroyed { get; private set; }

    /// <summary>What the validation layer said; null where it does not run.</summary>
    public IReadOnlyList<string>? Messages => instance.Messages;

    /// <summary>Bytes of device memory taken.</summary>
    public long MemoryBytes => Memory.Bytes;

    public ulong Submit(CommandBuffer* commands, int count)
    {
        lock (Queue.Gate)
        {
            transfers!.Flush();
            return Queue.Submit(commands, count);
        }
    }

    public override void Upload(GpuBlock block, int offset, ReadOnlySpan<byte> source) => transfers!.Upload(block, offset, source);

    public override void Download(GpuBlock block, int offset, Span<byte> target) => transfers!.Download(block, offset, target);

    public override void Clear(GpuBlock block, int offset, int length) => transfers!.Clear(block, offset, length);

    public override GpuCommands RecordCommands(GpuPlan plan)
    {
        var commands = new VulkanCommands(this, plan);
        lock (recorded) recorded.Add(commands);
        return commands;
    }

    public void Forget(VulkanCommands commands)
    {
        lock (recorded) recorded.Remove(commands);
    }

    /// <summary>The game's buffer, from its start, as a buffer of this device.</summary>
    public DeviceBuffer Import(ulong buffer, int length, ElementType type) =>
        new GpuBuffer(this, null, new VulkanBlock(type, length, new Silk.NET.Vulkan.Buffer(buffer), default), 0, length);

    /// <summary>Copies the pixels of a game's image, packed, after everything submitted so far; false where that would have to wait.</summary>
    public bool TryCopyImage(VulkanImage image, GpuBuffer target) => transfers!.TryCopyImage(image, target.Block, target.Offset, target.Length);

    public override void ForgetImported(GpuBlock block)
    {
        // The game may destroy it next: nothing of ours may still touch it.
        if (!IsDestroyed) WaitForAll();
    }

    protected override GpuBlock CreateBlock(ElementType type, int length) => allocator.Block(type, length);

    protected override void DestroyBlock(GpuBlock block)
    {
        if (!IsDestroyed) WaitForAll();
        var own = (VulkanBlock)block;
        allocator.Destroy(own.Buffer, own.Memory);
    }

    protected override void DisposeCore()
    {
        IsDestroyed = true;
        Vk vk = Api.Vk;
        Queue?.Drain();
        if (owned && Handle.Handle != 0) vk.DeviceWaitIdle(Handle);
        foreach (VulkanCommands commands in recorded) commands.Destroy();
        recorded.Clear();
        Pipelines?.Destroy();
        transfers?.Destroy();
        Memory.Clear();
        Queue?.Destroy();
        if (owned && Handle.Handle != 0) vk.DestroyDevice(Handle, null);
        instance.Dispose();
    }

    private void WaitForAll()
    {
        try
        {
            ulong last;
            lock (Queue.Gate)
            {
                transfers!.Flush();
                last = Queue.Last;
            }
            Queue.Wait(last);
        }
        catch (DeviceLostException)
        {
            Queue.Drain();
        }
    }

    private Device CreateDevice()
    {
        float priority = 1;
        DeviceQueueCreateInfo queue = new() { SType = StructureType.DeviceQueueCreateInfo, QueueFamilyIndex = QueueFamily, QueueCount = 1, PQueuePriorities = &priority };
        DeviceCreateInfo info = new() { SType = StructureType.DeviceCreateInfo, QueueCreateInfoCount = 1, PQueueCreateInfos = &queue };
        Device handle;
        Api.Check(Api.Vk.CreateDevice(Physical.Handle, &info, null, &handle), "vkCreateDevice");
        return handle;
    }

    private static GpuMemoryLimits MemoryLimits(VulkanPhysicalDevice physical, VulkanOptions options)
    {
        long quarter = physical.LocalBytes / 4;
        return new GpuMemoryLimits(
            physical.Name,
            options.MemoryCapBytes ?? quarter,
            options.MemoryCapBytes is null ? $"a quarter of the device's {physical.LocalBytes >> 20} MiB; VulkanOptions.MemoryCapBytes sets another" : "VulkanOptions.MemoryCapBytes",
            Math.Min(physical.Limits.MaxBufferBytes, physical.MaxAllocationBytes),
            Math.Max(1, physical.MaxAllocations - 64)); // some are for transfers, and for the game where the device is shared
    }
}
