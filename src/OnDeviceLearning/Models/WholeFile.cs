namespace OnDeviceLearning.Models;

/// <summary>Writes files that are whole or not there: beside their place first, under a name of their own, and moved there when complete.</summary>
internal static class WholeFile
{
    /// <summary>Writes a file and puts it in its place; what was there stays until then. On failure nothing is left behind.</summary>
    /// <param name="path">Where the file belongs.</param>
    /// <param name="write">Writes the content.</param>
    /// <param name="place">Moves the complete file (first argument) to its place (second); null replaces what is there.</param>
    /// <exception cref="IOException">It cannot be written, or the place is one of devices: root would put a file in /dev/null's stead.</exception>
    public static void Write(string path, Action<Stream> write, Action<string, string>? place = null)
    {
        if (IsDevice(path)) throw new IOException($"'{path}' is a place of devices; expected the name of a file");
        // A name of its own, so that two who write at once never write into each other's file.
        string partial = $"{path}.{Guid.NewGuid():N}.partial";
        try
        {
            using (var stream = new FileStream(partial, FileMode.CreateNew, FileAccess.Write))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }
            if (place is null) File.Move(partial, path, overwrite: true);
            else place(partial, path);
        }
        catch
        {
            TryDelete(partial);
            throw;
        }
    }

    private static bool IsDevice(string path)
    {
        if (OperatingSystem.IsWindows()) return false;
        string full = Path.GetFullPath(path);
        return full.StartsWith("/dev/", StringComparison.Ordinal) && !full.StartsWith("/dev/shm/", StringComparison.Ordinal);
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // What cannot be deleted is in nobody's way.
        }
    }
}
