using System.Text.Json;
using OnDeviceLearning.Models;

namespace OnDeviceLearning.Text;

/// <summary>The words a backbone met in training, with their counts, and how other words are read as one of them.</summary>
internal sealed class WordList
{
    /// <summary>A word met this often in training is known for certain.</summary>
    private const double FamiliarCount = 1000;

    private const double InflectionCertainty = 0.9, OneErrorCertainty = 0.45, TwoErrorsCertainty = 0.3;

    private static readonly string[] NumberWords =
    [
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
        "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
    ];

    private static readonly HashSet<string> Glue =
    [
        "a", "an", "the", "of", "with", "and", "or", "is", "are", "be", "was", "its", "it", "it's", "this", "that", "these", "those",
        "there", "which", "who", "has", "have", "as", "s", "i", "my", "you", "your", "some", "like", "just", "so", "to", "too",
    ];

    /// <summary>Words that turn a description round. No encoder here minds them, so they are never understood.</summary>
    private static readonly HashSet<string> Negations =
        ["no", "not", "without", "never", "none", "nothing", "neither", "nor", "isn't", "aren't", "don't", "doesn't", "hasn't", "except", "lacking", "missing", "minus"];

    private readonly Dictionary<string, long> counts;

    private WordList(Dictionary<string, long> counts) => this.counts = counts;

    /// <summary>Reads <c>{word: count in the training texts}</c>; 0 stands for a word that is known to say nothing about what is described.</summary>
    /// <exception cref="ModelFormatException">A count is not a whole number of 0 or more, or a word occurs twice.</exception>
    public static WordList Parse(string json)
    {
        using MetadataJson document = MetadataJson.Parse("odl.words", json);
        var counts = new Dictionary<string, long>();
        foreach (JsonProperty word in document.Root.EnumerateObject())
        {
            string name = document.Name(word);
            if (word.Value.ValueKind != JsonValueKind.Number || !word.Value.TryGetInt64(out long count) || count < 0)
                throw document.Error($"the count of '{name}' is {word.Value.GetRawText()}; expected a whole number of 0 or more");
            if (!counts.TryAdd(DescriptionText.Normalize(name, lowercase: true), count)) throw document.Error($"'{name}' occurs twice");
        }
        return new WordList(counts);
    }

    public static bool IsGlue(string word) => Glue.Contains(word);

    /// <summary>Reads one word or number, in lower case.</summary>
    public WordReading Read(string word)
    {
        if (IsGlue(word)) return new WordReading(word, 1, null);
        if (Negations.Contains(word) || counts.TryGetValue(word, out long count) && count == 0) return new WordReading(word, 0, null);
        if (Familiarity(word) is > 0 and double known) return new WordReading(word, known, null);
        if (char.IsDigit(word[0])) return ReadNumber(word);
        if (Array.IndexOf(NumberWords, word) is >= 0 and int value && Familiarity(value.ToString()) is > 0 and double digits)
            return new WordReading(word, InflectionCertainty * digits, value.ToString());
        return ReadInflected(word) ?? ReadMisspelt(word) ?? new WordReading(word, 0, null);
    }

    private double Familiarity(string word) =>
        counts.TryGetValue(word, out long count) ? Math.Min(1, Math.Log(1.0 + count) / Math.Log(1 + FamiliarCount)) : 0;

    private WordReading ReadNumber(string digits)
    {
        if (int.TryParse(digits, out int value))
        {
            if (value < NumberWords.Length && Familiarity(NumberWords[value]) is > 0 and double known)
                return new WordReading(digits, InflectionCertainty * known, NumberWords[value]);
            if (value.ToString() is string plain && plain != digits && Familiarity(plain) is > 0 and double leading)
                return new WordReading(digits, leading, plain);
        }
        return new WordReading(digits, 0, null);
    }

    /// <summary>Another form of a known word: plural or singular, -ed, -ing, -y, -er.</summary>
    private WordReading? ReadInflected(string word)
    {
        if (word.Length < 3) return null;
        string? best = null;
        long most = 0;
        void Try(string form)
        {
            if (form.Length >= 2 && counts.TryGetValue(form, out long count) && count > most)
            {
                most = count;
                best = form;
            }
        }
        if (word.EndsWith("ies", StringComparison.Ordinal)) Try(word[..^3] + "y");
        if (word.EndsWith("ves", StringComparison.Ordinal))
        {
            Try(word[..^3] + "f");
            Try(word[..^3] + "fe");
        }
        foreach (string suffix in (ReadOnlySpan<string>)["s", "es", "d", "ed", "ing", "y", "ly", "er", "r"])
        {
            if (!word.EndsWith(suffix, StringComparison.Ordinal) || word.Length - suffix.Length < 3) continue;
            string stem = word[..^suffix.Length];
            Try(stem);
            if (suffix is "ed" or "ing" or "er" or "y")
            {
                Try(stem + "e");
                Try(stem + "ed");
                Try(stem + "ing");
                if (stem[^1] == stem[^2]) Try(stem[..^1]);
            }
        }
        Try(word + "s");
        Try(word + "es");
        if (word.EndsWith('y')) Try(word[..^1] + "ies");
        if (word.Length >= 4)
        {
            Try(word + "d");
            Try(word + "ed");
            Try(word + "ing");
            if (word.EndsWith('e')) Try(word[..^1] + "ing");
        }
        return best is null ? null : new WordReading(word, InflectionCertainty * Familiarity(best), best);
    }

    /// <summary>
    /// The nearest known word by <see cref="EditDistance"/>: one error from four letters on, two from eight. First letters
    /// are rarely wrong in typing errors, and asking for them keeps short words of other meanings apart. Where two known
    /// words are equally near and comparably common nothing is guessed.
    /// </summary>
    private WordReading? ReadMisspelt(string word)
    {
        if (word.Length is < 4 or > 40) return null;
        int limit = word.Length >= 8 ? 2 : 1, nearest = limit + 1;
        string? best = null;
        long most = 0, second = 0;
        foreach ((string known, long count) in counts)
        {
            if (count == 0 || known.Length < 3 || Math.Abs(known.Length - word.Length) > limit) continue;
            if (known[0] != word[0] && !(known[0] == word[1] && known[1] == word[0])) continue;
            int distance = EditDistance.Between(word, known, limit);
            if (distance > limit || distance > nearest) continue;
            if (word.Length == 4 && known.Length == 4 && DifferInOneLetter(word, known)) continue;
            if (distance < nearest)
            {
                nearest = distance;
                best = known;
                most = count;
                second = 0;
            }
            else if (count > most || (count == most && string.CompareOrdinal(known, best) < 0))
            {
                second = Math.Max(second, most);
                most = count;
                best = known;
            }
            else
            {
                second = Math.Max(second, count);
            }
        }
        if (best is null || second * 2 > most) return null;
        return new WordReading(word, (nearest == 1 ? OneErrorCertainty : TwoErrorsCertainty) * Familiarity(best), best);
    }

    /// <summary>Four-letter words that differ in one letter are far more often other words (boat, bolt; shut, shot) than errors; swapped letters are errors.</summary>
    private static bool DifferInOneLetter(string word, string known)
    {
        int changed = 0;
        for (int i = 0; i < word.Length; i++)
            if (word[i] != known[i]) changed++;
        return changed == 1;
    }
}
