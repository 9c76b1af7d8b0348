using System.Globalization;
using System.Text;

namespace OnDeviceLearning.Text;

/// <summary>What a stretch of text is.</summary>
internal enum SegmentKind
{
    /// <summary>A run of letters and their marks.</summary>
    Word,
    /// <summary>A run of decimal digits.</summary>
    Number,
    /// <summary>One ASCII punctuation mark or symbol.</summary>
    Punctuation,
    /// <summary>One other symbol, such as an emoji.</summary>
    Symbol,
}

/// <summary>A stretch of a text.</summary>
internal readonly record struct Segment(int Start, int Length, SegmentKind Kind)
{
    public int End => Start + Length;
}

/// <summary>
/// How texts are brought into one form and cut into words, the same for the tokenizer, for the word list and in training.
/// </summary>
internal static class DescriptionText
{
    /// <summary>
    /// Compatibility-composed (Unicode NFKC), lower case if asked for, control characters and line ends as single spaces,
    /// invisible format characters dropped, typographic quotes and dashes as their ASCII forms.
    /// </summary>
    public static string Normalize(string text, bool lowercase)
    {
        if (!IsAscii(text)) text = Compose(text);
        var result = new StringBuilder(text.Length);
        bool space = true;
        foreach (char original in text)
        {
            char c = original;
            if (char.IsWhiteSpace(c) || char.IsControl(c))
            {
                if (!space) result.Append(' ');
                space = true;
                continue;
            }
            if (c >= 0x80)
            {
                if (char.GetUnicodeCategory(c) == UnicodeCategory.Format || c is >= '\uFE00' and <= '\uFE0F') continue;
                c = Fold(c);
            }
            if (c is 'ﬁ' or 'ﬂ')
            {
                result.Append('f');
                c = c == 'ﬁ' ? 'i' : 'l';
            }
            result.Append(lowercase ? char.ToLowerInvariant(c) : c);
            space = false;
        }
        if (space && result.Length > 0) result.Length--;
        return result.ToString();
    }

    /// <summary>Cuts a normalised text; spaces lie between the segments.</summary>
    public static List<Segment> Split(ReadOnlySpan<char> text)
    {
        var segments = new List<Segment>(text.Length / 4 + 1);
        for (int at = 0; at < text.Length;)
        {
            if (char.IsWhiteSpace(text[at]))
            {
                at++;
                continue;
            }
            int start = at;
            SegmentKind kind = KindAt(text, at, out int width);
            at += width;
            if (kind is SegmentKind.Word or SegmentKind.Number)
                while (at < text.Length && (KindAt(text, at, out width) == kind || (kind == SegmentKind.Word && IsMark(text[at])))) at += width;
            segments.Add(new Segment(start, at - start, kind));
        }
        return segments;
    }

    private static SegmentKind KindAt(ReadOnlySpan<char> text, int at, out int width)
    {
        char c = text[at];
        width = 1;
        if (char.IsAscii(c))
            return char.IsAsciiLetter(c) ? SegmentKind.Word : char.IsAsciiDigit(c) ? SegmentKind.Number
                : char.IsWhiteSpace(c) ? (SegmentKind)(-1) : SegmentKind.Punctuation;
        if (char.IsWhiteSpace(c)) return (SegmentKind)(-1);
        if (Rune.DecodeFromUtf16(text[at..], out Rune rune, out int consumed) == System.Buffers.OperationStatus.Done)
        {
            width = consumed;
            if (Rune.IsLetter(rune)) return SegmentKind.Word;
            if (Rune.GetUnicodeCategory(rune) == UnicodeCategory.DecimalDigitNumber) return SegmentKind.Number;
        }
        return SegmentKind.Symbol;
    }

    private static bool IsMark(char c) =>
        char.GetUnicodeCategory(c) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark;

    private static bool IsAscii(string text) => System.Text.Ascii.IsValid(text);

    private static string Compose(string text)
    {
        // Normalize refuses lone surrogates.
        char[]? mended = null;
        for (int i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i])) continue;
            if (i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1])) i++;
            else (mended ??= text.ToCharArray())[i] = '\uFFFD';
        }
        return (mended is null ? text : new string(mended)).Normalize(NormalizationForm.FormKC);
    }

    /// <summary>
    /// Typographic forms to ASCII. The full-width and ligature forms are NFKC's as well: an application in invariant
    /// globalization mode normalises nothing, and its players may still paste them.
    /// </summary>
    private static char Fold(char c) => c switch
    {
        >= '\uFF01' and <= '\uFF5E' => (char)(c - 0xFEE0),
        '\u2018' or '\u2019' or '\u02BC' or '\u2032' or '`' or '\u00B4' => '\'',
        '\u201C' or '\u201D' or '\u00AB' or '\u00BB' or '\u2033' => '"',
        >= '\u2010' and <= '\u2015' or '\u2212' => '-',
        '\u00D7' => 'x',
        _ => c,
    };
}
