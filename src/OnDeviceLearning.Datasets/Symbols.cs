using System.IO.Compression;
using System.Text.Json;

namespace OnDeviceLearning.Datasets;

/// <summary>A small picture with its name and tags.</summary>
/// <param name="Id">Its file name without the ending.</param>
/// <param name="Source">The collection it comes from; licences differ.</param>
/// <param name="Name">Lower-case words.</param>
/// <param name="Tags">More words for it; may be empty.</param>
/// <param name="Licence">SPDX identifier.</param>
/// <param name="Rgb">[3, 64, 64] bytes on white.</param>
public sealed record Symbol(string Id, string Source, string Name, IReadOnlyList<string> Tags, string Licence, byte[] Rgb);

/// <summary>
/// Pictures with names and tags: <c>symbols.zip</c> of <c>SOURCE/ID.png</c>, 64 x 64 on white, and <c>symbols.jsonl.gz</c>,
/// a JSON object a line with id, source, name, tags and licence.
/// </summary>
public static class Symbols
{
    /// <summary>Side in pixels.</summary>
    public const int Side = 64;

    /// <summary>Where to get the files.</summary>
    public const string Download =
        "Make symbols/symbols.zip and symbols/symbols.jsonl.gz from icon collections such as https://github.com/googlefonts/noto-emoji (Apache-2.0),"
        + " https://github.com/game-icons/icons (CC BY 3.0) and https://github.com/Templarian/MaterialDesign (Apache-2.0): 64 x 64 PNG as SOURCE/ID.png, and a JSON object a line"
        + " with id, source, name, tags and licence.";

    private const int MaxImageBytes = 1 << 20;

    /// <summary>Reads all pictures that have a name, in the order of the list.</summary>
    /// <param name="folder">The data folder; that of <c>ODL_DATA</c> if null.</param>
    /// <exception cref="IOException">A file is missing (the message says where to get it) or cannot be read.</exception>
    /// <exception cref="FormatException">A file is damaged, or a picture is missing; the message says what and where.</exception>
    public static IReadOnlyList<Symbol> Read(string? folder = null) =>
        Read(DataFolder.PathOf("symbols/symbols.zip", Download, folder), DataFolder.PathOf("symbols/symbols.jsonl.gz", Download, folder));

    /// <summary>Reads pictures from an archive and their names from a list, gzipped or not.</summary>
    /// <inheritdoc cref="Read(string?)"/>
    public static IReadOnlyList<Symbol> Read(string zipPath, string listPath)
    {
        ArgumentException.ThrowIfNullOrEmpty(zipPath);
        ArgumentException.ThrowIfNullOrEmpty(listPath);
        using ZipArchive zip = DataBytes.OpenZip(zipPath, Download);
        using var reader = new StreamReader(new MemoryStream(DataBytes.Read(listPath, Download)));
        var symbols = new List<Symbol>();
        var values = new float[3 * Side * Side];
        int number = 0;
        while (reader.ReadLine() is { } line)
        {
            number++;
            if (string.IsNullOrWhiteSpace(line)) continue;
            Symbol symbol = Parse(line, number, listPath);
            string entryName = $"{symbol.Source}/{symbol.Id}.png";
            ZipArchiveEntry entry = zip.GetEntry(entryName)
                ?? throw DataBytes.Damaged(zipPath, $"no '{entryName}'", $"a picture for line {number} of {Path.GetFileName(listPath)}", Download);
            ImageDecoding.Decode(DataBytes.Read(entry, MaxImageBytes, zipPath, Download), $"{Path.GetFileName(zipPath)}: {entryName}", 3, Side, Side, values);
            for (int i = 0; i < values.Length; i++) symbol.Rgb[i] = (byte)(255 * values[i] + 0.5f);
            symbols.Add(symbol);
        }
        return symbols;
    }

    private static Symbol Parse(string line, int number, string path)
    {
        try
        {
            using JsonDocument json = JsonDocument.Parse(line);
            string Text(string property) => json.RootElement.GetProperty(property).GetString() is { Length: > 0 } text ? text
                : throw new FormatException($"'{property}' is empty");
            string[] tags = json.RootElement.TryGetProperty("tags", out JsonElement list) ? [.. list.EnumerateArray().Select(t => t.GetString() ?? "").Where(t => t.Length > 0)] : [];
            return new Symbol(Text("id"), Text("source"), Text("name"), tags, Text("licence"), new byte[3 * Side * Side]);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw DataBytes.Damaged(path, $"line {number} is none ({e.Message})", "a JSON object with id, source, name, tags and licence", Download);
        }
    }
}
