using System.Numerics;
using SkiaSharp;

namespace OnDeviceLearning.Demo;

/// <summary>
/// Plays the game itself, by its keys and pen, for its pictures: the contact sheet of its screens and the animated duel.
/// What is seen is what a player would see.
/// </summary>
internal sealed class Reel : IDisposable
{
    private const int SheetWidth = 640, SheetHeight = 360, ReelTicks = 7;
    private readonly Game game;
    private readonly Stage stage = new();
    private readonly ScriptedPlayer player;
    private readonly Spell[] spells;
    private readonly List<(string Caption, SKBitmap Picture)> screens = [];
    private readonly List<byte[]> large = [];
    private readonly List<SKBitmap> film = [];
    private readonly Random random;
    private readonly bool isLarge;
    private int filmed = -1;

    /// <summary>Begins with a new book of somebody who describes one spell badly. The book stays the caller's.</summary>
    public Reel(Spellbook book, int seed, bool isLarge = false)
    {
        this.isLarge = isLarge;
        spells = SpellSets.Mixed;
        book.StartOver();
        var grimoire = new Grimoire(book);
        foreach (Spell spell in spells) grimoire.Add(spell.Name, spell.Description);
        game = new Game(grimoire, saves: null, seed);
        player = new ScriptedPlayer(seed, Hand.Careful);
        random = new Random(seed);
    }

    /// <summary>The screens with what they show.</summary>
    public IReadOnlyList<(string Caption, SKBitmap Picture)> Screens => screens;

    /// <summary>Plays and pictures it all.</summary>
    public void Play()
    {
        Shoot("the cover");
        Press(GameKey.Enter);
        filmed = -1;
        int casts = 0;
        bool corrected = false;
        Run(400);
        filmed = 0;
        Run(14);
        while (game.Page == Page.Duel && game.Bout is { } bout)
        {
            int rival = bout.Duel.Foremost();
            if (rival < 0)
            {
                Run(1);
                continue;
            }
            int meant = bout.Duel.Rivals[rival].Spell;
            DrawByHand(spells[meant], bout, shoot: casts == 1 ? "a duel: the sigil is drawn" : null);
            casts++;
            LastCast last = bout.Last!;
            Run(filmed >= 0 ? 16 : 6);
            if (last.Glimpse.Spell != meant)
            {
                if (!corrected) Run(20);
                game.Type($"{meant + 1}");
                Run(14);
                if (!corrected) Shoot("misread: one key says what it was");
                corrected = true;
                Run(20);
            }
            else if (casts == 2) Shoot("recognised by the words alone");
            // The film ends a cast after the first correction.
            if (filmed > 420 && corrected || filmed > 800) filmed = -1;
            if (filmed >= 0) Run(14);
            if (casts == 6)
            {
                game.KeyDown(GameKey.Overlay);
                Run(30);
                Shoot("F1: what a frame and learning cost");
                game.KeyDown(GameKey.Overlay);
            }
        }
        filmed = -1;
        Shoot("the duel is over");
        game.OpenBook();
        for (int k = 0; k < SpellSets.RewrittenIndex; k++) Press(GameKey.Down);
        Run(200);
        Shoot("the spellbook: drawings, certainty, what is mistaken for what");
        Press(GameKey.Enter);
        Shoot("words that are not known are underlined");
        while (game.Draft.Length > 0) game.KeyDown(GameKey.Backspace);
        game.Type(SpellSets.RewrittenWords);
        Press(GameKey.Enter);
        Run(200);
        TryByHand(spells[SpellSets.RewrittenIndex]);
        Shoot("described anew, and tried at once");
        Press(GameKey.Escape);
        Press(GameKey.Enter);
        Run(560);
        Shoot("the second duel: rivals carry the player's own signs");
    }

    /// <summary>The duel as an animated picture.</summary>
    public byte[] Film() => PalettePng.Animate(film, [.. Enumerable.Range(0, film.Count).Select(i => i == film.Count - 1 ? 2500 : ReelTicks * 1000 / Duel.TicksPerSecond)]);

    /// <summary>Every screen as a file of its own, of the size of a window.</summary>
    public void Write(string folder)
    {
        Directory.CreateDirectory(folder);
        for (int i = 0; i < large.Count; i++) File.WriteAllBytes(Path.Combine(folder, $"{i + 1}.png"), large[i]);
    }

    public void Dispose()
    {
        foreach ((string _, SKBitmap picture) in screens) picture.Dispose();
        foreach (SKBitmap picture in film) picture.Dispose();
        stage.Dispose();
    }

    private void Run(int ticks)
    {
        for (int t = 0; t < ticks; t++)
        {
            game.Frame(1.0001 / Duel.TicksPerSecond);
            // The pictures are not taken in real time: a cast is learnt from before the next.
            if (t == ticks - 1) game.Grimoire.Book.LearnAll();
            if (filmed < 0 || filmed++ % ReelTicks != 0) continue;
            film.Add(stage.Picture(SheetWidth, SheetHeight, game));
        }
    }

    private void Press(GameKey key)
    {
        game.KeyDown(key);
        game.KeyUp(key);
        Run(2);
    }

    private void Shoot(string caption)
    {
        screens.Add((caption, stage.Picture(SheetWidth, SheetHeight, game)));
        if (isLarge) large.Add(stage.Png((int)Game.Width, (int)Game.Height, game));
    }

    private void DrawByHand(Spell spell, Bout bout, string? shoot)
    {
        int before = bout.Casts;
        Vector2 at = new(Game.Width / 2 + 300 * (random.NextSingle() - 0.5f), 372);
        Trace(player.Draw(spell), at, 200, filmed >= 0 ? 34 : 5, shoot);
        Run(2);
        Press(GameKey.Enter);
        if (bout.Casts == before) game.Cast();
    }

    private void TryByHand(Spell spell)
    {
        (float left, float top, float right, float bottom) = Game.TrialField;
        Trace(player.Draw(spell), new Vector2((left + right) / 2, (top + bottom) / 2 - 14), 150, 10, null);
        Press(GameKey.Enter);
        Run(60);
    }

    private void Trace(Drawing drawing, Vector2 centre, float size, int ticks, string? shoot)
    {
        (Vector2 low, Vector2 high) = GlyphCache.BoundsOf(drawing);
        float scale = size / MathF.Max(MathF.Max(high.X - low.X, high.Y - low.Y), 1e-3f);
        Vector2 middle = 0.5f * (low + high);
        int points = drawing.Strokes.Sum(s => s.Count), done = 0, run = 0;
        foreach (IReadOnlyList<Vector2> stroke in drawing.Strokes)
        {
            game.PenDown(Place(stroke[0]));
            foreach (Vector2 point in stroke)
            {
                game.PenMove(Place(point));
                for (done++; run * points < done * ticks; run++)
                {
                    Run(1);
                    if (shoot is not null && run == ticks * 3 / 4) Shoot(shoot);
                }
            }
            game.PenUp();
        }

        Vector2 Place(Vector2 p) => centre + scale * (p - middle);
    }
}
