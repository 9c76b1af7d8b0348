using System.Text.Json;

namespace OnDeviceLearning.Sigils.Evaluation;

/// <summary>
/// One sentence for each word of a drawings file: lines of word, tab, sentence ("word: sentence" and "word = sentence" do
/// too; # starts a comment), or a JSON object of words and sentences.
/// </summary>
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
        string text = reader.ReadToEnd();
        if (text.AsSpan().TrimStart().StartsWith("{")) return ReadJson(text, name);
        var sentences = new Dictionary<string, string>();
        int number = 0;
        foreach (string line in text.Split('\n'))
        {
            number++;
            if (string.IsNullOrWhiteSpace(line) || line[0] == '#') continue;
            int cut = line.IndexOf('\t');
            if (cut < 0) cut = line.AsSpan().IndexOfAny(':', '=');
            string word = cut < 0 ? "" : line[..cut].Trim(), sentence = line[(cut + 1)..].Trim();
            if (word.Length == 0 || sentence.Length == 0 || sentence.Contains('\t'))
                throw new FormatException($"{name}: line {number} is no word, tab and sentence.");
            if (!sentences.TryAdd(word, sentence)) throw new FormatException($"{name}: line {number} describes '{word}' a second time.");
        }
        return sentences;
    }

    private static Dictionary<string, string> ReadJson(string text, string name)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            return document.RootElement.EnumerateObject().ToDictionary(p => p.Name,
                p => p.Value.GetString() is { Length: > 0 } sentence ? sentence : throw new FormatException($"{name}: '{p.Name}' has no sentence."));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            throw new FormatException($"{name} is no JSON object of words and sentences: {e.Message}", e);
        }
    }
}
