using OnDeviceLearning.Sigils;

namespace OnDeviceLearning.Demo;

/// <summary>How a scripted player draws.</summary>
internal enum Hand { Careful, Middling, Sloppy }

/// <summary>A player of the tour: what they write, how they draw, and what they think better of halfway.</summary>
/// <param name="Name">As the account calls them.</param>
/// <param name="Spells">What they have in mind, and the words they write.</param>
/// <param name="Hand">How they draw.</param>
/// <param name="Rewrite">In the middle of the second duel: which spell gets which words instead.</param>
internal sealed record PlayerScript(string Name, Spell[] Spells, Hand Hand, (int Spell, string Words)? Rewrite = null)
{
    /// <summary>The first player of the tour; on its own, because its first cast is what the cold start waits for.</summary>
    public static PlayerScript Careful => new("careful", SpellSets.First, Hand.Careful);

    /// <summary>The four players of the tour.</summary>
    public static PlayerScript[] All =>
    [
        Careful,
        new("sloppy", SpellSets.Second, Hand.Sloppy),
        new("bad describer", SpellSets.Vague, Hand.Middling),
        new("rewriter", SpellSets.Mixed, Hand.Middling, (SpellSets.RewrittenIndex, SpellSets.RewrittenWords)),
    ];
}

/// <summary>A hand that always draws the same things for the same seed.</summary>
internal sealed class ScriptedPlayer(int seed, Hand hand)
{
    private readonly Random random = new(seed);

    /// <summary>Draws a spell once more, a little differently every time.</summary>
    public Drawing Draw(Spell spell) => SigilArtist.Draw(spell.Sigil, hand switch
    {
        Hand.Careful => HandStyle.Careful(random),
        Hand.Sloppy => HandStyle.Sloppy(random),
        _ => HandStyle.Sample(random),
    }, random);

    /// <summary>Every spell <paramref name="times"/> times, spell by spell.</summary>
    public Drawing[][] DrawEach(Spell[] spells, int times)
    {
        var drawings = new Drawing[spells.Length][];
        for (int s = 0; s < spells.Length; s++)
        {
            drawings[s] = new Drawing[times];
            for (int i = 0; i < times; i++) drawings[s][i] = Draw(spells[s]);
        }
        return drawings;
    }
}
