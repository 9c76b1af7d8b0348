using OnDeviceLearning.Datasets;
using OnDeviceLearning.Text;

namespace OnDeviceLearning.Pretraining.Vision;

/// <summary>What training says of a drawing or a picture: its word or name in short phrases, and its tags.</summary>
internal static class SketchTexts
{
    private static readonly string[] drawingFrames =
        ["{0}", "{1}", "a drawing of {1}", "a sketch of {1}", "a doodle of {1}", "a picture of {1}", "somebody drew {1}", "{0} drawn by hand", "a line drawing of {1}", "a quick drawing of {1}"];

    private static readonly string[] symbolFrames = ["{0}", "{0}", "{1}", "an icon of {1}", "a symbol of {0}", "a picture of {1}", "{0} icon"];

    /// <summary>A phrase for a drawing of a word.</summary>
    public static string OfWord(string word, Random random) => Frame(drawingFrames[random.Next(drawingFrames.Length)], word);

    /// <summary>A phrase for a symbol: mostly its name, with or without tags, sometimes tags alone.</summary>
    public static string OfSymbol(Symbol symbol, Random random)
    {
        double kind = random.NextDouble();
        if (symbol.Tags.Count == 0 || kind < 0.6) return Frame(symbolFrames[random.Next(symbolFrames.Length)], symbol.Name);
        string tag = symbol.Tags[random.Next(symbol.Tags.Count)];
        return kind < 0.85 ? $"{symbol.Name}, {tag}" : $"{tag}, {symbol.Tags[random.Next(symbol.Tags.Count)]}";
    }

    /// <summary>How often each word occurs in so many phrases.</summary>
    public static Dictionary<string, int> WordCounts(IReadOnlyList<string> words, IReadOnlyList<Symbol> symbols, int rounds, Random random)
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int r = 0; r < rounds; r++)
        {
            foreach (string word in words) Count(OfWord(word, random));
            foreach (Symbol symbol in symbols) Count(OfSymbol(symbol, random));
        }
        return counts;

        void Count(string phrase)
        {
            foreach (string word in TextTokenizer.Split(phrase)) counts[word] = counts.GetValueOrDefault(word) + 1;
        }
    }

    private static string Frame(string frame, string name) =>
        frame.Replace("{0}", name, StringComparison.Ordinal).Replace("{1}", $"{("aeiou".Contains(name[0]) ? "an" : "a")} {name}", StringComparison.Ordinal);
}
