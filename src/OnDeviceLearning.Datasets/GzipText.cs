using System.IO.Compression;
using System.Text;

namespace OnDeviceLearning.Datasets;

/// <summary>Reads text files of public data sets, gzipped or not, up to a size that none of them comes near.</summary>
internal static class GzipText
{
    /// <summary>Most bytes of a file once unpacked: a small file may unpack to more than a machine holds.</summary>
    public const int MaxBytes = 256 << 20;

    /// <summary>The whole file, unpacked.</summary>
    /// <exception cref="FormatException">It is damaged, or larger than <paramref name="maxBytes"/>.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static byte[] ReadBytes(string path, int maxBytes = MaxBytes)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        using FileStream file = File.OpenRead(path);
        bool packed = file.ReadByte() == 0x1F && file.ReadByte() == 0x8B;
        file.Position = 0;
        using Stream stream = packed ? new GZipStream(file, CompressionMode.Decompress) : file;
        var all = new MemoryStream();
        var block = new byte[1 << 16];
        try
        {
            for (int count; (count = stream.Read(block)) > 0;)
            {
                all.Write(block, 0, count);
                if (all.Length > maxBytes) throw new FormatException($"{path}: it unpacks to more than {maxBytes} bytes.");
            }
        }
        catch (InvalidDataException e)
        {
            throw new FormatException($"{path}: the gzip data is damaged after {all.Length} bytes ({e.Message}).", e);
        }
        return all.ToArray();
    }

    /// <summary>The whole file as UTF-8.</summary>
    /// <inheritdoc cref="ReadBytes"/>
    public static string ReadText(string path, int maxBytes = MaxBytes)
    {
        byte[] bytes = ReadBytes(path, maxBytes);
        try
        {
            string text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
            return text.StartsWith('\uFEFF') ? text[1..] : text;
        }
        catch (DecoderFallbackException e)
        {
            throw new FormatException($"{path}: byte {e.Index} is not UTF-8.", e);
        }
    }
}
