using System.Runtime.InteropServices;
using System.Text;
using Silk.NET.Core.Native;
using Silk.NET.Vulkan;

namespace OnDeviceLearning.Devices.Vulkan;

/// <summary>An instance of one's own or, within it, the game's.</summary>
internal sealed unsafe class VulkanInstance : IDisposable
{
    private const string ValidationLayer = "VK_LAYER_KHRONOS_validation", DebugUtils = "VK_EXT_debug_utils", ValidationFeatures = "VK_EXT_validation_features";

    private readonly bool owned;
    private VulkanMessages? messages;

    private VulkanInstance(VulkanApi api, Instance handle, bool owned)
    {
        Api = api;
        Handle = handle;
        this.owned = owned;
    }

    public VulkanApi Api { get; }

    public Instance Handle { get; }

    /// <summary>What the validation layer said; null where it does not run.</summary>
    public IReadOnlyList<string>? Messages => messages?.All;

    /// <exception cref="DeviceException">There is no loader, no driver, or no validation layer though it is wanted.</exception>
    public static VulkanInstance Create(VulkanOptions options)
    {
        VulkanApi api = VulkanApi.Load(options.LoseAt);
        try
        {
            return Create(api, options);
        }
        catch
        {
            api.Vk.Dispose();
            throw;
        }
    }

    private static VulkanInstance Create(VulkanApi api, VulkanOptions options)
    {
        Vk vk = api.Vk;
        if (options.Validation && !HasLayer(api))
            throw new DeviceException($"validation is asked for, but {ValidationLayer} is not installed; on Debian it is in vulkan-validationlayers");
        ApplicationInfo application = new() { SType = StructureType.ApplicationInfo, ApiVersion = Vk.Version11 };
        InstanceCreateInfo info = new() { SType = StructureType.InstanceCreateInfo, PApplicationInfo = &application };
        ValidationFeatureEnableEXT synchronization = ValidationFeatureEnableEXT.SynchronizationValidationExt;
        ValidationFeaturesEXT features = new() { SType = StructureType.ValidationFeaturesExt, EnabledValidationFeatureCount = 1, PEnabledValidationFeatures = &synchronization };
        byte** layers = stackalloc byte*[1], extensions = stackalloc byte*[2];
        layers[0] = (byte*)Marshal.StringToCoTaskMemUTF8(ValidationLayer);
        extensions[0] = (byte*)Marshal.StringToCoTaskMemUTF8(DebugUtils);
        extensions[1] = (byte*)Marshal.StringToCoTaskMemUTF8(ValidationFeatures);
        try
        {
            if (options.Validation)
            {
                info.PNext = &features;
                info.EnabledLayerCount = 1;
                info.PpEnabledLayerNames = layers;
                info.EnabledExtensionCount = 2;
                info.PpEnabledExtensionNames = extensions;
            }
            Instance handle;
            Result result = vk.CreateInstance(&info, null, &handle);
            if (result == Result.ErrorIncompatibleDriver)
                throw new DeviceException("no Vulkan driver is installed; install the driver of the GPU, or mesa-vulkan-drivers for a software one");
            api.Check(result, "vkCreateInstance");
            vk.CurrentInstance = handle;
            var instance = new VulkanInstance(api, handle, owned: true);
            if (options.Validation) instance.messages = new VulkanMessages(vk, handle);
            return instance;
        }
        finally
        {
            Marshal.FreeCoTaskMem((nint)layers[0]);
            Marshal.FreeCoTaskMem((nint)extensions[0]);
            Marshal.FreeCoTaskMem((nint)extensions[1]);
        }
    }

    /// <summary>The game's instance; validation, if any, is the game's.</summary>
    public static VulkanInstance Attach(VulkanAttachment attachment, VulkanOptions options)
    {
        VulkanApi api = VulkanApi.Load(options.LoseAt);
        var handle = new Instance(attachment.Instance);
        api.Vk.CurrentInstance = handle;
        return new VulkanInstance(api, handle, owned: false);
    }

    /// <summary>The devices the drivers offer, in their order.</summary>
    public IReadOnlyList<VulkanPhysicalDevice> PhysicalDevices()
    {
        uint count = 0;
        Api.Check(Api.Vk.EnumeratePhysicalDevices(Handle, &count, null), "vkEnumeratePhysicalDevices");
        PhysicalDevice* handles = stackalloc PhysicalDevice[(int)count];
        Api.Check(Api.Vk.EnumeratePhysicalDevices(Handle, &count, handles), "vkEnumeratePhysicalDevices");
        var devices = new List<VulkanPhysicalDevice>();
        for (int i = 0; i < count; i++) devices.Add(new VulkanPhysicalDevice(Api.Vk, handles[i]));
        return devices;
    }

    public void Dispose()
    {
        messages?.Dispose();
        if (owned) Api.Vk.DestroyInstance(Handle, null);
        Api.Vk.Dispose(); // the loader, which counts its users: others of this process keep it
    }

    private static bool HasLayer(VulkanApi api)
    {
        uint count = 0;
        api.Check(api.Vk.EnumerateInstanceLayerProperties(&count, null), "vkEnumerateInstanceLayerProperties");
        var layers = new LayerProperties[count];
        fixed (LayerProperties* pointer = layers)
        {
            api.Check(api.Vk.EnumerateInstanceLayerProperties(&count, pointer), "vkEnumerateInstanceLayerProperties");
            for (int i = 0; i < count; i++)
                if (SilkMarshal.PtrToString((nint)pointer[i].LayerName) == ValidationLayer) return true;
        }
        return false;
    }
}

/// <summary>Collects what the validation layer says.</summary>
internal sealed unsafe class VulkanMessages : IDisposable
{
    private const int Most = 1000;

    private readonly Vk vk;
    private readonly Instance instance;
    private readonly GCHandle self;
    private readonly DebugUtilsMessengerEXT messenger;
    private readonly List<string> all = [];

    public VulkanMessages(Vk vk, Instance instance)
    {
        this.vk = vk;
        this.instance = instance;
        self = GCHandle.Alloc(this);
        DebugUtilsMessengerCreateInfoEXT info = new()
        {
            SType = StructureType.DebugUtilsMessengerCreateInfoExt,
            MessageSeverity = DebugUtilsMessageSeverityFlagsEXT.WarningBitExt | DebugUtilsMessageSeverityFlagsEXT.ErrorBitExt,
            MessageType = DebugUtilsMessageTypeFlagsEXT.GeneralBitExt | DebugUtilsMessageTypeFlagsEXT.ValidationBitExt | DebugUtilsMessageTypeFlagsEXT.PerformanceBitExt,
            PfnUserCallback = new PfnDebugUtilsMessengerCallbackEXT(&OnMessage),
            PUserData = (void*)GCHandle.ToIntPtr(self),
        };
        // The extension's own package is not needed for two functions.
        var create = (delegate* unmanaged<Instance, DebugUtilsMessengerCreateInfoEXT*, AllocationCallbacks*, DebugUtilsMessengerEXT*, Result>)
            vk.GetInstanceProcAddr(instance, "vkCreateDebugUtilsMessengerEXT").Handle;
        DebugUtilsMessengerEXT created;
        create(instance, &info, null, &created);
        messenger = created;
    }

    public IReadOnlyList<string> All
    {
        get
        {
            lock (all) return [.. all];
        }
    }

    public void Dispose()
    {
        var destroy = (delegate* unmanaged<Instance, DebugUtilsMessengerEXT, AllocationCallbacks*, void>)
            vk.GetInstanceProcAddr(instance, "vkDestroyDebugUtilsMessengerEXT").Handle;
        destroy(instance, messenger, null);
        self.Free();
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(System.Runtime.CompilerServices.CallConvCdecl)])]
    private static Silk.NET.Core.Bool32 OnMessage(DebugUtilsMessageSeverityFlagsEXT severity, DebugUtilsMessageTypeFlagsEXT types, DebugUtilsMessengerCallbackDataEXT* data, void* user)
    {
        var messages = (VulkanMessages)GCHandle.FromIntPtr((nint)user).Target!;
        string text = SilkMarshal.PtrToString((nint)data->PMessage) ?? "";
        lock (messages.all)
            if (messages.all.Count < Most) messages.all.Add(text);
        return false;
    }
}
