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
        return DataBytes.Unpack(path, maxBytes, () => new FormatException($"{path}: it unpacks to more than {maxBytes} bytes."),
            (length, e) => new FormatException($"{path}: the gzip data is damaged after {length} bytes ({e.Message}).", e));
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
