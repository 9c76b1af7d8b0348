using System.IO.Compression;

namespace OnDeviceLearning.Datasets;

/// <summary>
/// The characters of Omniglot as lines: the pen's strokes where they are known (<see cref="OmniglotStrokes"/>), and else what
/// <see cref="StrokeTracer"/> finds in the images (<see cref="Omniglot"/>).
/// </summary>
public static class OmniglotHands
{
    private const int Side = 105;

    // A character's PNG has some 250 bytes.
    private const int MaxImageBytes = 1 << 20;

    /// <summary>Reads all there is: 964 characters with the images, 242 with the strokes alone; in the order of their names.</summary>
    /// <param name="folder">The data folder; that of <c>ODL_DATA</c> if null.</param>
    /// <exception cref="IOException">Neither is there (the message says where to get them), or a file cannot be read.</exception>
    /// <exception cref="FormatException">A file is damaged; the message says what and where.</exception>
    public static IReadOnlyList<StrokeCharacter> Read(string? folder = null)
    {
        bool images = Has(Omniglot.BackgroundFile), strokes = OmniglotStrokes.Files.All(Has);
        if (!images && !strokes) DataFolder.PathOf(Omniglot.BackgroundFile, $"{Omniglot.Download} Or: {OmniglotStrokes.Download}", folder);
        SortedDictionary<string, Drawing> drawings = strokes ? OmniglotStrokes.ReadDrawings(folder) : new(StringComparer.Ordinal);
        if (images) Trace(DataFolder.PathOf(Omniglot.BackgroundFile, Omniglot.Download, folder), drawings);
        return OmniglotStrokes.Characters(drawings);

        bool Has(string file)
        {
            try
            {
                DataFolder.PathOf(file, Omniglot.Download, folder);
                return true;
            }
            catch (FileNotFoundException)
            {
                return false;
            }
        }
    }

    /// <summary>Adds the drawings whose strokes are not known.</summary>
    private static void Trace(string path, SortedDictionary<string, Drawing> drawings)
    {
        var grey = new float[Side * Side];
        var ink = new bool[grey.Length];
        using ZipArchive zip = DataBytes.OpenZip(path, Omniglot.Download);
        foreach (ZipArchiveEntry entry in zip.Entries.Where(e => e.FullName.EndsWith(".png", StringComparison.OrdinalIgnoreCase)))
        {
            string[] parts = entry.FullName.Split('/');
            if (parts.Length < 3) throw DataBytes.Damaged(path, $"'{entry.FullName}' lies in no alphabet", "ALPHABET/characterNN/XXXX_YY.png", Omniglot.Download);
            string name = Path.ChangeExtension(string.Join('/', parts[^3..]), null);
            if (drawings.ContainsKey(name)) continue;
            ImageDecoding.Decode(DataBytes.Read(entry, MaxImageBytes, path, Omniglot.Download), $"{Path.GetFileName(path)}: {entry.FullName}", 1, Side, Side, grey);
            for (int i = 0; i < ink.Length; i++) ink[i] = grey[i] < 0.5f;
            if (!ink.Contains(true)) throw DataBytes.Damaged(path, $"'{entry.FullName}' has no ink", "a character in black on white", Omniglot.Download);
            drawings.Add(name, new Drawing(StrokeTracer.Trace(ink, Side)));
        }
    }
}
