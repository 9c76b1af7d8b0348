using System.IO.Compression;

namespace OnDeviceLearning.Datasets;

/// <summary>
/// Handwritten characters of many alphabets, 20 drawers each (Lake, Salakhutdinov, Tenenbaum, Science 350, 2015; MIT):
/// a zip of <c>SET/ALPHABET/characterNN/XXXX_YY.png</c>, YY the drawer, ink black on white.
/// </summary>
public static class Omniglot
{
    /// <summary>The background set below the data folder.</summary>
    public const string BackgroundFile = "omniglot/images_background.zip";

    /// <summary>Where to get it.</summary>
    public const string Download =
        "Download images_background.zip from https://github.com/brendenlake/omniglot (folder python, MIT) into the folder omniglot of the data folder.";

    /// <summary>Side in pixels of the images that few-shot learning uses.</summary>
    public const int Side = 28;

    // A character's PNG has some 250 bytes.
    private const int MaxImageBytes = 1 << 20;

    /// <summary>
    /// Reads the background set: 964 characters of 30 alphabets. A class is called <c>Greek/character05</c>; classes are in
    /// the order of their names, images in the order of classes and drawers.
    /// </summary>
    /// <param name="folder">The data folder; that of <c>ODL_DATA</c> if null.</param>
    /// <param name="side">Images are averaged down from 105 x 105 to this side; ink is 1.</param>
    /// <exception cref="IOException">The file is missing (the message says where to get it) or cannot be read.</exception>
    /// <exception cref="FormatException">The file is damaged; the message says what and where.</exception>
    public static LabelledImages ReadBackground(string? folder = null, int side = Side) =>
        ReadZip(DataFolder.PathOf(BackgroundFile, Download, folder), side);

    /// <summary>Reads a zip of characters; see <see cref="ReadBackground"/>.</summary>
    public static LabelledImages ReadZip(string path, int side = Side)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (side is < 1 or > 1024) throw new ArgumentOutOfRangeException(nameof(side), $"ReadZip: side is {side}; expected 1 to 1024.");
        using ZipArchive zip = DataBytes.OpenZip(path, Download);
        ZipArchiveEntry[] images = [.. zip.Entries.Where(e => e.FullName.EndsWith(".png", StringComparison.OrdinalIgnoreCase)).OrderBy(e => e.FullName, StringComparer.Ordinal)];
        if (images.Length == 0) throw DataBytes.Damaged(path, "no PNG in the archive", "ALPHABET/characterNN/XXXX_YY.png", Download);
        var names = new List<string>();
        var labels = new int[images.Length];
        var pixels = new float[images.Length * side * side];
        for (int i = 0; i < images.Length; i++)
        {
            string[] parts = images[i].FullName.Split('/');
            if (parts.Length < 3) throw DataBytes.Damaged(path, $"'{images[i].FullName}' lies in no alphabet", "ALPHABET/characterNN/XXXX_YY.png", Download);
            string name = $"{parts[^3]}/{parts[^2]}";
            if (names.Count == 0 || names[^1] != name) names.Add(name);
            labels[i] = names.Count - 1;
            Span<float> target = pixels.AsSpan(i * side * side, side * side);
            ImageDecoding.Decode(DataBytes.Read(images[i], MaxImageBytes, path, Download), $"{Path.GetFileName(path)}: {images[i].FullName}", 1, side, side, target);
            foreach (ref float value in target) value = 1 - value;
        }
        return new LabelledImages("Omniglot", 1, side, side, pixels, labels, names);
    }

    /// <summary>The alphabet of a class.</summary>
    public static string AlphabetOf(string className)
    {
        ArgumentNullException.ThrowIfNull(className);
        return className[..className.LastIndexOf('/')];
    }

    /// <summary>
    /// The split that recipes are developed on: every fifth alphabet, in the order of their names, is held out. The same for
    /// everybody, so that a backbone trained with the others can be measured on them.
    /// </summary>
    /// <returns>Class numbers to train on, and to measure on.</returns>
    public static (IReadOnlyList<int> Training, IReadOnlyList<int> HeldOut) Split(LabelledImages images)
    {
        ArgumentNullException.ThrowIfNull(images);
        string[] alphabets = [.. images.ClassNames.Select(AlphabetOf).Distinct().Order(StringComparer.Ordinal)];
        HashSet<string> heldOut = [.. alphabets.Where((_, i) => i % 5 == 4)];
        ILookup<bool, int> split = Enumerable.Range(0, images.ClassNames.Count).ToLookup(c => heldOut.Contains(AlphabetOf(images.ClassNames[c])));
        return ([.. split[false]], [.. split[true]]);
    }
}
