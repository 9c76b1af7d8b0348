using System.Text;

namespace OnDeviceLearning.Text;

/// <summary>Turns what a player wrote into token ids and says how much of it was understood.</summary>
internal sealed class DescriptionReader(TextTokenizer tokenizer, WordList words)
{
    /// <summary>The longest description in characters.</summary>
    public const int MaxLength = 2000;

    public TextTokenizer Tokenizer => tokenizer;

    /// <summary>
    /// Reads a description; misspelt words and unknown forms of known words are replaced by what they were read as before
    /// they are encoded. Words beyond the tokenizer's cap count as not understood.
    /// </summary>
    /// <returns>The token ids, at least one.</returns>
    /// <exception cref="ArgumentException">The text is empty, blank or longer than <see cref="MaxLength"/>.</exception>
    public int[] Read(string description, out DescriptionReading reading)
    {
        ArgumentNullException.ThrowIfNull(description);
        if (description.Length > MaxLength)
            throw new ArgumentException($"Embed: the text has {description.Length} characters; expected 1 to {MaxLength}.", nameof(description));
        string text = tokenizer.Normalize(description);
        if (text.Length == 0)
            throw new ArgumentException(
                $"Embed: the text has {description.Length} characters and no word among them; expected 1 to {MaxLength} characters with at least a word.",
                nameof(description));

        List<Segment> segments = DescriptionText.Split(text);
        var readings = new List<WordReading>(segments.Count);
        // Where each word ends in the text that is encoded.
        var ends = new List<int>(segments.Count);
        var corrected = new StringBuilder(text.Length + 16);
        int copied = 0;
        foreach (Segment segment in segments)
        {
            if (segment.Kind == SegmentKind.Punctuation) continue;
            string written = text.Substring(segment.Start, segment.Length).ToLowerInvariant();
            WordReading word = segment.Kind == SegmentKind.Symbol ? new WordReading(written, 0, null) : words.Read(written);
            corrected.Append(text, copied, segment.Start - copied);
            if (word.ReadAs is null) corrected.Append(text, segment.Start, segment.Length);
            else corrected.Append(word.ReadAs);
            copied = segment.End;
            readings.Add(word);
            ends.Add(corrected.Length);
        }
        corrected.Append(text, copied, text.Length - copied);

        int[] ids = tokenizer.EncodeNormalized(corrected.ToString(), out int encodedLength);
        double certainty = 0;
        int meaningful = 0;
        for (int i = 0; i < readings.Count; i++)
        {
            if (ends[i] > encodedLength) readings[i] = new WordReading(readings[i].Word, 0, null);
            if (WordList.IsGlue(readings[i].Word)) continue;
            certainty += readings[i].Certainty;
            meaningful++;
        }
        reading = new DescriptionReading(meaningful == 0 ? 0 : certainty / meaningful, readings);
        return ids;
    }
}
