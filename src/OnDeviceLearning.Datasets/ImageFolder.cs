namespace OnDeviceLearning.Datasets;

/// <summary>
/// Any folder of images: <c>FOLDER/CLASS/*.png|jpg|jpeg</c>, and, for zero-shot learning, <c>FOLDER/descriptions.tsv</c> with
/// lines of class, tab, sentence (several lines of a class are several descriptions; # starts a comment).
/// </summary>
public static class ImageFolder
{
    /// <summary>The file of descriptions.</summary>
    public const string DescriptionsFile = "descriptions.tsv";

    private const string Layout = "FOLDER/CLASS/*.png|jpg, and FOLDER/descriptions.tsv with lines of class, tab, sentence";
    private const int MaxImageBytes = 64 << 20;
    private static readonly string[] endings = [".png", ".jpg", ".jpeg"];

    /// <summary>Reads all images, averaged to one size; classes and images in the order of their names.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="channels">1 (grey) or 3 (red, green, blue).</param>
    /// <param name="side">Side in pixels of the result; images that are not square are stretched.</param>
    /// <param name="dark">Whether 1 stands for black, as in drawings on white paper, rather than for white.</param>
    /// <exception cref="IOException">The folder is not there or cannot be read.</exception>
    /// <exception cref="FormatException">There are fewer than two classes, a class has no image, an image is damaged, or the descriptions do not fit; the message says what.</exception>
    public static LabelledImages Read(string folder, int channels, int side, bool dark = false)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        if (channels is not (1 or 3)) throw new ArgumentException($"ImageFolder: {channels} channels; expected 1 or 3.", nameof(channels));
        if (side is < 1 or > 1024) throw new ArgumentOutOfRangeException(nameof(side), $"ImageFolder: side is {side}; expected 1 to 1024.");
        if (!Directory.Exists(folder)) throw new DirectoryNotFoundException($"there is no folder {folder}; expected {Layout}.");
        string[] classFolders = [.. Directory.GetDirectories(folder).Order(StringComparer.Ordinal)];
        string[] names = [.. classFolders.Select(f => Path.GetFileName(f))];
        if (names.Length < 2) throw new FormatException($"{folder}: {names.Length} folders of classes; expected at least 2 ({Layout}).");
        Dictionary<string, IReadOnlyList<string>> descriptions = ReadDescriptions(folder, names);

        var files = new List<string>();
        var labels = new List<int>();
        for (int c = 0; c < names.Length; c++)
        {
            string[] images = [.. Directory.GetFiles(classFolders[c]).Where(f => endings.Contains(Path.GetExtension(f).ToLowerInvariant())).Order(StringComparer.Ordinal)];
            if (images.Length == 0) throw new FormatException($"{classFolders[c]}: no image; expected some of {string.Join(", ", endings)} ({Layout}).");
            files.AddRange(images);
            labels.AddRange(Enumerable.Repeat(c, images.Length));
        }
        int size = channels * side * side;
        if ((long)files.Count * size > Array.MaxLength) throw new FormatException($"{folder}: {files.Count} images of {channels}x{side}x{side}; expected at most {Array.MaxLength} values.");
        var pixels = new byte[files.Count * size];
        var values = new float[size];
        for (int i = 0; i < files.Count; i++)
        {
            long length = new FileInfo(files[i]).Length;
            if (length > MaxImageBytes) throw new FormatException($"{files[i]}: {length} bytes; expected at most {MaxImageBytes}.");
            ImageDecoding.Decode(File.ReadAllBytes(files[i]), files[i], channels, side, side, values);
            for (int p = 0; p < size; p++) pixels[i * size + p] = (byte)(255 * (dark ? 1 - values[p] : values[p]) + 0.5f);
        }
        return new LabelledImages(Path.GetFileName(Path.TrimEndingDirectorySeparator(folder)), channels, side, side, pixels, [.. labels], names)
        {
            Descriptions = descriptions,
        };
    }

    /// <summary>The sentences of each class; where there is a file, every class has one.</summary>
    private static Dictionary<string, IReadOnlyList<string>> ReadDescriptions(string folder, string[] classes)
    {
        string path = Path.Combine(folder, DescriptionsFile);
        if (!File.Exists(path)) return [];
        var sentences = classes.ToDictionary(c => c, _ => new List<string>());
        int number = 0;
        foreach (string line in File.ReadLines(path))
        {
            number++;
            if (string.IsNullOrWhiteSpace(line) || line[0] == '#') continue;
            string[] parts = line.Split('\t');
            if (parts.Length != 2 || string.IsNullOrWhiteSpace(parts[1]))
                throw new FormatException($"{path}: line {number} has {parts.Length} columns; expected class, tab, sentence.");
            if (!sentences.TryGetValue(parts[0].Trim(), out List<string>? list))
                throw new FormatException($"{path}: line {number} describes '{parts[0].Trim()}', which has no folder; expected one of {string.Join(", ", classes)}.");
            list.Add(parts[1].Trim());
        }
        string[] missing = [.. classes.Where(c => sentences[c].Count == 0)];
        if (missing.Length > 0) throw new FormatException($"{path}: no description of {string.Join(", ", missing)}; expected a line for each of the {classes.Length} classes.");
        return sentences.ToDictionary(s => s.Key, s => (IReadOnlyList<string>)s.Value);
    }
}
