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
        try
        {
            if (Directory.Exists(path)) throw new IOException("it is a folder");
            string target = (File.Exists(path) ? File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName : null) ?? path;
            WholeFile.Write(target, stream => stream.Write(save), (partial, place) =>
            {
                lock (replacing)
                {
                    // A damaged file must not take the place of the last good one.
                    if (IsWhole(place)) File.Replace(partial, place, previous);
                    else File.Move(partial, place, overwrite: true);
                }
            });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
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
}
