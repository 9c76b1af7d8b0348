namespace OnDeviceLearning.Demo;

/// <summary>How a duel stands.</summary>
internal enum DuelOutcome { Open, Won, Lost }

/// <summary>What has become of a rival glyph.</summary>
internal enum RivalFate { Waiting, Approaching, Struck, BrokeThrough }

/// <summary>A glyph that comes nearer. Its place is all the rules know of it.</summary>
internal struct Rival
{
    /// <summary>The spell that undoes it.</summary>
    public int Spell;
    /// <summary>Where it walks, from -1 (left) to 1 (right).</summary>
    public float Lane;
    /// <summary>From 1 (the horizon) to 0 (the player).</summary>
    public float Distance;
    public RivalFate Fate;
    /// <summary>Tick at which it took its fate; for what fades on the screen.</summary>
    public int Since;
}

/// <summary>
/// The rules of a duel, in steps of one sixtieth of a second: rivals come, the player strikes them by their spell, what
/// reaches the player breaks a seal. The same seed and the same strikes at the same ticks make the same duel. Knows
/// nothing of drawings, screens or the library.
/// </summary>
internal sealed class Duel
{
    public const int TicksPerSecond = 60, RivalCount = 16, FullSeals = 3, LongestChain = 5;
    private const float FirstTravelSeconds = 15, FirstGapSeconds = 4.6f, Haste = 0.92f;
    private readonly Rival[] rivals;
    private readonly int gapTicks;
    private readonly float step;
    private int next, sinceLast;

    /// <summary>A duel between rivals of all spells, each coming equally often.</summary>
    /// <param name="spells">How many spells there are, at least 1.</param>
    /// <param name="number">The first is 1; later ones are faster.</param>
    /// <param name="seed">Of the order and the lanes.</param>
    public Duel(int spells, int number, int seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(spells, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(number, 1);
        Number = number;
        float haste = MathF.Max(0.4f, MathF.Pow(Haste, number - 1));
        step = 1 / (FirstTravelSeconds * haste * TicksPerSecond);
        gapTicks = (int)(FirstGapSeconds * haste * TicksPerSecond);
        rivals = new Rival[RivalCount];
        var random = new Random(unchecked(seed * 7919 + number));
        int[] order = new int[spells];
        for (int i = 0; i < order.Length; i++) order[i] = i;
        float lane = 0;
        for (int k = 0; k < rivals.Length; k++)
        {
            if (k % spells == 0) random.Shuffle(order);
            // Never twice down the same lane: the one behind would be hidden.
            float at;
            do at = 2 * random.NextSingle() - 1;
            while (MathF.Abs(at - lane) < 0.45f);
            rivals[k] = new Rival { Spell = order[k % spells], Lane = lane = at, Distance = 1 };
        }
        sinceLast = gapTicks;
    }

    /// <summary>Counts from 1.</summary>
    public int Number { get; }

    /// <summary>All rivals in the order in which they come.</summary>
    public ReadOnlySpan<Rival> Rivals => rivals;

    public int Ticks { get; private set; }

    public int Seals { get; private set; } = FullSeals;

    public int Score { get; private set; }

    /// <summary>Strikes in a row that needed no correction and let nothing through.</summary>
    public int Chain { get; private set; }

    public int Struck { get; private set; }

    public DuelOutcome Outcome { get; private set; }

    /// <summary>One sixtieth of a second. <paramref name="pace"/> slows the rivals for players who draw with the keyboard.</summary>
    public void Tick(float pace = 1)
    {
        if (Outcome != DuelOutcome.Open) return;
        Ticks++;
        sinceLast++;
        bool anyone = false;
        for (int k = 0; k < next; k++)
        {
            ref Rival rival = ref rivals[k];
            if (rival.Fate != RivalFate.Approaching) continue;
            rival.Distance -= step * pace;
            if (rival.Distance > 0)
            {
                anyone = true;
                continue;
            }
            rival.Distance = 0;
            Meet(ref rival, RivalFate.BrokeThrough);
            Chain = 0;
            if (--Seals == 0) Outcome = DuelOutcome.Lost;
        }
        if (Outcome == DuelOutcome.Open && next < rivals.Length && (sinceLast * pace >= gapTicks || !anyone))
        {
            rivals[next].Fate = RivalFate.Approaching;
            rivals[next++].Since = Ticks;
            sinceLast = 0;
        }
        if (Outcome == DuelOutcome.Open && Struck + FullSeals - Seals == rivals.Length) Outcome = DuelOutcome.Won;
    }

    /// <summary>The rival nearest to the player, of one spell or of any; -1 if there is none.</summary>
    public int Foremost(int spell = -1)
    {
        int best = -1;
        for (int k = 0; k < next; k++)
            if (rivals[k].Fate == RivalFate.Approaching && (spell < 0 || rivals[k].Spell == spell) && (best < 0 || rivals[k].Distance < rivals[best].Distance)) best = k;
        return best;
    }

    /// <summary>A spell is cast at the foremost rival it undoes.</summary>
    /// <param name="spell">The spell.</param>
    /// <param name="corrected">Whether the game had to be told; such a strike is worth half and breaks the chain.</param>
    /// <returns>The rival struck, or -1 if there was none: the spell goes by.</returns>
    public int Strike(int spell, bool corrected = false)
    {
        int k = Outcome == DuelOutcome.Open ? Foremost(spell) : -1;
        if (corrected || k < 0) Chain = 0;
        if (k < 0) return -1;
        ref Rival rival = ref rivals[k];
        Meet(ref rival, RivalFate.Struck);
        Struck++;
        if (!corrected && Chain < LongestChain) Chain++;
        int worth = 50 + (int)(50 * rival.Distance);
        Score += corrected ? worth / 2 : worth * Math.Max(1, Chain);
        return k;
    }

    private void Meet(ref Rival rival, RivalFate fate)
    {
        rival.Fate = fate;
        rival.Since = Ticks;
    }
}
