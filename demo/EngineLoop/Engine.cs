using System.Diagnostics;
using OnDeviceLearning;
using Silk.NET.Vulkan;
using Buffer = Silk.NET.Vulkan.Buffer;

/// <summary>
/// Stands for an engine: a Vulkan device with one queue, a buffer of brightness that each frame is drawn into, and a loop.
/// A real one draws with the GPU; this one fills the buffer from the host.
/// </summary>
internal sealed unsafe class Engine : IDisposable
{
    private readonly Vk vk;
    private readonly Instance instance;
    private readonly PhysicalDevice physical;
    private readonly Device device;
    private readonly Queue queue;
    private readonly uint family;
    private readonly Buffer buffer;
    private readonly DeviceMemory memory;
    private readonly void* mapped;

    public Engine(int width, int height)
    {
        (Width, Height) = (width, height);
        try
        {
            vk = Vk.GetApi();
        }
        catch (FileNotFoundException)
        {
            throw new InvalidOperationException("This engine draws with Vulkan, and there is no Vulkan loader on this machine.");
        }
        var application = new ApplicationInfo { SType = StructureType.ApplicationInfo, ApiVersion = Vk.Version11 };
        var instanceInfo = new InstanceCreateInfo { SType = StructureType.InstanceCreateInfo, PApplicationInfo = &application };
        Check(vk.CreateInstance(in instanceInfo, null, out instance));
        physical = vk.GetPhysicalDevices(instance).FirstOrDefault();
        if (physical.Handle == 0) throw new InvalidOperationException("This engine draws with Vulkan, and there is no Vulkan device on this machine.");
        family = ComputeFamily();
        float priority = 1;
        var queueInfo = new DeviceQueueCreateInfo { SType = StructureType.DeviceQueueCreateInfo, QueueFamilyIndex = family, QueueCount = 1, PQueuePriorities = &priority };
        var deviceInfo = new DeviceCreateInfo { SType = StructureType.DeviceCreateInfo, QueueCreateInfoCount = 1, PQueueCreateInfos = &queueInfo };
        Check(vk.CreateDevice(physical, in deviceInfo, null, out device));
        vk.GetDeviceQueue(device, family, 0, out queue);

        var bufferInfo = new BufferCreateInfo { SType = StructureType.BufferCreateInfo, Size = 4 * (ulong)(width * height), Usage = BufferUsageFlags.StorageBufferBit };
        Check(vk.CreateBuffer(device, in bufferInfo, null, out buffer));
        MemoryRequirements needs = vk.GetBufferMemoryRequirements(device, buffer);
        var allocate = new MemoryAllocateInfo { SType = StructureType.MemoryAllocateInfo, AllocationSize = needs.Size, MemoryTypeIndex = HostMemory(needs.MemoryTypeBits) };
        Check(vk.AllocateMemory(device, in allocate, null, out memory));
        Check(vk.BindBufferMemory(device, buffer, memory, 0));
        void* address = null;
        Check(vk.MapMemory(device, memory, 0, Vk.WholeSize, 0, ref address));
        mapped = address;
    }

    public int Width { get; }

    public int Height { get; }

    /// <summary>All that the library is told of the engine.</summary>
    public VulkanAttachment Attachment => new(instance.Handle, physical.Handle, device.Handle, queue.Handle, family);

    /// <summary>The VkBuffer that holds the picture.</summary>
    public ulong FrameBuffer => buffer.Handle;

    /// <summary>The mean of what was drawn last.</summary>
    public float MeanDrawn { get; private set; }

    public double SlowestMilliseconds { get; private set; }

    /// <summary>Draws, hands over to the game, sleeps until the next frame.</summary>
    public void Run(int frames, Action<int> game)
    {
        for (int number = 1; number <= frames; number++)
        {
            long begun = Stopwatch.GetTimestamp();
            Draw(number);
            game(number);
            double took = Stopwatch.GetElapsedTime(begun).TotalMilliseconds;
            if (frames - number < 60) SlowestMilliseconds = Math.Max(SlowestMilliseconds, took);
            if (took < 1000.0 / 60) Thread.Sleep(TimeSpan.FromMilliseconds(1000.0 / 60 - took));
        }
    }

    public void Dispose()
    {
        vk.DestroyBuffer(device, buffer, null);
        vk.FreeMemory(device, memory, null);
        vk.DestroyDevice(device, null);
        vk.DestroyInstance(instance, null);
    }

    /// <summary>A dawn: every 40 frames the picture is lighter.</summary>
    private void Draw(int number)
    {
        if (number % 40 != 1) return;
        var pixels = new Span<float>(mapped, Width * Height);
        for (int i = 0; i < pixels.Length; i++) pixels[i] = (float)(i % Width) / Width * (0.2f + number / 120f);
        double sum = 0;
        foreach (float pixel in pixels) sum += pixel;
        MeanDrawn = (float)(sum / pixels.Length);
    }

    private uint ComputeFamily()
    {
        uint count = 0;
        vk.GetPhysicalDeviceQueueFamilyProperties(physical, ref count, null);
        var families = new QueueFamilyProperties[count];
        fixed (QueueFamilyProperties* first = families) vk.GetPhysicalDeviceQueueFamilyProperties(physical, ref count, first);
        for (uint f = 0; f < count; f++)
            if ((families[f].QueueFlags & QueueFlags.ComputeBit) != 0) return f;
        throw new InvalidOperationException("No queue of the Vulkan device can compute.");
    }

    private uint HostMemory(uint allowed)
    {
        const MemoryPropertyFlags wanted = MemoryPropertyFlags.HostVisibleBit | MemoryPropertyFlags.HostCoherentBit;
        PhysicalDeviceMemoryProperties types = vk.GetPhysicalDeviceMemoryProperties(physical);
        for (int t = 0; t < types.MemoryTypeCount; t++)
            if ((allowed & 1u << t) != 0 && (types.MemoryTypes[t].PropertyFlags & wanted) == wanted) return (uint)t;
        throw new InvalidOperationException("The Vulkan device has no memory that the host can write.");
    }

    private static void Check(Result result)
    {
        if (result != Result.Success) throw new InvalidOperationException($"The engine's Vulkan call failed: {result}.");
    }
}
