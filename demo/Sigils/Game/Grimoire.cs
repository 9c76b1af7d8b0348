namespace OnDeviceLearning.Demo;

/// <summary>What the book took a drawing for.</summary>
/// <param name="Drawing">The drawing.</param>
/// <param name="Spell">The likeliest spell's page; -1 if there is none.</param>
/// <param name="Sure">Its probability.</param>
/// <param name="Unknown">Whether it looks like no spell of the book.</param>
internal readonly record struct Glimpse(Drawing Drawing, int Spell, float Sure, bool Unknown);

/// <summary>
/// The spellbook with its pages. Whatever changes the book goes through here, so that pages and book agree: page k is the
/// book's class k.
/// </summary>
internal sealed class Grimoire(Spellbook book)
{
    public const int MostSpells = 9, FewestSpells = 2, LongestName = 14, LongestWords = 200;

    // Corrections alone would show the book only the oddest drawings of a spell, and two spells that are often confused
    // would be pulled past each other. So what it was less sure of than this, and right, is an example too.
    private const float SureCast = 0.9f;
    private readonly List<SpellPage> pages = [];

    public Spellbook Book => book;

    public IReadOnlyList<SpellPage> Pages => pages;

    /// <summary>Whether what the player lets stand is learnt from too, and not corrections alone.</summary>
    public bool LearnsFromSilence { get; init; } = true;

    /// <summary>Changes with every change of words, names or what was learnt; for what is drawn from it.</summary>
    public int Version { get; private set; }

    /// <summary>Adds a spell in the player's words.</summary>
    /// <returns>A sentence to the player where it cannot be added.</returns>
    public string? Add(string name, string words)
    {
        if (pages.Count == MostSpells) return $"The book is full: it holds {MostSpells} spells.";
        if (NameComplaint(name, except: -1) is { } complaint) return complaint;
        if (SpellText.WordsComplaint(words) is { } unread) return unread;
        pages.Add(new SpellPage(name.Trim(), words) { Reading = book.Describe(name.Trim(), words) });
        Version++;
        return null;
    }

    /// <summary>Writes a spell's words anew; what was learnt of it stays.</summary>
    public string? Rewrite(int spell, string words)
    {
        if (SpellText.WordsComplaint(words) is { } complaint) return complaint;
        pages[spell].Words = words;
        pages[spell].Reading = book.Describe(pages[spell].Name, words);
        Version++;
        return null;
    }

    public string? Rename(int spell, string name)
    {
        name = name.Trim();
        if (NameComplaint(name, spell) is { } complaint) return complaint;
        book.Rename(pages[spell].Name, name);
        pages[spell].Name = name;
        Version++;
        return null;
    }

    public string? Remove(int spell)
    {
        if (pages.Count <= FewestSpells) return $"A book of fewer than {FewestSpells} spells is none.";
        book.Remove(pages[spell].Name);
        pages.RemoveAt(spell);
        Version++;
        return null;
    }

    /// <summary>Reads a drawing. Allocates nothing.</summary>
    public Glimpse Cast(Drawing drawing)
    {
        Prediction p = book.Cast(drawing);
        return new Glimpse(drawing, IndexOf(p.Label), p.Probability, p.IsUnknown);
    }

    /// <summary>The same, with the probability of every spell.</summary>
    public Glimpse Cast(Drawing drawing, Span<float> probabilities)
    {
        Prediction p = book.Cast(drawing);
        p.Probabilities.CopyTo(probabilities);
        return new Glimpse(drawing, IndexOf(p.Label), p.Probability, p.IsUnknown);
    }

    /// <summary>The player says which spell a drawing was.</summary>
    /// <param name="glimpse">How it was read.</param>
    /// <param name="meant">The spell it was.</param>
    /// <param name="sure">How sure the book had been of that spell.</param>
    public void Correct(in Glimpse glimpse, int meant, float sure)
    {
        SpellPage page = pages[meant];
        page.Casts++;
        if (glimpse.Spell != meant) page.Misread++;
        page.Record(sure);
        Learn(glimpse.Drawing, page);
    }

    /// <summary>The player lets a reading stand: if it was an unsure one, it is an example.</summary>
    /// <returns>Whether it was.</returns>
    public bool LetStand(in Glimpse glimpse)
    {
        SpellPage page = pages[glimpse.Spell];
        page.Casts++;
        page.Record(glimpse.Sure);
        page.Latest = glimpse.Drawing;
        if (glimpse.Sure >= SureCast || !LearnsFromSilence) return false;
        Learn(glimpse.Drawing, page);
        return true;
    }

    /// <summary>Once a frame.</summary>
    public AdaptReport Learn()
    {
        AdaptReport report = book.Learn();
        if (report.Status == AdaptStatus.Published) Version++;
        return report;
    }

    /// <summary>Takes the pages as they were saved. The book must hold the same spells.</summary>
    internal void Restore(IEnumerable<SpellPage> saved)
    {
        pages.Clear();
        pages.AddRange(saved);
        foreach (SpellPage page in pages) page.Reading ??= book.Read(page.Words);
        Version++;
    }

    /// <summary>Writes a new book from the pages alone: their words, and their drawings as examples.</summary>
    internal void RebuildFrom(IEnumerable<SpellPage> saved)
    {
        book.StartOver();
        pages.Clear();
        foreach (SpellPage page in saved)
        {
            page.Reading = book.Describe(page.Name, page.Words);
            pages.Add(page);
            foreach (Drawing drawing in page.Drawings) book.Teach(drawing, page.Name);
        }
        Version++;
    }

    private void Learn(Drawing drawing, SpellPage page)
    {
        book.Teach(drawing, page.Name);
        page.Keep(drawing);
        Version++;
    }

    private int IndexOf(string name)
    {
        for (int k = 0; k < pages.Count; k++)
            if (pages[k].Name == name) return k;
        return -1;
    }

    public string? NameComplaint(string name, int except)
    {
        name = name.Trim();
        if (SpellText.NameComplaint(name) is { } complaint) return complaint;
        int same = pages.FindIndex(p => string.Equals(p.Name, name, StringComparison.OrdinalIgnoreCase));
        return same >= 0 && same != except ? $"There is a spell called {pages[same].Name} already." : null;
    }
}
