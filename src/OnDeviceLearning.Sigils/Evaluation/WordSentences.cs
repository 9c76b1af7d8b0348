namespace OnDeviceLearning.Sigils.Evaluation;

/// <summary>One sentence for each word of a drawings file: lines of word, tab, sentence.</summary>
public static class WordSentences
{
    /// <summary>The built-in list for Quick, Draw!: every word of it that is a shape here, one plain sentence each.</summary>
    public static IReadOnlyDictionary<string, string> QuickDraw()
    {
        using Stream stream = typeof(WordSentences).Assembly.GetManifestResourceStream("quickdraw-descriptions.tsv")!;
        using var reader = new StreamReader(stream);
        return Read(reader, "quickdraw-descriptions.tsv");
    }

    /// <summary>Reads a list of one's own.</summary>
    /// <exception cref="FormatException">A line has another shape, or a word comes twice; the message names the line.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static IReadOnlyDictionary<string, string> Read(string path)
    {
        using var reader = new StreamReader(path);
        return Read(reader, Path.GetFileName(path));
    }

    internal static Dictionary<string, string> Read(TextReader reader, string name)
    {
        var sentences = new Dictionary<string, string>();
        int number = 0;
        while (reader.ReadLine() is { } line)
        {
            number++;
            if (string.IsNullOrWhiteSpace(line)) continue;
            string[] cells = line.Split('\t', StringSplitOptions.TrimEntries);
            if (cells.Length != 2 || cells[0].Length == 0 || cells[1].Length == 0)
                throw new FormatException($"{name}: line {number} is no word, tab and sentence.");
            if (!sentences.TryAdd(cells[0], cells[1])) throw new FormatException($"{name}: line {number} describes '{cells[0]}' a second time.");
        }
        return sentences;
    }
}
