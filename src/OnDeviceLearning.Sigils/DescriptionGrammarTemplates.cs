namespace OnDeviceLearning.Sigils;

/// <summary>Where a pair is described: as the whole text, as a noun phrase, before or after a preposition.</summary>
internal enum PhrasePlace { Top, Noun, BeforeRelation, AfterRelation }

/// <summary>A literal, or a slot of a template.</summary>
/// <param name="Literal">The word, or null.</param>
/// <param name="Op">The slot's letter before A or B; '\0' for none.</param>
/// <param name="First">Whether the slot is for the first part.</param>
/// <param name="Glued">Whether no space comes before.</param>
internal readonly record struct TemplateToken(string? Literal, char Op, bool First, bool Glued);

/// <summary>One template.</summary>
internal sealed class Template
{
    internal Template(string line)
    {
        int space = line.IndexOf(' ', StringComparison.Ordinal), bar = line.IndexOf('|', StringComparison.Ordinal);
        Weight = int.Parse(line.AsSpan(0, space));
        Flags = line[(space + 1)..bar];
        string text = line[(bar + 1)..];
        Hash = Lexicon.Fnv(text);
        HeldOut = Flags.Contains('h');
        NounPhrase = Flags.Contains('n');
        var tokens = new List<TemplateToken>();
        foreach (string word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            for (int at = 0; at < word.Length;)
            {
                bool glued = at > 0;
                if (word[at] == '%')
                {
                    char op = word[at + 1] is 'A' or 'B' ? '\0' : word[at + 1];
                    at += op == '\0' ? 1 : 2;
                    tokens.Add(new TemplateToken(null, op, word[at++] == 'A', glued));
                    continue;
                }
                int end = word.IndexOf('%', at);
                if (end < 0) end = word.Length;
                tokens.Add(new TemplateToken(word[at..end], '\0', false, glued));
                at = end;
            }
        Tokens = [.. tokens];
    }

    internal int Weight { get; }

    internal string Flags { get; }

    internal ulong Hash { get; }

    internal bool HeldOut { get; }

    internal bool NounPhrase { get; }

    internal TemplateToken[] Tokens { get; }
}

/// <summary>The templates of a relation, sorted by where they fit.</summary>
internal sealed class TemplateSet
{
    private readonly (Template[] Templates, int[] UpTo)[] _fitting = new (Template[], int[])[16];

    internal TemplateSet(string[] lines)
    {
        Template[] all = [.. lines.Select(line => new Template(line))];
        for (int fit = 0; fit < 16; fit++)
        {
            bool firstPair = (fit & 1) != 0, secondPair = (fit & 2) != 0;
            var place = (PhrasePlace)(fit >> 2);
            Template[] fitting = [.. all.Where(t => FitsPairs(t, firstPair, secondPair) && FitsPlace(t, place))];
            var upTo = new int[fitting.Length];
            for (int i = 0, sum = 0; i < fitting.Length; i++) upTo[i] = sum += fitting[i].Weight * (t(i) ? 2 : 1);
            _fitting[fit] = (fitting, upTo);
            // Wording made for pairs is preferred where there is one.
            bool t(int i) => fitting[i].Flags.Contains('x');
        }
    }

    /// <summary>A template for the place, or null when none fits.</summary>
    internal Template? Pick(Random random, bool firstPair, bool secondPair, PhrasePlace place)
    {
        (Template[] templates, int[] upTo) = _fitting[(firstPair ? 1 : 0) | (secondPair ? 2 : 0) | ((int)place << 2)];
        if (templates.Length == 0) return place is PhrasePlace.Top or PhrasePlace.Noun ? null : Pick(random, firstPair, secondPair, PhrasePlace.Noun);
        int at = Array.BinarySearch(upTo, random.Next(upTo[^1]) + 1);
        return templates[at < 0 ? ~at : at];
    }

    private static bool FitsPairs(Template t, bool firstPair, bool secondPair) =>
        (!firstPair || t.Flags.Contains('1')) && (!secondPair || t.Flags.Contains('2')) && (firstPair || secondPair || !t.Flags.Contains('x'));

    private static bool FitsPlace(Template t, PhrasePlace place) => place switch
    {
        PhrasePlace.Top => true,
        PhrasePlace.Noun => t.NounPhrase,
        PhrasePlace.BeforeRelation => t.Flags.Contains('c'),
        _ => t.Flags.Contains('o'),
    };
}
