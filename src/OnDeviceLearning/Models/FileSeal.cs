using System.Security.Cryptography;
using System.Text;

namespace OnDeviceLearning.Models;

/// <summary>
/// A checksum that stands in the file it is of: the SHA-256 of a safetensors file, taken with the checksum's own 64 digits
/// as zeros, as a string of its metadata. A changed bit anywhere is noticed; it vouches against accidents, not strangers.
/// </summary>
/// <param name="key">The metadata's key.</param>
internal sealed class FileSeal(string key)
{
    private const int Digits = 64;

    private readonly byte[] start = Encoding.ASCII.GetBytes($"\"{key}\":\"");

    /// <summary>The checksum of backbones; those of earlier versions have none.</summary>
    public static FileSeal Backbone { get; } = new("odl.checksum");

    /// <summary>The checksum of a player's saves.</summary>
    public static FileSeal Save { get; } = new("odl.save.checksum");

    /// <summary>The metadata's key.</summary>
    public string Key => key;

    /// <summary>What stands in the checksum's place until <see cref="Close"/>.</summary>
    public static string Open { get; } = new('0', Digits);

    /// <summary>Puts the checksum of a file whose metadata has <see cref="Open"/> there into its place.</summary>
    public void Close(byte[] file) => Encoding.ASCII.GetBytes(Digest(file, Find(file)), file.AsSpan(Find(file), Digits));

    /// <summary>Compares the file with its checksum.</summary>
    /// <param name="what">Begins the message: <c>Save</c>, <c>Backbone</c>.</param>
    /// <param name="file">The whole file.</param>
    /// <exception cref="ModelFormatException">There is none, or they differ.</exception>
    public void Check(string what, ReadOnlySpan<byte> file)
    {
        int at = Find(file);
        if (at < 0) throw new ModelFormatException($"{what}: no '{key}' in its {file.Length} bytes: not a {what.ToLowerInvariant()} of this library, or cut short.");
        string stated = Encoding.ASCII.GetString(file.Slice(at, Digits)), actual = Digest(file, at);
        if (stated != actual)
            throw new ModelFormatException($"{what}: the checksum of its {file.Length} bytes is {actual[..12]}..., but {Printable(stated[..12])}... is written in it: the file is damaged, or was written anew by another tool.");
    }

    private static string Digest(ReadOnlySpan<byte> file, int at)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(file[..at]);
        hash.AppendData(Encoding.ASCII.GetBytes(Open));
        hash.AppendData(file[(at + Digits)..]);
        return Convert.ToHexString(hash.GetHashAndReset()).ToLowerInvariant();
    }

    // What a player wrote cannot stand in for the key: within JSON its quotes are escaped.
    private int Find(ReadOnlySpan<byte> file)
    {
        int at = file.IndexOf(start);
        return at < 0 || at + start.Length + Digits > file.Length ? -1 : at + start.Length;
    }

    private static string Printable(string text) => string.Concat(text.Select(c => c is > ' ' and < '\x7f' ? c : '?'));
}
