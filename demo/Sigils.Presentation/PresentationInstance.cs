using System.Runtime.InteropServices;
using Silk.NET.Vulkan;

namespace OnDeviceLearning.Demo.Presentation;

/// <summary>A VkInstance with the extensions that a window's surface asks for.</summary>
public sealed unsafe class PresentationInstance : IDisposable
{
    /// <summary>Creates it.</summary>
    /// <param name="extensions">As the window system names them: VK_KHR_surface and its own.</param>
    /// <exception cref="PresentationException">There is no Vulkan here, or it lacks an extension.</exception>
    public PresentationInstance(IEnumerable<string> extensions)
    {
        ArgumentNullException.ThrowIfNull(extensions);
        try
        {
            Api = Vk.GetApi();
        }
        catch (Exception e) when (e is FileNotFoundException or DllNotFoundException)
        {
            throw new PresentationException("There is no Vulkan loader on this machine (libvulkan.so.1, vulkan-1.dll or MoltenVK).");
        }
        var names = new List<nint>();
        try
        {
            foreach (string extension in extensions) names.Add(Marshal.StringToCoTaskMemUTF8(extension));
            nint[] pointers = [.. names];
            fixed (nint* first = pointers)
            {
                var application = new ApplicationInfo { SType = StructureType.ApplicationInfo, ApiVersion = Vk.Version11 };
                var info = new InstanceCreateInfo { SType = StructureType.InstanceCreateInfo, PApplicationInfo = &application, EnabledExtensionCount = (uint)pointers.Length, PpEnabledExtensionNames = (byte**)first };
                Result result = Api.CreateInstance(in info, null, out Instance instance);
                if (result != Result.Success)
                {
                    Api.Dispose();
                    throw new PresentationException($"Vulkan cannot show anything here: {result} for the extensions {string.Join(", ", extensions)}.");
                }
                Handle = instance;
            }
        }
        finally
        {
            foreach (nint name in names) Marshal.FreeCoTaskMem(name);
        }
    }

    /// <summary>The entry points.</summary>
    public Vk Api { get; }

    /// <summary>The VkInstance.</summary>
    public Instance Handle { get; }

    /// <summary>Destroys the instance; presenters and surfaces go first.</summary>
    public void Dispose()
    {
        Api.DestroyInstance(Handle, null);
        Api.Dispose();
    }
}
