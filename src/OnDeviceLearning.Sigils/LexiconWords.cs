namespace OnDeviceLearning.Sigils;

/// <summary>A weighted list of words or phrases.</summary>
internal sealed class WordList
{
    private readonly Word[] _words;
    private readonly int[] _upTo;

    internal WordList(IEnumerable<Word> words)
    {
        _words = [.. words.Where(w => w.Weight > 0)];
        _upTo = new int[_words.Length];
        for (int i = 0, sum = 0; i < _words.Length; i++) _upTo[i] = sum += _words[i].Weight;
    }

    internal ReadOnlySpan<Word> Words => _words;

    internal static WordList Parse(string text, char separator = ',') => new(Entries(text, separator));

    internal static WordList ParseNouns(string text) => new(Entries(text, ',').Select(w => w with { Plural = w.Plural ?? Lexicon.Pluralize(w.Text) }));

    internal WordList Countable() => new(_words.Where(w => w.Kind == NounKind.Countable));

    internal ref readonly Word Pick(Random random)
    {
        int at = random.Next(_upTo[^1]);
        int low = 0, high = _upTo.Length - 1;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_upTo[middle] > at) high = middle;
            else low = middle + 1;
        }
        return ref _words[low];
    }

    private static IEnumerable<Word> Entries(string text, char separator)
    {
        foreach (string entry in text.Split(separator))
        {
            string word = separator == ',' ? entry.Trim() : entry;
            int colon = word.LastIndexOf(':');
            int weight = 2;
            if (colon >= 0 && int.TryParse(word.AsSpan(colon + 1), out int given)) (weight, word) = (given, word[..colon]);
            NounKind kind = word.Length > 1 && word[0] == '~' && word[1] != '/' ? NounKind.Phrase : word.Length > 1 && word[0] == '^' && word[1] != '^' ? NounKind.Mass : NounKind.Countable;
            if (kind != NounKind.Countable) word = word[1..];
            string? plural = null;
            int slash = word.LastIndexOf('/');
            if (slash > 0 && slash < word.Length - 1 && word[slash + 1] != '\\' && !word.EndsWith("w/", StringComparison.Ordinal)) (word, plural) = (word[..slash], word[(slash + 1)..]);
            yield return new Word(word.Replace("\\:", ":", StringComparison.Ordinal), plural, weight, kind);
        }
    }
}

internal enum NounKind { Countable, Mass, Phrase }

/// <summary>A word or phrase of a <see cref="WordList"/>.</summary>
internal readonly record struct Word(string Text, string? Plural, int Weight, NounKind Kind)
{
    internal ulong Hash { get; } = Lexicon.Fnv(Text);

    /// <summary>Whether the phrase itself says a size.</summary>
    internal bool Sized { get; } = Text.StartsWith("little ", StringComparison.Ordinal) || Text.StartsWith("small ", StringComparison.Ordinal) || Text.StartsWith("tiny ", StringComparison.Ordinal)
        || Text.StartsWith("big ", StringComparison.Ordinal) || Text.StartsWith("short ", StringComparison.Ordinal) || Text.StartsWith("long ", StringComparison.Ordinal);

    internal bool OneWord { get; } = Text.Length > 2 && Text.All(char.IsAsciiLetter);
}

internal static partial class Lexicon
{
    /// <summary>FNV-1a, 64 bits.</summary>
    internal static ulong Fnv(string text)
    {
        ulong hash = 14695981039346656037;
        foreach (char c in text) hash = (hash ^ c) * 1099511628211;
        return hash;
    }

    /// <summary>The plural of a noun phrase by rule.</summary>
    internal static string Pluralize(string phrase)
    {
        string[] words = phrase.Split(' ');
        int head = words.Length - 1;
        for (int i = 1; i < words.Length; i++)
            if (PhraseBreaks.Contains(words[i], StringComparer.Ordinal))
            {
                head = i - 1;
                break;
            }
        words[head] = PluralWord(words[head]);
        return string.Join(' ', words);
    }

    private static string PluralWord(string word)
    {
        if (!char.IsAsciiLetter(word[^1])) return word;
        if (word.EndsWith("fish", StringComparison.Ordinal)) return word;
        if (word.Length > 1 && (word[^1] is 's' or 'x' or 'z' || word.EndsWith("ch", StringComparison.Ordinal) || word.EndsWith("sh", StringComparison.Ordinal))) return word + "es";
        if (word.Length > 1 && word[^1] == 'y' && !IsVowel(word[^2])) return word[..^1] + "ies";
        return word + "s";
    }

    internal static bool IsVowel(char c) => c is 'a' or 'e' or 'i' or 'o' or 'u';

    /// <summary>Whether "an" goes before the text.</summary>
    internal static bool TakesAn(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty) return false;
        if (text[0] == '8') return true;
        if (text.Length == 1 || !char.IsAsciiLetter(text[1])) return "aefhilmnorsx".Contains(text[0]) && (text[0] is not 'a' || text.Length == 1);
        if (text.StartsWith("uni") || text.StartsWith("one") || text.StartsWith("use") || text.StartsWith("usu") || text.StartsWith("eu")) return false;
        if (text.StartsWith("hour") || text.StartsWith("xl") || text.StartsWith("xm") || text.StartsWith("ecg")) return !text.StartsWith("xm");
        return IsVowel(text[0]);
    }
}
