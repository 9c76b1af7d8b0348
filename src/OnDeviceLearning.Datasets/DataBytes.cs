using System.IO.Compression;

namespace OnDeviceLearning.Datasets;

/// <summary>The bytes of data files, with sentences for what is wrong with them.</summary>
internal static class DataBytes
{
    /// <summary>The largest file that is read at once, unpacked.</summary>
    private const int Most = 1 << 30;

    /// <summary>Reads a file whole; one that begins as gzip does is unpacked.</summary>
    /// <exception cref="FormatException">The gzip data is damaged, or there is more than a gigabyte.</exception>
    public static byte[] Read(string path, string download) =>
        Unpack(path, Most, () => Damaged(path, $"more than {Most} bytes", $"at most {Most}", download), (_, _) => Damaged(path, "damaged gzip data", "a whole gzip file", download));

    /// <summary>Reads a file whole; one that begins as gzip does is unpacked, up to a size: a small file may unpack to more than a machine holds.</summary>
    /// <param name="path">The file.</param>
    /// <param name="most">Most bytes, unpacked.</param>
    /// <param name="tooLong">What is thrown where there are more.</param>
    /// <param name="damaged">What is thrown where the gzip data is damaged, after so many bytes.</param>
    public static byte[] Unpack(string path, int most, Func<FormatException> tooLong, Func<long, InvalidDataException, FormatException> damaged)
    {
        using FileStream file = File.OpenRead(path);
        // Told by its first bytes, not by its name.
        bool zipped = file.ReadByte() == 0x1f && file.ReadByte() == 0x8b;
        file.Position = 0;
        using Stream stream = zipped ? new GZipStream(file, CompressionMode.Decompress) : file;
        using var bytes = new MemoryStream();
        var buffer = new byte[1 << 16];
        try
        {
            for (int read; (read = stream.Read(buffer)) > 0;)
            {
                if (bytes.Length + read > most) throw tooLong();
                bytes.Write(buffer, 0, read);
            }
        }
        catch (InvalidDataException e)
        {
            throw damaged(bytes.Length, e);
        }
        return bytes.ToArray();
    }

    /// <summary>A sentence with the file, what it has, what was expected and where to get it anew.</summary>
    public static FormatException Damaged(string path, string actual, string expected, string download) =>
        new($"{Path.GetFileName(path)}: {actual}; expected {expected}. {download}");

    /// <summary>The bytes of an entry of a zip archive.</summary>
    /// <exception cref="FormatException">The entry is damaged or longer than <paramref name="most"/>.</exception>
    public static byte[] Read(ZipArchiveEntry entry, int most, string path, string download)
    {
        if (entry.Length > most) throw Damaged(path, $"'{entry.FullName}' has {entry.Length} bytes", $"at most {most}", download);
        var bytes = new byte[entry.Length];
        try
        {
            using Stream stream = entry.Open();
            stream.ReadExactly(bytes);
            return bytes;
        }
        catch (Exception e) when (e is EndOfStreamException or InvalidDataException)
        {
            throw Damaged(path, $"'{entry.FullName}' is damaged", $"{entry.Length} whole bytes", download);
        }
    }

    /// <summary>Opens a zip archive.</summary>
    /// <exception cref="FormatException">The file is none.</exception>
    public static ZipArchive OpenZip(string path, string download)
    {
        try
        {
            return ZipFile.OpenRead(path);
        }
        catch (InvalidDataException)
        {
            throw Damaged(path, $"{new FileInfo(path).Length} bytes that are no zip archive", "a whole zip archive", download);
        }
    }
}
