using System.Runtime.InteropServices;

namespace OnDeviceLearning.Benchmarks;

/// <summary>
/// The error stream as native libraries see it. libtorch warns, at each L-BFGS made, of a function that it calls itself,
/// and has no switch for that: hundreds of lines in a row's time.
/// </summary>
internal static partial class NativeErrorStream
{
    private const int StandardError = 2, WriteOnly = 1;

    /// <summary>Discards what is written to it until disposed.</summary>
    public static IDisposable Silence() => OperatingSystem.IsWindows() ? new Kept(-1) : new Kept(Discard());

    private static int Discard()
    {
        int kept = Duplicate(StandardError), nowhere = Open("/dev/null", WriteOnly);
        Duplicate(nowhere, StandardError);
        Close(nowhere);
        return kept;
    }

    private sealed class Kept(int descriptor) : IDisposable
    {
        public void Dispose()
        {
            if (descriptor < 0) return;
            Duplicate(descriptor, StandardError);
            Close(descriptor);
        }
    }

    [LibraryImport("libc", EntryPoint = "dup")]
    private static partial int Duplicate(int descriptor);

    [LibraryImport("libc", EntryPoint = "dup2")]
    private static partial int Duplicate(int descriptor, int target);

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
