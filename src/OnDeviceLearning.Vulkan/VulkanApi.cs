using System.Runtime.CompilerServices;
using Silk.NET.Vulkan;

namespace OnDeviceLearning.Devices.Vulkan;

/// <summary>
/// The calls of one instance and device, and what becomes of their results: failures are sentences, and a device that was
/// lost once stays lost. Every call that returns a result goes through <see cref="Check"/>.
/// </summary>
internal sealed class VulkanApi(Vk vk, Func<string, int, bool>? loseAt)
{
    private volatile bool lost;

    public Vk Vk => vk;

    /// <summary>For errors.</summary>
    public string Name { get; set; } = "Vulkan";

    public bool IsLost => lost;

    /// <summary>Loads the driver loader.</summary>
    /// <exception cref="DeviceException">There is none.</exception>
    public static VulkanApi Load(Func<string, int, bool>? loseAt, Func<Vk>? load = null)
    {
        try
        {
            return new VulkanApi(load is null ? Vk.GetApi() : load(), loseAt);
        }
        catch (Exception e) when (e is FileNotFoundException or DllNotFoundException or Silk.NET.Core.Loader.SymbolLoadingException)
        {
            throw new DeviceException("there is no Vulkan loader on this machine; install the driver of the GPU, on Linux with libvulkan1", e);
        }
    }

    /// <summary>Throws where a call failed.</summary>
    /// <returns>The result, which is a success.</returns>
    /// <exception cref="DeviceLostException">The device is gone, now or since an earlier call.</exception>
    /// <exception cref="DeviceException">Anything else.</exception>
    public Result Check(Result result, string call, [CallerLineNumber] int line = 0)
    {
        if (lost || result == Result.ErrorDeviceLost || (loseAt is not null && loseAt(call, line)))
        {
            lost = true;
            throw Lost(call);
        }
        if (result >= 0) return result;
        throw new DeviceException(result switch
        {
            Result.ErrorOutOfDeviceMemory => $"{Name}: {call}: the device is out of memory, which other programs may hold; use a smaller batch or free memory of the game.",
            Result.ErrorOutOfHostMemory => $"{Name}: {call}: the driver is out of host memory.",
            Result.ErrorTooManyObjects => $"{Name}: {call}: too many allocations for this driver; dispose programs and backbones that are no longer used.",
            _ => $"{Name}: {call} failed with {result}; a newer driver may help.",
        });
    }

    /// <summary>Where what was gathered for the device is gone with a failed call, what is on it can no longer be trusted: it counts as lost.</summary>
    public DeviceLostException Lose(DeviceException cause)
    {
        lost = true;
        return new DeviceLostException($"{cause.Message} What was written to the device did not arrive; what was on it must be made anew.", cause);
    }

    /// <summary>Before work that needs the device.</summary>
    /// <exception cref="DeviceLostException">It is gone.</exception>
    public void RequireDevice(string what)
    {
        if (lost) throw Lost(what);
    }

    private DeviceLostException Lost(string call) =>
        new($"{Name}: {call}: the device is lost (its driver was reset, or it was unplugged). What was on it must be made anew, on another device or after opening it again.");
}
