using System.Runtime.InteropServices;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>Pins the calling thread. A wish, not a promise: a system that refuses leaves the thread where it is.</summary>
internal static partial class ThreadAffinity
{
    public static void Pin(ulong mask)
    {
        if (mask == 0) return;
        if (OperatingSystem.IsWindows()) SetThreadAffinityMask(GetCurrentThread(), (nuint)mask);
        else if (OperatingSystem.IsLinux()) SetLinuxAffinity(0, sizeof(ulong), in mask);
    }

    [LibraryImport("kernel32")]
    private static partial nint GetCurrentThread();

    [LibraryImport("kernel32")]
    private static partial nuint SetThreadAffinityMask(nint thread, nuint mask);

    [LibraryImport("libc", EntryPoint = "sched_setaffinity")]
    private static partial int SetLinuxAffinity(int thread, nuint size, in ulong mask);
}
