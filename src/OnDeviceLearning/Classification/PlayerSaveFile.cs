using OnDeviceLearning.Models;

namespace OnDeviceLearning.Classification;

/// <summary>Puts a save where a file is: whole or not at all, with the one before it kept.</summary>
internal static class PlayerSaveFile
{
    // Within one process, one after the other; between processes the last one wins and every file is whole.
    private static readonly object replacing = new();

    /// <summary>Writes <paramref name="save"/> to <paramref name="path"/>; a whole save that was there goes to <paramref name="previous"/>.</summary>
    /// <exception cref="IOException">It cannot be written; the message says why, and nothing has changed.</exception>
    public static void Write(string path, string previous, byte[] save)
    {
        string? partial = null;
        try
        {
            if (Directory.Exists(path)) throw new IOException("it is a folder");
            // A name of its own, so that two who save at once never write into each other's file.
            string target = (File.Exists(path) ? File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName : null) ?? path;
            partial = $"{target}.{Guid.NewGuid():N}.partial";
            using (var stream = new FileStream(partial, FileMode.CreateNew, FileAccess.Write))
            {
                stream.Write(save);
                stream.Flush(flushToDisk: true);
            }
            lock (replacing)
            {
                // A damaged file must not take the place of the last good one.
                if (IsWhole(target)) File.Replace(partial, target, previous);
                else File.Move(partial, target, overwrite: true);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            if (partial is not null) TryDelete(partial);
            throw new IOException($"Save: '{path}' cannot be written: {e.Message}", e);
        }
    }

    private static bool IsWhole(string path)
    {
        if (!File.Exists(path)) return false;
        try
        {
            PlayerSave.Read(SafetensorsReader.ReadBytes(path, PlayerSave.Limits));
            return true;
        }
        catch (ModelFormatException)
        {
            return false;
        }
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
