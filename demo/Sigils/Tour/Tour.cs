using System.Diagnostics;

namespace OnDeviceLearning.Demo;

/// <summary>One test drawing and what it was taken for.</summary>
/// <param name="Label">The likeliest spell.</param>
/// <param name="Confidence">The probability of the spell that was meant.</param>
/// <param name="Right">Whether the likeliest spell is the one that was meant.</param>
internal readonly record struct Reading(string Label, float Confidence, bool Right);

/// <summary>The tour: four scripted players, three duels each.</summary>
internal sealed class Tour(TourOptions options, bool isPaced = true)
{
    public const int DuelsEach = 3;
    private const int TestDrawings = 12;

    /// <summary>What it was played on.</summary>
    public string Device { get; private set; } = "";

    /// <summary>Milliseconds from the start of the process to the first prediction.</summary>
    public double ColdStartMilliseconds { get; private set; }

    /// <summary>The players with their duels, in the order of <see cref="PlayerScript.All"/>.</summary>
    public List<ScriptedGame> Players { get; } = [];

    /// <summary>How every sentence of every player was understood.</summary>
    public List<DescriptionReading> Sentences { get; } = [];

    /// <summary>The sloppy player's test drawings, never taught: [spell][drawing], by the words alone and after the duels.</summary>
    public Reading[][] Before { get; private set; } = [];

    public Reading[][] After { get; private set; } = [];

    /// <summary>The frames of the sloppy player's duels, at 60 a second.</summary>
    public FrameLoop Frames { get; } = new(isPaced);

    /// <summary>The careful player's first duel.</summary>
    public double ZeroShotAccuracy => Players[0].Duels[0].Accuracy;

    /// <summary>Plays it, from opening the device on.</summary>
    /// <returns>The last player's book, which the caller disposes of.</returns>
    public Spellbook Play()
    {
        PlayerScript careful = PlayerScript.Careful;
        // The player draws while the book opens.
        Task<Drawing> drawing = Task.Run(() => new ScriptedPlayer(options.Seed, careful.Hand).Draw(careful.Spells[0]));
        var book = new Spellbook(options.Backbone, options.Device, (ulong)options.Seed);
        try
        {
            Device = book.Device;
            ScriptedGame first = Begin(book, careful);
            first.Grimoire.Cast(drawing.GetAwaiter().GetResult());
            ColdStartMilliseconds = SinceProcessStart();
            Play(first, measured: false);
            foreach (PlayerScript script in PlayerScript.All[1..])
            {
                book.StartOver();
                Play(Begin(book, script), measured: script.Hand == Hand.Sloppy);
            }
            return book;
        }
        catch
        {
            book.Dispose();
            throw;
        }
    }

    private ScriptedGame Begin(Spellbook book, PlayerScript script)
    {
        var game = new ScriptedGame(new Grimoire(book), script, options.Seed);
        Sentences.AddRange(game.Describe());
        Players.Add(game);
        return game;
    }

    private void Play(ScriptedGame game, bool measured)
    {
        Drawing[][] test = measured ? new ScriptedPlayer(options.Seed + 1, game.Script.Hand).DrawEach(game.Script.Spells, TestDrawings) : [];
        if (measured) Before = Read(game.Grimoire, test);
        for (int d = 0; d < DuelsEach; d++)
        {
            Frames.Steady = d > 0;
            game.Duel(measured ? Frames : null);
        }
        if (measured) After = Read(game.Grimoire, test);
    }

    private static Reading[][] Read(Grimoire grimoire, Drawing[][] drawings)
    {
        var probabilities = new float[Grimoire.MostSpells];
        return [.. drawings.Select((set, s) => set.Select(drawing =>
        {
            Glimpse glimpse = grimoire.Cast(drawing, probabilities);
            return new Reading(grimoire.Pages[glimpse.Spell].Name, probabilities[s], glimpse.Spell == s);
        }).ToArray())];
    }

    /// <summary>Share of drawings read right.</summary>
    public static double Accuracy(Reading[][] readings) => readings.SelectMany(r => r).Average(r => r.Right ? 1.0 : 0);

    private static double SinceProcessStart()
    {
        DateTime now = DateTime.UtcNow;
        using var process = Process.GetCurrentProcess();
        return (now - process.StartTime.ToUniversalTime()).TotalMilliseconds;
    }
}
