using OnDeviceLearning.Gpu;
using Silk.NET.Core.Native;
using Silk.NET.Vulkan;

namespace OnDeviceLearning.Devices.Vulkan;

/// <summary>What a physical device is and allows, and why it may not be used.</summary>
internal sealed unsafe class VulkanPhysicalDevice
{
    private const uint LowestVersion = (1u << 22) | (1u << 12); // 1.1

    private readonly PhysicalDeviceLimits limits;
    private readonly PhysicalDeviceMemoryProperties memory;

    public VulkanPhysicalDevice(Vk vk, PhysicalDevice handle)
    {
        Handle = handle;
        PhysicalDeviceProperties basic;
        vk.GetPhysicalDeviceProperties(handle, &basic);
        Name = SilkMarshal.PtrToString((nint)basic.DeviceName) ?? "unnamed";
        ApiVersion = basic.ApiVersion;
        limits = basic.Limits;
        Kind = basic.DeviceType switch
        {
            PhysicalDeviceType.DiscreteGpu => DeviceKind.DiscreteGpu,
            PhysicalDeviceType.IntegratedGpu or PhysicalDeviceType.VirtualGpu => DeviceKind.IntegratedGpu,
            _ => DeviceKind.SoftwareGpu,
        };
        fixed (PhysicalDeviceMemoryProperties* pointer = &memory) vk.GetPhysicalDeviceMemoryProperties(handle, pointer);
        Driver = $"version {basic.DriverVersion}";
        if (ApiVersion < LowestVersion) return;

        PhysicalDeviceDriverProperties driver = new() { SType = StructureType.PhysicalDeviceDriverProperties };
        PhysicalDeviceMaintenance3Properties maintenance = new()
        {
            SType = StructureType.PhysicalDeviceMaintenance3Properties,
            PNext = ApiVersion >= Vk.Version12 ? &driver : null,
        };
        PhysicalDeviceIDProperties ids = new() { SType = StructureType.PhysicalDeviceIDProperties, PNext = &maintenance };
        PhysicalDeviceProperties2 properties = new() { SType = StructureType.PhysicalDeviceProperties2, PNext = &ids };
        vk.GetPhysicalDeviceProperties2(handle, &properties);
        MaxAllocationBytes = (long)Math.Min(maintenance.MaxMemoryAllocationSize, long.MaxValue);
        DriverId = $"{Convert.ToHexString(new ReadOnlySpan<byte>(ids.DriverUuid, 16))}-{Convert.ToHexString(new ReadOnlySpan<byte>(ids.DeviceUuid, 16))}".ToLowerInvariant();
        string? driverName = SilkMarshal.PtrToString((nint)driver.DriverName), driverInfo = SilkMarshal.PtrToString((nint)driver.DriverInfo);
        if (!string.IsNullOrEmpty(driverName)) Driver = $"{driverName} {driverInfo}".Trim();

        uint count = 0;
        vk.GetPhysicalDeviceQueueFamilyProperties(handle, &count, null);
        QueueFamilies = new QueueFamilyProperties[count];
        fixed (QueueFamilyProperties* pointer = QueueFamilies) vk.GetPhysicalDeviceQueueFamilyProperties(handle, &count, pointer);
    }

    public PhysicalDevice Handle { get; }
    public string Name { get; }
    public DeviceKind Kind { get; }
    public string Driver { get; }
    public uint ApiVersion { get; }

    /// <summary>Identifies driver and device, for caches.</summary>
    public string DriverId { get; } = "";

    public QueueFamilyProperties[] QueueFamilies { get; } = [];

    public long MaxAllocationBytes { get; }

    public int MaxAllocations => (int)Math.Min(limits.MaxMemoryAllocationCount, int.MaxValue);

    /// <summary>Nanoseconds of a tick of the GPU's clock.</summary>
    public double TimestampPeriod => limits.TimestampPeriod;

    /// <summary>Elements that a bound range's start must be a multiple of.</summary>
    public int OffsetAlignment => (int)Math.Max(1, limits.MinStorageBufferOffsetAlignment / 4);

    /// <summary>The device's own memory: its largest heap of that kind.</summary>
    public long LocalBytes
    {
        get
        {
            long largest = 0;
            for (int i = 0; i < memory.MemoryHeapCount; i++)
                if (memory.MemoryHeaps[i].Flags.HasFlag(MemoryHeapFlags.DeviceLocalBit)) largest = Math.Max(largest, (long)memory.MemoryHeaps[i].Size);
            return largest;
        }
    }

    public GpuLimits Limits => new(
        (int)Math.Min(limits.MaxComputeWorkGroupInvocations, limits.MaxComputeWorkGroupSize[0]),
        (int)limits.MaxComputeSharedMemorySize,
        limits.MaxStorageBufferRange,
        (int)Math.Min(limits.MaxComputeWorkGroupCount[0], int.MaxValue),
        (int)Math.Min(limits.MaxComputeWorkGroupCount[1], int.MaxValue),
        (int)Math.Min(limits.MaxComputeWorkGroupCount[2], int.MaxValue),
        Kind switch { DeviceKind.DiscreteGpu => 128, DeviceKind.IntegratedGpu => 32, _ => 4 });

    /// <summary>The limits in words, for reports.</summary>
    public string LimitsText => FormattableString.Invariant(
        $"{Limits.MaxGroupThreads} threads a group, {Limits.MaxSharedBytes / 1024} KiB shared, {Limits.MaxBufferBytes >> 20} MiB a binding, {LocalBytes >> 20} MiB of memory");

    /// <summary>The family to compute on: one that does not draw where there is one, so that work runs beside the game's frames; -1 for none.</summary>
    public int ComputeFamily
    {
        get
        {
            int found = -1;
            for (int i = 0; i < QueueFamilies.Length; i++)
            {
                if (!CanCompute(i)) continue;
                if (!QueueFamilies[i].QueueFlags.HasFlag(QueueFlags.GraphicsBit)) return i;
                if (found < 0) found = i;
            }
            return found;
        }
    }

    public bool CanCompute(long family) => family >= 0 && family < QueueFamilies.Length && QueueFamilies[family].QueueFlags.HasFlag(QueueFlags.ComputeBit);

    /// <summary>Why the kernels cannot run on it; null if they can.</summary>
    public string? Unusable(GpuKernelSet kernels) => Unusable(ApiVersion, ComputeFamily, limits.MaxPushConstantsSize, Limits, kernels);

    /// <summary>Why kernels cannot run on a device of such properties; null if they can.</summary>
    public static string? Unusable(uint version, int computeFamily, uint pushConstantBytes, GpuLimits limits, GpuKernelSet kernels) =>
        version < LowestVersion ? $"it speaks Vulkan {version >> 22}.{(version >> 12) & 0x3ff}; 1.1 is needed, which a newer driver may bring"
        : computeFamily < 0 ? "it has no queue that can compute, so games go on with the next device"
        : pushConstantBytes < 128 ? $"it has {pushConstantBytes} bytes of push constants; Vulkan demands 128"
        : kernels.Unmet(limits);

    /// <summary>A type among <paramref name="allowed"/> with all these properties; -1 for none.</summary>
    public int MemoryType(uint allowed, MemoryPropertyFlags properties)
    {
        for (int i = 0; i < memory.MemoryTypeCount; i++)
            if ((allowed & (1u << i)) != 0 && (memory.MemoryTypes[i].PropertyFlags & properties) == properties) return i;
        return -1;
    }
}
