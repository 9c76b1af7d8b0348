using System.Diagnostics.CodeAnalysis;
using OnDeviceLearning.Devices.Vulkan;
using OnDeviceLearning.Gpu;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning;

/// <summary>Devices that speak Vulkan 1.1 or later.</summary>
/// <remarks>
/// A device works beside the caller's thread: programs are submitted and looked after. Reading results, <c>Run</c>, <c>Wait</c>
/// and disposing what is under way wait for it; so does writing, where three pages of writes, of 1 MiB each, are under
/// way. Its memory is capped (<see cref="VulkanOptions.MemoryCapBytes"/>).
/// </remarks>
public static class Vulkan
{
    /// <summary>
    /// Pass it to <see cref="ComputeDevice.Open"/>. It opens the best real GPU, discrete before integrated; a software driver
    /// never.
    /// </summary>
    public static DeviceProvider Provider { get; } = new VulkanProvider(new VulkanOptions());

    /// <summary>A provider as <see cref="Provider"/>, with options.</summary>
    public static DeviceProvider ProviderWith(VulkanOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return new VulkanProvider(options);
    }

    /// <summary>Opens a device by its name, or a part of it, whatever the case: software drivers too ("llvmpipe").</summary>
    /// <exception cref="ArgumentException">The name is blank.</exception>
    /// <exception cref="DeviceException">No usable device has that name; the message lists those there are.</exception>
    public static ComputeDevice Open(string name, VulkanOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        options ??= new VulkanOptions();
        VulkanInstance instance = VulkanInstance.Create(options);
        string message;
        try
        {
            IReadOnlyList<VulkanPhysicalDevice> all = instance.PhysicalDevices();
            VulkanPhysicalDevice? named = all.FirstOrDefault(d => d.Name.Contains(name, StringComparison.OrdinalIgnoreCase));
            if (named?.Unusable(Kernels(options)) is { } reason) message = $"Vulkan: {named.Name} cannot be used: {reason}.";
            else if (named is null) message = $"Vulkan: no device is named '{name}'; there {(all.Count == 0 ? "are none" : $"is {string.Join(", ", all.Select(d => d.Name))}")}.";
            else return new VulkanDevice(Handed(ref instance!), named, options);
        }
        catch
        {
            instance?.Dispose();
            throw;
        }
        instance.Dispose();
        throw new DeviceException(message);
    }

    /// <summary>Computes on a device that the game made for its own drawing.</summary>
    /// <exception cref="DeviceException">It cannot be used: too old, limits too small for a kernel, or its queue cannot compute.</exception>
    public static ComputeDevice Attach(VulkanAttachment attachment, VulkanOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(attachment);
        options ??= new VulkanOptions();
        VulkanInstance instance = VulkanInstance.Attach(attachment, options);
        var physical = new VulkanPhysicalDevice(instance.Api.Vk, new Silk.NET.Vulkan.PhysicalDevice(attachment.PhysicalDevice));
        if (physical.Unusable(Kernels(options)) is { } reason)
        {
            instance.Dispose();
            throw new DeviceException($"Vulkan: {physical.Name} cannot be used: {reason}.");
        }
        return new VulkanDevice(instance, physical, options, attachment);
    }

    /// <summary>
    /// The game's buffer as a buffer of a device attached to the game's: its content is an operand without passing through
    /// the host. What the game wrote before, on the same queue, is seen. What is written from here is submitted at once; before
    /// the game uses what a program wrote, it needs a barrier of its own, from compute to its use. Disposing it waits until nothing touches the
    /// game's buffer any more.
    /// </summary>
    /// <param name="device">From <see cref="Attach"/>.</param>
    /// <param name="buffer">VkBuffer with storage usage, and transfer usages to be read or written from here; bound from its start.</param>
    /// <param name="length">Elements of 4 bytes; at most what the buffer has and one binding can reach.</param>
    /// <param name="type">What the elements are.</param>
    /// <exception cref="ArgumentException">The device is not Vulkan's, there is no buffer, or the length is out of range.</exception>
    public static DeviceBuffer ImportBuffer(ComputeDevice device, ulong buffer, int length, ElementType type = ElementType.Float32)
    {
        ArgumentNullException.ThrowIfNull(device);
        if (device is not VulkanDevice vulkan) throw new ArgumentException($"ImportBuffer: {device.Name} is not a Vulkan device.", nameof(device));
        if (buffer == 0) throw new ArgumentException("ImportBuffer: the buffer is VK_NULL_HANDLE.", nameof(buffer));
        if (length < 1 || 4L * length > vulkan.Limits.MaxBufferBytes)
            throw new ArgumentException($"ImportBuffer: length is {length}; expected 1 to {vulkan.Limits.MaxBufferBytes / 4}.", nameof(length));
        return vulkan.Import(buffer, length, type);
    }

    /// <summary>
    /// The game's image as an operand of a device attached to the game's: <see cref="VulkanImageInput.Update"/> turns it into
    /// grey from 0 (paper) to 1 (ink), colours by their luma (Rec. 709), stretched as <see cref="GrayImage.Resize"/> does,
    /// without passing through the host. Each time, the image is in the layout that <paramref name="image"/> names, is
    /// brought into VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL where that is needed, and back: the game finds it as it left it. The
    /// image must outlive what is returned.
    /// </summary>
    /// <param name="device">From <see cref="Attach"/>.</param>
    /// <param name="image">The game's image.</param>
    /// <param name="target">Floats of the device, [height, width]: a program's input, or a part of it.</param>
    /// <param name="width">Width of the target in pixels, 1 to <see cref="GrayImage.MaxSide"/>.</param>
    /// <param name="height">Height of the target in pixels, 1 to <see cref="GrayImage.MaxSide"/>.</param>
    /// <exception cref="ArgumentException">The device is not Vulkan's, there is no image, or a format, layout, side or the target does not fit.</exception>
    /// <exception cref="DeviceException">The device has not enough memory for a copy of the image.</exception>
    public static VulkanImageInput ImportImage(ComputeDevice device, VulkanImage image, BufferRange target, int width, int height)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(image);
        if (device is not VulkanDevice vulkan) throw new ArgumentException($"ImportImage: {device.Name} is not a Vulkan device.", nameof(device));
        if (image.Image == 0) throw new ArgumentException("ImportImage: the image is VK_NULL_HANDLE.", nameof(image));
        if (!Enum.IsDefined(image.Format))
            throw new ArgumentException($"ImportImage: the format is VkFormat {(int)image.Format}; expected one of {string.Join(", ", Enum.GetNames<VulkanImageFormat>())}.", nameof(image));
        if (!Enum.IsDefined(image.Layout))
            throw new ArgumentException($"ImportImage: the layout is VkImageLayout {(int)image.Layout}; expected one of {string.Join(", ", Enum.GetNames<VulkanImageLayout>())}.", nameof(image));
        foreach ((string what, int side) in ((string, int)[])[("the image's width", image.Width), ("the image's height", image.Height), ("width", width), ("height", height)])
            if (side is < 1 or > GrayImage.MaxSide) throw new ArgumentException($"ImportImage: {what} is {side}; expected 1 to {GrayImage.MaxSide}.");
        if (target.Buffer is null || !ReferenceEquals(target.Buffer.Device, device)) throw new ArgumentException($"ImportImage: the target does not lie on {device.Name}.", nameof(target));
        if (target.Length != width * height) throw new ArgumentException($"ImportImage: the target has {target.Length} elements; expected {width * height} for {width}x{height}.", nameof(target));
        return new VulkanImageInput(vulkan, image, target, width, height);
    }

    /// <summary>Every device of this machine that a Vulkan driver offers.</summary>
    /// <exception cref="DeviceException">There is no Vulkan here; the message says what to install.</exception>
    public static IReadOnlyList<VulkanDeviceInfo> Devices(VulkanOptions? options = null)
    {
        options ??= new VulkanOptions();
        using VulkanInstance instance = VulkanInstance.Create(options);
        IReadOnlyList<VulkanPhysicalDevice> all = instance.PhysicalDevices();
        VulkanPhysicalDevice? best = Ranked(all, options).FirstOrDefault();
        return [.. all.Select(device => Describe(device, Kernels(options), device == best ? "" : "another is preferred; opened by name"))];
    }

    /// <summary>What an opened device is.</summary>
    /// <exception cref="ArgumentException">The device is not Vulkan's.</exception>
    public static VulkanDeviceInfo InfoOf(ComputeDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        return device is VulkanDevice vulkan ? Describe(vulkan.Physical, GpuKernelSet.Embedded, "")
            : throw new ArgumentException($"InfoOf: {device.Name} is not a Vulkan device.", nameof(device));
    }

    /// <summary>What the validation layer has said about a device, oldest first; empty where it runs without (<see cref="VulkanOptions.Validation"/>).</summary>
    /// <exception cref="ArgumentException">The device is not Vulkan's.</exception>
    public static IReadOnlyList<string> ValidationMessages(ComputeDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        return device is VulkanDevice vulkan ? vulkan.Messages ?? [] : throw new ArgumentException($"ValidationMessages: {device.Name} is not a Vulkan device.", nameof(device));
    }

    private static VulkanDeviceInfo Describe(VulkanPhysicalDevice device, GpuKernelSet kernels, string otherwise)
    {
        string? unusable = device.Unusable(kernels);
        string remark = unusable ?? (device.Kind == DeviceKind.SoftwareGpu
            ? $"a software driver, opened by name only: Vulkan.Open(\"{device.Name.Split(' ')[0]}\")" : otherwise);
        return new VulkanDeviceInfo(device.Name, device.Kind, device.Driver, device.LocalBytes, device.LimitsText, unusable is null, remark);
    }

    private static GpuKernelSet Kernels(VulkanOptions options) => options.Shaders?.Kernels ?? GpuKernelSet.Embedded;

    /// <summary>The devices that are opened unnamed, best first.</summary>
    private static IEnumerable<VulkanPhysicalDevice> Ranked(IEnumerable<VulkanPhysicalDevice> all, VulkanOptions options) => all
        .Where(d => d.Kind != DeviceKind.SoftwareGpu && d.Unusable(Kernels(options)) is null)
        .OrderBy(d => d.Kind == DeviceKind.DiscreteGpu ? 0 : 1)
        .ThenByDescending(d => d.LocalBytes);

    /// <summary>An instance belongs to the device it is handed to, which disposes it whatever happens.</summary>
    private static VulkanInstance Handed(ref VulkanInstance? instance)
    {
        VulkanInstance handed = instance!;
        instance = null;
        return handed;
    }

    private sealed class VulkanProvider(VulkanOptions options) : DeviceProvider
    {
        public override string Name => "Vulkan";

        public override bool TryOpen([NotNullWhen(true)] out ComputeDevice? device, out string reason)
        {
            device = null;
            List<string> refused = [];
            VulkanInstance? instance = null;
            try
            {
                instance = VulkanInstance.Create(options);
                IReadOnlyList<VulkanPhysicalDevice> all = instance.PhysicalDevices();
                foreach (VulkanPhysicalDevice found in all)
                {
                    if (found.Unusable(Kernels(options)) is { } why) refused.Add($"{found.Name}: {why}");
                    else if (found.Kind == DeviceKind.SoftwareGpu) refused.Add($"{found.Name} is a software driver, which is opened by name only");
                }
                if (all.Count == 0) refused.Add("no driver offers a device; install the driver of the GPU");
                // The first takes this instance over; where it fails, the next one is opened with another.
                foreach (VulkanPhysicalDevice found in Ranked(all, options).ToArray()) device ??= TryCreate(ref instance, found, refused);
            }
            catch (DeviceException e)
            {
                refused.Add(e.Message.TrimEnd('.'));
            }
            instance?.Dispose();
            reason = device is VulkanDevice opened ? $"{opened.Name}, {opened.Physical.Driver}" : string.Join("; ", refused);
            return device is not null;
        }

        private ComputeDevice? TryCreate(ref VulkanInstance? instance, VulkanPhysicalDevice found, List<string> refused)
        {
            try
            {
                return instance is null ? Open(found.Name, options) : new VulkanDevice(Handed(ref instance), found, options);
            }
            catch (DeviceException e)
            {
                refused.Add(e.Message.TrimEnd('.'));
                return null;
            }
        }
    }
}
