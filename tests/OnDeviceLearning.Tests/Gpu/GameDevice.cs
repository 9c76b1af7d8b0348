using Silk.NET.Vulkan;
using Buffer = Silk.NET.Vulkan.Buffer;

namespace OnDeviceLearning.Tests.Gpu;

/// <summary>What a game has before it meets this library: a Vulkan device of its own, and a buffer that it fills.</summary>
internal sealed unsafe class GameDevice : IDisposable
{
    private readonly Vk vk = Vk.GetApi();
    private readonly Instance instance;
    private readonly PhysicalDevice physical;
    private readonly Device device;
    private readonly Queue queue;
    private readonly Buffer buffer;
    private readonly DeviceMemory memory;

    public GameDevice(float[] content)
    {
        ApplicationInfo application = new() { SType = StructureType.ApplicationInfo, ApiVersion = Vk.Version11 };
        InstanceCreateInfo instanceInfo = new() { SType = StructureType.InstanceCreateInfo, PApplicationInfo = &application };
        Assert.Equal(Result.Success, vk.CreateInstance(in instanceInfo, null, out instance));
        physical = vk.GetPhysicalDevices(instance).First();
        float priority = 1;
        DeviceQueueCreateInfo queueInfo = new() { SType = StructureType.DeviceQueueCreateInfo, QueueCount = 1, PQueuePriorities = &priority };
        DeviceCreateInfo deviceInfo = new() { SType = StructureType.DeviceCreateInfo, QueueCreateInfoCount = 1, PQueueCreateInfos = &queueInfo };
        Assert.Equal(Result.Success, vk.CreateDevice(physical, in deviceInfo, null, out device));
        vk.GetDeviceQueue(device, 0, 0, out queue);

        BufferCreateInfo bufferInfo = new() { SType = StructureType.BufferCreateInfo, Size = 4 * (ulong)content.Length, Usage = BufferUsageFlags.StorageBufferBit };
        Assert.Equal(Result.Success, vk.CreateBuffer(device, in bufferInfo, null, out buffer));
        vk.GetBufferMemoryRequirements(device, buffer, out MemoryRequirements needs);
        vk.GetPhysicalDeviceMemoryProperties(physical, out PhysicalDeviceMemoryProperties types);
        uint type = 0;
        while (!types.MemoryTypes[(int)type].PropertyFlags.HasFlag(MemoryPropertyFlags.HostVisibleBit | MemoryPropertyFlags.HostCoherentBit)) type++;
        MemoryAllocateInfo allocate = new() { SType = StructureType.MemoryAllocateInfo, AllocationSize = needs.Size, MemoryTypeIndex = type };
        Assert.Equal(Result.Success, vk.AllocateMemory(device, in allocate, null, out memory));
        Assert.Equal(Result.Success, vk.BindBufferMemory(device, buffer, memory, 0));
        void* mapped;
        Assert.Equal(Result.Success, vk.MapMemory(device, memory, 0, Vk.WholeSize, 0, &mapped));
        content.CopyTo(new Span<float>(mapped, content.Length));
    }

    public VulkanAttachment Attachment => new(instance.Handle, physical.Handle, device.Handle, queue.Handle, QueueFamily: 0);

    public ulong Buffer => buffer.Handle;

    public void Dispose()
    {
        vk.DestroyBuffer(device, buffer, null);
        vk.FreeMemory(device, memory, null);
        vk.DestroyDevice(device, null);
        vk.DestroyInstance(instance, null);
    }
}
