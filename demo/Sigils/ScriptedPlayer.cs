using OnDeviceLearning.Sigils;

namespace OnDeviceLearning.Demo;

/// <summary>A player who always draws the same things for the same seed.</summary>
internal sealed class ScriptedPlayer(int seed, bool careful)
{
    private readonly Random random = new(seed);

    /// <summary>Draws a spell once more, a little differently every time.</summary>
    public Drawing Draw(Spell spell) =>
        SigilArtist.Draw(spell.Sigil, careful ? HandStyle.Careful(random) : HandStyle.Sloppy(random), random);

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

    /// <summary>Which of <paramref name="count"/> spells comes next.</summary>
    public int Choose(int count) => random.Next(count);
}
