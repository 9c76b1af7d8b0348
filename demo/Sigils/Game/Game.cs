using System.Diagnostics;
using System.Numerics;

namespace OnDeviceLearning.Demo;

/// <summary>
/// The game without its looks: pages, keys, pen, time. A front end calls <see cref="Frame"/> once a frame, hands on what the
/// player does in units of a page of <see cref="Width"/> by <see cref="Height"/>, and draws what it finds here. One thread.
/// </summary>
internal sealed partial class Game : IDisposable
{
    public const float Width = 1280, Height = 720;
    private const int NoticeTicks = 7 * Duel.TicksPerSecond;

    /// <summary>Where sigils are drawn in a duel, and in the book: left, top, right, bottom.</summary>
    public static readonly (float Left, float Top, float Right, float Bottom) DuelField = (30, 66, 1250, 572), TrialField = (936, 384, 1226, 612);

    private readonly SaveFolder? saves;
    private readonly int seed;
    private float unspent;
    private int noticeSince;
    private Progress progress;

    /// <summary>Opens the book where the player left it, or a new one with eight spells.</summary>
    /// <param name="book">Belongs to the game from now on.</param>
    /// <param name="saves">Where it lies; null to keep nothing.</param>
    /// <param name="seed">Of the duels.</param>
    public Game(Spellbook book, SaveFolder? saves, int seed)
        : this(new Grimoire(book), saves, seed)
    {
        string? notice = null;
        IsResumed = saves is not null && saves.Resume(Grimoire, out progress, out notice);
        if (!IsResumed)
        {
            book.StartOver();
            foreach (Spell spell in SpellSets.First) Grimoire.Add(spell.Name, spell.Description);
        }
        Say(notice);
    }

    /// <summary>Plays with a book that is written already.</summary>
    public Game(Grimoire grimoire, SaveFolder? saves, int seed)
    {
        this.saves = saves;
        this.seed = seed;
        Grimoire = grimoire;
        Notes = new MarginNotes(grimoire);
    }

    public Grimoire Grimoire { get; }

    public MarginNotes Notes { get; }

    public Quill Quill { get; } = new();

    public Page Page { get; private set; }

    public bool IsResumed { get; private set; }

    /// <summary>Whether the front end should close.</summary>
    public bool IsOver { get; private set; }

    /// <summary>The duel under way or just finished; null before the first.</summary>
    public Bout? Bout { get; private set; }

    public Progress Progress => progress;

    /// <summary>Ticks since the start; for what moves on the screen.</summary>
    public int Ticks { get; private set; }

    public bool ShowsOverlay { get; private set; }

    /// <summary>A sentence to the player; null when it has been there long enough.</summary>
    public string? Notice { get; private set; }

    /// <summary>Milliseconds of a frame, and of learning within it.</summary>
    public Meter FrameTime { get; } = new();

    public Meter LearningTime { get; } = new();

    /// <summary>What the latest learning did.</summary>
    public AdaptReport LearningReport { get; private set; }

    /// <summary>Which line of a menu is chosen.</summary>
    public int Choice { get; private set; }

    public IReadOnlyList<string> Menu => Page switch
    {
        Page.Title => Bout is null && progress.Duels == 0 ? ["Begin the first duel", "Open the spellbook", "Leave"] : [$"Begin duel {progress.Duels + 1}", "Open the spellbook", "Leave"],
        Page.Pause => ["Go on", "Break off the duel", "Leave"],
        Page.Verdict => [$"Begin duel {progress.Duels + 1}", "Open the spellbook", "Back to the cover"],
        _ => [],
    };

    /// <summary>Once a frame: time passes in whole ticks, then the book learns.</summary>
    /// <param name="seconds">Since the frame before.</param>
    public void Frame(double seconds)
    {
        FrameTime.Add(seconds * 1000);
        AdoptEngine();
        // A frame that took very long (a window moved, a laptop asleep) is not caught up with.
        unspent = MathF.Min(unspent + (float)seconds, 0.1f);
        while (unspent >= 1f / Duel.TicksPerSecond)
        {
            unspent -= 1f / Duel.TicksPerSecond;
            Tick();
        }
        long begun = Stopwatch.GetTimestamp();
        LearningReport = Grimoire.Learn();
        LearningTime.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
    }

    /// <summary>One sixtieth of a second.</summary>
    public void Tick()
    {
        Ticks++;
        if (Notice is not null && Ticks - noticeSince > NoticeTicks) Notice = null;
        Quill.Tick();
        RepeatKey();
        MoveBrush();
        if (Page is Page.Book or Page.Edit)
        {
            Notes.Tick();
            if (Page == Page.Book && Quill.HasPaused && !BrushIsOut) Try();
        }
        if (Page != Page.Duel || Bout is not { } bout) return;
        // Arrow keys rest between strokes: with the brush, Enter casts.
        if (Quill.HasPaused && !BrushIsOut) Cast();
        bout.Tick(BrushIsOut ? BrushPace : 1);
        if (bout.Duel.Outcome != DuelOutcome.Open) Finish(bout);
    }

    /// <summary>Begins the next duel.</summary>
    public void BeginDuel()
    {
        Quill.Clear();
        PutBrushAway();
        Bout = new Bout(new Duel(Grimoire.Pages.Count, progress.Duels + 1, seed), Grimoire);
        Turn(Page.Duel);
    }

    /// <summary>Reads what the pen has drawn and casts it.</summary>
    public void Cast()
    {
        if (Quill.Take(out string? complaint) is not { } drawing)
        {
            Say(complaint);
            return;
        }
        if (Page != Page.Duel || Bout is not { } bout) return;
        LastCast last = bout.Cast(drawing);
        if (last.Glimpse.Spell < 0) Say("The book knows no spell to read this as.");
    }

    /// <summary>One key says what the latest sigil was.</summary>
    public void Correct(int spell)
    {
        if (spell < 0 || spell >= Grimoire.Pages.Count) return;
        string name = Grimoire.Pages[spell].Name;
        if (Page == Page.Duel)
        {
            if (Bout is { } bout && !bout.Correct(spell)) Say("There is no cast to correct. Draw, and then say what it was.");
        }
        else if (Page == Page.Book && Trial is { } trial)
        {
            Grimoire.Correct(trial, spell, TrialProbabilities[spell]);
            Say($"Kept as {name}. The book learns it as you read.");
            Trial = null;
        }
    }

    /// <summary>Says something to the player.</summary>
    public void Say(string? sentence)
    {
        if (sentence is null) return;
        Notice = sentence;
        noticeSince = Ticks;
    }

    /// <summary>Puts the book away; returns whether that worked.</summary>
    public bool Save()
    {
        string? complaint = saves?.Save(Grimoire, progress);
        Say(complaint);
        return complaint is null;
    }

    /// <summary>Ends background work and frees the book. Saving is <see cref="Save"/>'s.</summary>
    public void Dispose()
    {
        DropEngine();
        Grimoire.Book.Dispose();
    }

    private void Finish(Bout bout)
    {
        bout.SettleAll();
        progress = new Progress(progress.Duels + 1, Math.Max(progress.Best, bout.Duel.Score), bout.Duel.Outcome == DuelOutcome.Won);
        Quill.Clear();
        PutBrushAway();
        Turn(Page.Verdict);
        Save();
    }

    private void Turn(Page page)
    {
        Page = page;
        Choice = 0;
        // What is not corrected while the book is open stands.
        if (page is not (Page.Book or Page.Edit)) Trial = null;
    }
}
