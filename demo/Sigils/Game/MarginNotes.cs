namespace OnDeviceLearning.Demo;

/// <summary>
/// What each spell is confused with: its kept drawings are read again, one a frame, whenever words or learning have changed.
/// Where a spell has no drawing yet, the likeness of the words stands in.
/// </summary>
internal sealed class MarginNotes(Grimoire grimoire)
{
    private const int Most = Grimoire.MostSpells;
    private readonly float[] sums = new float[Most * Most], shown = new float[Most * Most], probabilities = new float[Most];
    private readonly bool[] fromDrawings = new bool[Most];
    private int version = -1, spell, drawing;
    private bool reading;

    /// <summary>How much of the drawings of <paramref name="row"/> is taken for <paramref name="column"/>, 0 to 1.</summary>
    public float this[int row, int column] => shown[row * Most + column];

    /// <summary>Whether a row comes from drawings; otherwise from the words alone.</summary>
    public bool IsFromDrawings(int row) => fromDrawings[row];

    /// <summary>Whether all drawings have been read as the book is now.</summary>
    public bool IsCurrent => !reading && version == grimoire.Version;

    /// <summary>Once a frame, while the book is open: reads one drawing.</summary>
    public void Tick()
    {
        if (!reading)
        {
            if (version == grimoire.Version) return;
            version = grimoire.Version;
            reading = true;
            spell = drawing = 0;
            Array.Clear(sums);
        }
        while (spell < grimoire.Pages.Count && grimoire.Pages[spell].Latest is null) ReadWords(spell++);
        if (spell < grimoire.Pages.Count)
        {
            SpellPage page = grimoire.Pages[spell];
            // One that was always read surely has none kept; its latest stands for it.
            int count = Math.Max(1, page.Drawings.Count);
            if (drawing < count)
            {
                grimoire.Cast(page.Drawings.Count > 0 ? page.Drawings[drawing] : page.Latest!, probabilities);
                for (int c = 0; c < grimoire.Pages.Count; c++) sums[spell * Most + c] += probabilities[c] / count;
            }
            fromDrawings[spell] = true;
            if (++drawing < count) return;
            drawing = 0;
            spell++;
            if (spell < grimoire.Pages.Count) return;
        }
        sums.CopyTo(shown, 0);
        reading = false;
    }

    private void ReadWords(int row)
    {
        fromDrawings[row] = false;
        for (int c = 0; c < grimoire.Pages.Count; c++)
        {
            // Any two sentences about signs are somewhat alike; what is above that counts.
            float above = Math.Clamp((grimoire.Book.Likeness(grimoire.Pages[row].Words, grimoire.Pages[c].Words) - 0.4f) / 0.6f, 0, 1);
            sums[row * Most + c] = c == row ? 1 : above * above;
        }
    }
}
