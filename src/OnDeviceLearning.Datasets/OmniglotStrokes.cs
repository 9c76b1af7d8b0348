using System.Globalization;
using System.IO.Compression;
using System.Numerics;
using System.Text;

namespace OnDeviceLearning.Datasets;

/// <summary>The drawings of one handwritten character.</summary>
/// <param name="Name"><c>Greek/character05</c>.</param>
/// <param name="Drawings">One of each drawer, in the order of the drawers' numbers, y down.</param>
public sealed record StrokeCharacter(string Name, IReadOnlyList<Drawing> Drawings);

/// <summary>
/// The pen strokes of Omniglot's drawings (Lake, Salakhutdinov, Tenenbaum, Science 350, 2015; MIT): zips of
/// <c>ALPHABET/characterNN/XXXX_YY.txt</c>, YY the drawer; lines of x, y (up) and milliseconds between START and BREAK.
/// </summary>
public static class OmniglotStrokes
{
    /// <summary>The files below the data folder; the alphabets in both are read once.</summary>
    public static IReadOnlyList<string> Files { get; } = ["omniglot/strokes_background_small1.zip", "omniglot/strokes_background_small2.zip"];

    /// <summary>Where to get them.</summary>
    public const string Download =
        "Download strokes_background_small1.zip and strokes_background_small2.zip from https://github.com/brendenlake/omniglot (folder python, MIT) into the folder omniglot of the data folder.";

    // A drawing's text has some 5,000 bytes.
    private const int MaxTextBytes = 1 << 20;

    /// <summary>Reads all characters of both files, in the order of their names.</summary>
    /// <param name="folder">The data folder; that of <c>ODL_DATA</c> if null.</param>
    /// <exception cref="IOException">A file is missing (the message says where to get it) or cannot be read.</exception>
    /// <exception cref="FormatException">A file is damaged; the message says what and where.</exception>
    public static IReadOnlyList<StrokeCharacter> Read(string? folder = null) => Characters(ReadDrawings(folder));

    /// <summary>The drawings of both files under the names of their files, without its ending.</summary>
    internal static SortedDictionary<string, Drawing> ReadDrawings(string? folder)
    {
        var drawings = new SortedDictionary<string, Drawing>(StringComparer.Ordinal);
        foreach (string file in Files)
        {
            string path = DataFolder.PathOf(file, Download, folder);
            using ZipArchive zip = DataBytes.OpenZip(path, Download);
            foreach (ZipArchiveEntry entry in zip.Entries.Where(e => e.FullName.EndsWith(".txt", StringComparison.OrdinalIgnoreCase)))
            {
                string[] parts = entry.FullName.Split('/');
                if (parts.Length < 3) throw DataBytes.Damaged(path, $"'{entry.FullName}' lies in no alphabet", "ALPHABET/characterNN/XXXX_YY.txt", Download);
                string name = Path.ChangeExtension(string.Join('/', parts[^3..]), null);
                if (!drawings.ContainsKey(name)) drawings.Add(name, Parse(Encoding.UTF8.GetString(DataBytes.Read(entry, MaxTextBytes, path, Download)), path, entry.FullName));
            }
        }
        return drawings;
    }

    /// <summary>Drawings by the characters that they are of.</summary>
    internal static IReadOnlyList<StrokeCharacter> Characters(SortedDictionary<string, Drawing> drawings) =>
        [.. drawings.GroupBy(d => d.Key[..d.Key.LastIndexOf('/')], d => d.Value).Select(c => new StrokeCharacter(c.Key, [.. c]))];

    private static Drawing Parse(string text, string path, string entry)
    {
        var strokes = new List<List<Vector2>> { new() };
        int number = 0;
        Span<Range> fields = stackalloc Range[4];
        foreach (ReadOnlySpan<char> line in text.AsSpan().EnumerateLines())
        {
            number++;
            if (line.IsWhiteSpace() || line is "START") continue;
            if (line is "BREAK")
            {
                strokes.Add([]);
                continue;
            }
            if (line.Split(fields, ',') < 2 || !Number(line[fields[0]], out float x) || !Number(line[fields[1]], out float y))
                throw DataBytes.Damaged(path, $"line {number} of '{entry}' is '{line}'", "x,y,milliseconds", Download);
            strokes[^1].Add(new Vector2(x, -y));
        }
        if (strokes.All(s => s.Count == 0)) throw DataBytes.Damaged(path, $"'{entry}' has no point", "lines of x,y,milliseconds", Download);
        return new Drawing(strokes.Where(s => s.Count > 0));

        static bool Number(ReadOnlySpan<char> text, out float value) =>
            float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && float.IsFinite(value);
    }
}
