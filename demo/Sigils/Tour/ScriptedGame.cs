namespace OnDeviceLearning.Demo;

/// <summary>How one duel of a scripted player went.</summary>
internal sealed record DuelResult(int Casts, int Right, int Corrections, int Confirmations, int Score, int Seals, DuelOutcome Outcome)
{
    public int Misread => Casts - Right;

    /// <summary>Share of casts read right; 1 where there was none.</summary>
    public double Accuracy => Casts == 0 ? 1 : (double)Right / Casts;
}

/// <summary>
/// A scripted player's duels: always the foremost rival is drawn; what is misread is corrected by its key, what is read
/// right stands. The player waits until a cast is learnt from, so that a slow machine plays the same duels as a fast one.
/// </summary>
internal sealed class ScriptedGame(Grimoire grimoire, PlayerScript script, int seed)
{
    /// <summary>What drawing, and looking at what came of it, take in ticks. Real hands are slower.</summary>
    private const int DrawingTicks = 13, LookingTicks = 4, MostFramesOfLearning = 600;

    private readonly ScriptedPlayer player = new(seed, script.Hand);
    private readonly List<DuelResult> duels = new();

    public PlayerScript Script => script;

    public Grimoire Grimoire => grimoire;

    public IReadOnlyList<DuelResult> Duels => duels;

    /// <summary>Writes the player's descriptions into the book; returns how they were understood.</summary>
    public DescriptionReading[] Describe()
    {
        foreach (Spell spell in script.Spells) grimoire.Add(spell.Name, spell.Description);
        return [.. grimoire.Pages.Select(p => p.Reading!)];
    }

    /// <summary>The next duel; in real time where there are <paramref name="frames"/>, as fast as it goes without.</summary>
    public DuelResult Duel(FrameLoop? frames = null)
    {
        int number = duels.Count + 1, right = 0;
        var bout = new Bout(new Duel(script.Spells.Length, number, seed), grimoire);
        while (bout.Duel.Outcome == DuelOutcome.Open)
        {
            if (number == 2 && bout.Casts == Demo.Duel.RivalCount / 2 && script.Rewrite is { } rewrite && grimoire.Pages[rewrite.Spell].Words != rewrite.Words)
                grimoire.Rewrite(rewrite.Spell, rewrite.Words);
            int rival = bout.Duel.Foremost();
            if (rival < 0)
            {
                Frame(null);
                continue;
            }
            int meant = bout.Duel.Rivals[rival].Spell;
            Drawing drawing = player.Draw(script.Spells[meant]);
            for (int t = 1; t < DrawingTicks; t++) Frame(null);
            Frame(drawing);
            if (bout.Last!.Glimpse.Spell == meant) right++;
            for (int t = 0; t < LookingTicks; t++) Frame(null);
            if (bout.Last.Glimpse.Spell != meant) bout.Correct(meant);
            WaitUntilLearnt();
        }
        bout.SettleAll();
        WaitUntilLearnt();
        var result = new DuelResult(bout.Casts, right, bout.Corrections, bout.Confirmations, bout.Duel.Score, bout.Duel.Seals, bout.Duel.Outcome);
        duels.Add(result);
        return result;

        void Frame(Drawing? cast)
        {
            if (frames is not null) frames.Run(bout, grimoire, cast);
            else
            {
                bout.Tick();
                if (cast is not null) bout.Cast(cast);
            }
        }

        void WaitUntilLearnt()
        {
            if (frames is null) grimoire.Book.LearnAll();
            else
                for (int f = 0; f < MostFramesOfLearning && frames.Run(bout, grimoire, null); f++) { }
        }
    }
}
