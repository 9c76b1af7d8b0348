using SkiaSharp;

namespace OnDeviceLearning.Demo;

/// <summary>A text broken into lines, of which every character's place is known: for the caret, and for what is underlined.</summary>
internal sealed class TextBlock
{
    private readonly string text;
    private readonly SKFont font;
    private readonly List<(int Start, int End)> lines = [];

    public TextBlock(string text, SKFont font, float width)
    {
        this.text = text;
        this.font = font;
        int start = 0;
        while (true)
        {
            int end = start, wordEnd = start;
            while (end < text.Length && font.MeasureText(text.AsSpan(start, end + 1 - start)) <= width)
                if (text[end++] == ' ') wordEnd = end;
            if (end == text.Length)
            {
                lines.Add((start, end));
                return;
            }
            // A word longer than the line is broken where it must be.
            if (wordEnd > start) end = wordEnd;
            else if (end == start) end++;
            lines.Add((start, end));
            start = end;
        }
    }

    public int LineCount => lines.Count;

    public ReadOnlySpan<char> Line(int i) => text.AsSpan(lines[i].Start, lines[i].End - lines[i].Start);

    /// <summary>Line and x of the place before a character.</summary>
    public (int Line, float X) Place(int index)
    {
        int line = 0;
        while (line + 1 < lines.Count && index >= lines[line].End) line++;
        return (line, font.MeasureText(text.AsSpan(lines[line].Start, index - lines[line].Start)));
    }

    /// <summary>Where the words of a reading stand in a text; words that cannot be found are left out.</summary>
    public static IEnumerable<(WordReading Word, int Start, int Length)> Find(string text, DescriptionReading reading)
    {
        int from = 0;
        foreach (WordReading word in reading.Words)
        {
            int at = word.Word.Length == 0 ? -1 : text.IndexOf(word.Word, from, StringComparison.OrdinalIgnoreCase);
            if (at < 0) continue;
            yield return (word, at, word.Word.Length);
            from = at + word.Word.Length;
        }
    }
}
