using OnDeviceLearning.Gpu;
using OnDeviceLearning.Operations;
using Silk.NET.Vulkan;
using Buffer = Silk.NET.Vulkan.Buffer;

namespace OnDeviceLearning.Devices.Vulkan;

/// <summary>A block of device memory, or the game's own buffer, whose memory is none of ours.</summary>
internal sealed class VulkanBlock(ElementType type, int length, Buffer buffer, DeviceMemory memory) : GpuBlock(type, length)
{
    public Buffer Buffer => buffer;

    public DeviceMemory Memory => memory;

    /// <summary>Whether it is the game's.</summary>
    public bool IsImported => memory.Handle == 0;
}

/// <summary>Buffers with memory of their own, for blocks and for transfers.</summary>
internal sealed unsafe class VulkanAllocator(VulkanApi api, VulkanPhysicalDevice physical, Device device)
{
    private const BufferUsageFlags BlockUsage = BufferUsageFlags.StorageBufferBit | BufferUsageFlags.TransferSrcBit | BufferUsageFlags.TransferDstBit;

    /// <summary>Device memory that kernels work on.</summary>
    public VulkanBlock Block(ElementType type, int length)
    {
        (Buffer buffer, DeviceMemory memory) = Create(4UL * (ulong)length, BlockUsage, MemoryPropertyFlags.DeviceLocalBit, MemoryPropertyFlags.None);
        return new VulkanBlock(type, length, buffer, memory);
    }

    /// <summary>Memory that both sides see, mapped: to write from here, or to read from here.</summary>
    public (Buffer Buffer, DeviceMemory Memory, nint Pointer) Mapped(int bytes, bool toRead)
    {
        const MemoryPropertyFlags mapped = MemoryPropertyFlags.HostVisibleBit | MemoryPropertyFlags.HostCoherentBit;
        (Buffer buffer, DeviceMemory memory) = Create(
            (ulong)bytes, toRead ? BufferUsageFlags.TransferDstBit : BufferUsageFlags.TransferSrcBit, toRead ? mapped | MemoryPropertyFlags.HostCachedBit : mapped, mapped);
        void* pointer;
        try
        {
            api.Check(api.Vk.MapMemory(device, memory, 0, Vk.WholeSize, 0, &pointer), "vkMapMemory");
        }
        catch
        {
            Destroy(buffer, memory);
            throw;
        }
        return (buffer, memory, (nint)pointer);
    }

    public void Destroy(Buffer buffer, DeviceMemory memory)
    {
        api.Vk.DestroyBuffer(device, buffer, null);
        api.Vk.FreeMemory(device, memory, null);
    }

    private (Buffer, DeviceMemory) Create(ulong bytes, BufferUsageFlags usage, MemoryPropertyFlags preferred, MemoryPropertyFlags required)
    {
        BufferCreateInfo info = new() { SType = StructureType.BufferCreateInfo, Size = bytes, Usage = usage, SharingMode = SharingMode.Exclusive };
        Buffer buffer;
        api.Check(api.Vk.CreateBuffer(device, &info, null, &buffer), "vkCreateBuffer");
        DeviceMemory memory = default;
        try
        {
            MemoryRequirements needs;
            api.Vk.GetBufferMemoryRequirements(device, buffer, &needs);
            int type = physical.MemoryType(needs.MemoryTypeBits, preferred);
            if (type < 0) type = physical.MemoryType(needs.MemoryTypeBits, required);
            MemoryAllocateInfo allocate = new() { SType = StructureType.MemoryAllocateInfo, AllocationSize = needs.Size, MemoryTypeIndex = (uint)type };
            api.Check(api.Vk.AllocateMemory(device, &allocate, null, &memory), "vkAllocateMemory");
            api.Check(api.Vk.BindBufferMemory(device, buffer, memory, 0), "vkBindBufferMemory");
            return (buffer, memory);
        }
        catch
        {
            Destroy(buffer, memory);
            throw;
        }
    }
}
