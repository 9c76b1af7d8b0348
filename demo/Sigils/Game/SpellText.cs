using System.Globalization;

namespace OnDeviceLearning.Demo;

/// <summary>
/// What may stand on a page, whoever wrote it: the player or a file. As strict as the library's own check of names and
/// descriptions, which answers with exceptions where a player needs a sentence.
/// </summary>
internal static class SpellText
{
    /// <summary>A sentence where a name cannot be one.</summary>
    public static string? NameComplaint(string name) =>
        string.IsNullOrWhiteSpace(name) ? "A spell needs a name."
        : name.Length > Grimoire.LongestName ? $"That name has {name.Length} letters; the page has room for {Grimoire.LongestName}."
        : !IsWhole(name) ? "A name cannot hold half a letter."
        : Enumerable.Range(0, name.Length).Any(i => IsNoCharacter(name[i]) || IsInvisible(name[i]) && !IsJoint(name, i)) ? "A name cannot hold letters that nobody sees."
        : null;

    /// <summary>A sentence where words cannot describe a spell.</summary>
    public static string? WordsComplaint(string words) =>
        words.Length > Grimoire.LongestWords ? $"That would be {words.Length:N0} letters; the page holds {Grimoire.LongestWords}. Nothing was written."
        : !IsWhole(words) ? "The page cannot hold half a letter."
        : words.All(c => char.IsWhiteSpace(c) || IsInvisible(c) || IsVariant(c)) ? "Describe the sigil in a few words first."
        : null;

    /// <summary>Whether it takes no ink: a control or format character.</summary>
    public static bool IsInvisible(char c) => char.IsControl(c) || char.GetUnicodeCategory(c) == UnicodeCategory.Format;

    private static bool IsNoCharacter(char c) => c is >= '\uFDD0' and <= '\uFDEF' or >= '\uFFFE';

    /// <summary>Whether no character is split in two.</summary>
    public static bool IsWhole(string text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i])) continue;
            if (i + 1 >= text.Length || !char.IsSurrogatePair(text[i], text[i + 1])) return false;
            i++;
        }
        return true;
    }

    // Some scripts join or part letters inside a word by characters that take no ink themselves.
    private static bool IsJoint(string name, int at) =>
        name[at] is '\u200C' or '\u200D' && at > 0 && at + 1 < name.Length && IsInk(name[at - 1]) && IsInk(name[at + 1]);

    private static bool IsInk(char c) => !IsInvisible(c) && !char.IsWhiteSpace(c);

    // Says which form the letter before it takes; alone it is nothing.
    private static bool IsVariant(char c) => c is >= '\uFE00' and <= '\uFE0F';
}
