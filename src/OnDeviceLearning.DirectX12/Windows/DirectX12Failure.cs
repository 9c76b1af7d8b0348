using System.ComponentModel;

namespace OnDeviceLearning.Devices.DirectX12;

/// <summary>What ComputeSharp's and Windows' failures mean, as sentences.</summary>
internal static class DirectX12Failure
{
    private const int OutOfMemory = unchecked((int)0x8007000E);

    /// <param name="device">The device's name.</param>
    /// <param name="removedReason">Why Direct3D removed the device; 0 where it did not.</param>
    /// <param name="e">What was thrown; null where nothing was, and the device is gone all the same.</param>
    public static DeviceException Explain(string device, int removedReason, Exception? e)
    {
        if (removedReason == 0 && e is Win32Exception { NativeErrorCode: var code } && Removed(code) is not null) removedReason = code;
        if (removedReason != 0)
            return new DeviceLostException($"{device}: the device is lost: {Removed(removedReason) ?? $"HRESULT 0x{removedReason:X8}"}. What was on it must be made anew, on another device or after opening it again.", e);
        return e switch
        {
            DeviceException known => known,
            Win32Exception { NativeErrorCode: OutOfMemory } or OutOfMemoryException =>
                new DeviceException($"{device}: the device is out of memory, which other programs may hold; use a smaller batch or free memory of the game.", e),
            Win32Exception native => new DeviceException($"{device}: Direct3D failed with 0x{native.NativeErrorCode:X8} ({native.Message.TrimEnd('.')}); a newer driver may help.", e),
            _ => new DeviceException($"{device}: {e!.GetType().Name}: {e.Message}", e),
        };
    }

    /// <summary>Why there is no Direct3D 12 at all, where that is what an exception means.</summary>
    public static string? NoDirect3D(Exception e) => e switch
    {
        DllNotFoundException or EntryPointNotFoundException => "this Windows has no Direct3D 12; Windows 10 with its updates does",
        TypeInitializationException { InnerException: { } inner } => NoDirect3D(inner),
        Win32Exception native => $"Direct3D 12 does not start: 0x{native.NativeErrorCode:X8} ({native.Message.TrimEnd('.')})",
        InvalidOperationException or NotSupportedException => $"Direct3D 12 does not start: {e.Message.TrimEnd('.')}",
        _ => null,
    };

    private static string? Removed(int code) => (uint)code switch
    {
        0x887A0005 => "its adapter was removed, or its driver was updated",
        0x887A0006 => "it took too long over something, and Windows reset it",
        0x887A0007 => "another program made Windows reset it",
        0x887A0020 => "its driver failed",
        0x887A002B => "access to it was denied",
        _ => null,
    };
}
