using System.Diagnostics;

namespace OnDeviceLearning.Demo;

/// <summary>One test drawing and what it was taken for.</summary>
/// <param name="Drawing">The drawing.</param>
/// <param name="Label">The likeliest spell.</param>
/// <param name="Probability">Its probability.</param>
/// <param name="Confidence">The probability of the spell that was meant.</param>
/// <param name="Right">Whether the likeliest spell is the one that was meant.</param>
internal readonly record struct Reading(Drawing Drawing, string Label, float Probability, float Confidence, bool Right);

/// <summary>A set of spells with how their sentences were understood and their test drawings read: [spell][drawing].</summary>
internal sealed record SpellSet(Spell[] Spells, DescriptionReading[] Sentences, Reading[][] Before, Reading[][] After)
{
    /// <summary>Share of drawings read right when only the descriptions were known.</summary>
    public double AccuracyBefore => Accuracy(Before);

    /// <summary>Share of the same drawings read right after the duel.</summary>
    public double AccuracyAfter => Accuracy(After);

    private static double Accuracy(Reading[][] readings) => readings.SelectMany(r => r).Average(r => r.Right ? 1.0 : 0);
}

/// <summary>The tour: two sets of spells, and a duel between them and what the second becomes.</summary>
internal sealed class Tour(TourOptions options)
{
    private const int FirstDrawings = 5, TestDrawings = 12, DuelCasts = 64;

    // A player needs a moment to draw; learning is done by then on most machines.
    private const int FramesPerCast = 12, MostFramesPerCast = 600;

    /// <summary>What it was played on.</summary>
    public string Device { get; private set; } = "";

    /// <summary>Milliseconds from the start of the process to the first prediction.</summary>
    public double ColdStartMilliseconds { get; private set; }

    /// <summary>Spells that look like nothing but themselves; never taught.</summary>
    public SpellSet First { get; private set; } = null!;

    /// <summary>Spells that are easily confused, before and after the duel.</summary>
    public SpellSet Second { get; private set; } = null!;

    /// <summary>Casts of the duel.</summary>
    public int Casts => DuelCasts;

    /// <summary>How many of them had to be corrected.</summary>
    public int Corrections { get; private set; }

    /// <summary>How many were read right but unsurely, and let stand.</summary>
    public int Confirmations { get; private set; }

    /// <summary>The frames of the duel.</summary>
    public FrameLoop Frames { get; private set; } = null!;

    /// <summary>Plays it, from opening the device on.</summary>
    public void Play()
    {
        Spell[] spells = SpellSets.First;
        var player = new ScriptedPlayer(options.Seed, careful: true);
        // The player draws while the book opens.
        Task<Drawing> drawing = Task.Run(() => player.Draw(spells[0]));
        using var book = new Spellbook(options.Backbone, options.Device, (ulong)options.Seed);
        Device = book.Device;
        DescriptionReading[] sentences = Describe(book, spells);
        book.Cast(drawing.GetAwaiter().GetResult());
        ColdStartMilliseconds = SinceProcessStart();

        Reading[][] readings = Read(book, spells, player.DrawEach(spells, FirstDrawings));
        First = new SpellSet(spells, sentences, readings, readings);

        book.StartOver();
        Spell[] alike = SpellSets.Second;
        sentences = Describe(book, alike);
        Drawing[][] test = new ScriptedPlayer(options.Seed + 1, careful: false).DrawEach(alike, TestDrawings);
        Reading[][] before = Read(book, alike, test);
        Duel(book, alike, new ScriptedPlayer(options.Seed + 2, careful: false));
        Second = new SpellSet(alike, sentences, before, Read(book, alike, test));
    }

    private static DescriptionReading[] Describe(Spellbook book, Spell[] spells)
    {
        var readings = new DescriptionReading[spells.Length];
        for (int s = 0; s < spells.Length; s++) readings[s] = book.Describe(spells[s].Name, spells[s].Description);
        return readings;
    }

    private static Reading[][] Read(Spellbook book, Spell[] spells, Drawing[][] drawings)
    {
        var readings = new Reading[spells.Length][];
        for (int s = 0; s < spells.Length; s++)
        {
            readings[s] = new Reading[drawings[s].Length];
            for (int i = 0; i < drawings[s].Length; i++)
            {
                Prediction p = book.Cast(drawings[s][i]);
                readings[s][i] = new Reading(drawings[s][i], p.Label, p.Probability, book.Confidence(p, spells[s].Name), p.Label == spells[s].Name);
            }
        }
        return readings;
    }

    private void Duel(Spellbook book, Spell[] spells, ScriptedPlayer player)
    {
        Frames = new FrameLoop(book);
        for (int cast = 0; cast < DuelCasts; cast++)
        {
            Spell spell = spells[player.Choose(spells.Length)];
            Drawing drawing = player.Draw(spell);
            Frames.Steady = cast >= DuelCasts / 2;
            AdaptStatus status = Frames.Run(drawing, spell.Name, out Lesson lesson);
            if (lesson == Lesson.Corrected) Corrections++;
            if (lesson == Lesson.Confirmed) Confirmations++;
            // The next cast waits until this one is learnt, so that a slow machine plays the same duel as a fast one.
            for (int frame = 1; frame < FramesPerCast || (status != AdaptStatus.Idle && frame < MostFramesPerCast); frame++)
                status = Frames.Run(null, "", out _);
        }
    }

    private static double SinceProcessStart()
    {
        DateTime now = DateTime.UtcNow;
        using var process = Process.GetCurrentProcess();
        return (now - process.StartTime.ToUniversalTime()).TotalMilliseconds;
    }
}
