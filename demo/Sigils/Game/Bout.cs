namespace OnDeviceLearning.Demo;

/// <summary>A cast, until it is settled: by the player's word, by the next cast, or by time.</summary>
internal sealed class LastCast
{
    public Glimpse Glimpse { get; set; }
    /// <summary>How sure the book was of each spell.</summary>
    public float[] Probabilities { get; } = new float[Grimoire.MostSpells];
    /// <summary>The rival it struck, or -1.</summary>
    public int Rival { get; set; } = -1;
    public int Tick { get; set; }
    /// <summary>Whether one key may still say what it was.</summary>
    public bool IsOpen { get; set; }
    /// <summary>What the player said it was; -1 where nothing was said.</summary>
    public int Meant { get; set; } = -1;
}

/// <summary>A duel fought with a grimoire: casts are read and strike, and one key mends a misreading.</summary>
internal sealed class Bout(Duel duel, Grimoire grimoire)
{
    /// <summary>How long a cast may be corrected.</summary>
    public const int WindowTicks = 4 * Duel.TicksPerSecond;

    private readonly LastCast latest = new();

    public Duel Duel => duel;

    /// <summary>The latest cast; null before the first.</summary>
    public LastCast? Last => Casts > 0 ? latest : null;

    public int Casts { get; private set; }

    public int Corrections { get; private set; }

    public int Confirmations { get; private set; }

    public void Tick(float pace = 1)
    {
        duel.Tick(pace);
        if (Last is { IsOpen: true } last && (duel.Ticks - last.Tick >= WindowTicks || duel.Outcome != DuelOutcome.Open)) Settle(last);
    }

    /// <summary>A finished sigil: what came before it is settled, it is read, and strikes.</summary>
    public LastCast Cast(Drawing drawing)
    {
        if (Last is { IsOpen: true } before) Settle(before);
        LastCast last = latest;
        Casts++;
        last.Glimpse = grimoire.Cast(drawing, last.Probabilities);
        last.Rival = last.Glimpse.Spell < 0 ? -1 : duel.Strike(last.Glimpse.Spell);
        last.Tick = duel.Ticks;
        last.IsOpen = true;
        last.Meant = -1;
        return last;
    }

    /// <summary>One key says which spell the latest cast was; if it was misread, that one is cast now.</summary>
    /// <returns>False where there is nothing to correct.</returns>
    public bool Correct(int spell)
    {
        if (Last is not { IsOpen: true } last || spell < 0 || spell >= grimoire.Pages.Count) return false;
        last.IsOpen = false;
        last.Meant = spell;
        grimoire.Correct(last.Glimpse, spell, last.Probabilities[spell]);
        if (spell == last.Glimpse.Spell)
        {
            Confirmations++;
            return true;
        }
        Corrections++;
        int struck = duel.Strike(spell, corrected: true);
        if (last.Rival < 0) last.Rival = struck;
        return true;
    }

    /// <summary>What struck and was not corrected was right; what went by says nothing.</summary>
    private void Settle(LastCast last)
    {
        last.IsOpen = false;
        if (last.Rival < 0) return;
        if (grimoire.LetStand(last.Glimpse)) Confirmations++;
    }

    /// <summary>At the end of a duel, or when the player leaves it.</summary>
    public void SettleAll()
    {
        if (Last is { IsOpen: true } last) Settle(last);
    }
}
