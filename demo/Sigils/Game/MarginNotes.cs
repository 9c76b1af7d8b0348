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
        while (spell < grimoire.Pages.Count && grimoire.Pages[spell].Drawings.Count == 0) ReadWords(spell++);
        if (spell < grimoire.Pages.Count)
        {
            IReadOnlyList<Drawing> drawings = grimoire.Pages[spell].Drawings;
            if (drawing < drawings.Count)
            {
                grimoire.Cast(drawings[drawing], probabilities);
                for (int c = 0; c < grimoire.Pages.Count; c++) sums[spell * Most + c] += probabilities[c] / drawings.Count;
            }
            fromDrawings[spell] = true;
            if (++drawing < drawings.Count) return;
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
            sums[row * Most + c] = c == row ? 1 : Math.Clamp(grimoire.Book.Likeness(grimoire.Pages[row].Words, grimoire.Pages[c].Words), 0, 1);
    }
}
