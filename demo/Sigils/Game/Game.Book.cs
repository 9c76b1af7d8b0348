using System.Numerics;

namespace OnDeviceLearning.Demo;

// The spellbook between duels: turning pages, writing, trying a sigil.
internal sealed partial class Game
{
    private readonly TextField writing = new(Grimoire.LongestWords);
    private string newName = "";
    private string? readText;
    private DescriptionReading? reading;

    /// <summary>The open page.</summary>
    public int Selected { get; private set; }

    /// <summary>What is being written, while <see cref="Page"/> is <see cref="Page.Edit"/>.</summary>
    public EditField Editing { get; private set; }

    public string Draft => writing.Text;

    public int Caret => writing.Caret;

    /// <summary>The name of the spell that is being added.</summary>
    public string NewName => newName;

    /// <summary>How the book reads what is being written, word by word; null for a name or an empty page.</summary>
    public DescriptionReading? DraftReading
    {
        get
        {
            if (Editing is EditField.Name or EditField.NewName || string.IsNullOrWhiteSpace(writing.Text)) return null;
            if (readText == writing.Text) return reading;
            readText = writing.Text;
            try
            {
                reading = Grimoire.Book.Read(readText);
            }
            catch (ArgumentException)
            {
                // Half of a character that is still being typed.
                reading = null;
            }
            return reading;
        }
    }

    /// <summary>What was drawn in the book to try it, and is not corrected yet.</summary>
    public Glimpse? Trial { get; private set; }

    /// <summary>How sure the book is of each spell, for the trial.</summary>
    public float[] TrialProbabilities { get; } = new float[Grimoire.MostSpells];

    /// <summary>Opens the book, at the page it was left at.</summary>
    public void OpenBook()
    {
        Selected = Math.Min(Selected, Grimoire.Pages.Count - 1);
        Quill.Clear();
        PutBrushAway();
        Turn(Page.Book);
    }

    /// <summary>Begins to write.</summary>
    public void BeginEdit(EditField field)
    {
        if (field == EditField.NewName && Grimoire.Pages.Count == Grimoire.MostSpells)
        {
            Say($"The book is full: it holds {Grimoire.MostSpells} spells. Take one out first (Delete).");
            return;
        }
        Editing = field;
        Quill.Clear();
        PutBrushAway();
        writing.Set(field switch
        {
            EditField.Words => Grimoire.Pages[Selected].Words,
            EditField.Name => Grimoire.Pages[Selected].Name,
            _ => "",
        });
        Turn(Page.Edit);
    }

    /// <summary>Where a page's name stands in the list.</summary>
    public static (float X, float Y) ListLine(int spell) => (62, 150 + 58 * spell);

    private void Try()
    {
        if (Quill.Take(out string? complaint) is not { } drawing)
        {
            Say(complaint);
            return;
        }
        Trial = Grimoire.Cast(drawing, TrialProbabilities);
    }

    private void TurnTo(Vector2 at)
    {
        for (int k = 0; k < Grimoire.Pages.Count; k++)
        {
            (float x, float y) = ListLine(k);
            if (Page != Page.Book || at.X < x - 20 || at.X > x + 240 || MathF.Abs(at.Y - y + 8) > 29) continue;
            Selected = k;
            return;
        }
        if (Page == Page.Book && at.X is > 330 and < 1240 && at.Y is > 120 and < 270) BeginEdit(EditField.Words);
    }

    private void BookKey(GameKey key)
    {
        bool brush = BrushIsOut && key is >= GameKey.Up and <= GameKey.Right;
        switch (key)
        {
            case GameKey.Up when !brush:
                Selected = (Selected + Grimoire.Pages.Count - 1) % Grimoire.Pages.Count;
                break;
            case GameKey.Down when !brush:
                Selected = (Selected + 1) % Grimoire.Pages.Count;
                break;
            case GameKey.Up or GameKey.Down or GameKey.Left or GameKey.Right:
                TakeBrush(TrialField);
                held[key - GameKey.Up] = true;
                break;
            case GameKey.Space when BrushIsOut:
                if (!Quill.IsDown) Quill.Down(Brush);
                break;
            case GameKey.Enter when !Quill.IsEmpty:
                Try();
                break;
            case GameKey.Enter:
                BeginEdit(EditField.Words);
                break;
            case GameKey.Backspace:
                Quill.Clear();
                Trial = null;
                break;
            case GameKey.Delete:
                string name = Grimoire.Pages[Selected].Name;
                Trial = null;
                Say(Grimoire.Remove(Selected) ?? $"{name} is taken out of the book.");
                Selected = Math.Min(Selected, Grimoire.Pages.Count - 1);
                break;
            case GameKey.Escape when BrushIsOut || !Quill.IsEmpty:
                Quill.Clear();
                PutBrushAway();
                break;
            case GameKey.Escape:
                Save();
                Turn(Page.Title);
                break;
        }
    }

    private void EditKey(GameKey key)
    {
        switch (key)
        {
            case GameKey.Left:
                writing.Left();
                break;
            case GameKey.Right:
                writing.Right();
                break;
            case GameKey.Home:
                writing.Home();
                break;
            case GameKey.End:
                writing.End();
                break;
            case GameKey.Backspace:
                writing.Backspace();
                break;
            case GameKey.Delete:
                writing.Delete();
                break;
            case GameKey.Escape:
                Turn(Page.Book);
                break;
            case GameKey.Enter:
                FinishEdit();
                break;
        }
    }

    private string? Write(string text) => writing.Insert(text);

    private void FinishEdit()
    {
        string text = writing.Text;
        if (Editing == EditField.NewName)
        {
            if (Grimoire.NameComplaint(text, except: -1) is { } complaint)
            {
                Say(complaint);
                return;
            }
            newName = text.Trim();
            Editing = EditField.NewWords;
            writing.Set("");
            return;
        }
        string? sentence = Editing switch
        {
            EditField.Name => Grimoire.Rename(Selected, text),
            EditField.NewWords => Grimoire.Add(newName, text),
            _ => Grimoire.Rewrite(Selected, text),
        };
        if (sentence is not null)
        {
            Say(sentence);
            return;
        }
        if (Editing == EditField.NewWords) Selected = Grimoire.Pages.Count - 1;
        SpellPage page = Grimoire.Pages[Selected];
        if (page.Reading is { Understood: <= 0 }) Say($"The book understood nothing of that. {page.Name} can still be learnt from drawings.");
        // What is on the trial page is read again by the new words.
        if (Trial is { } trial) Trial = Grimoire.Cast(trial.Drawing, TrialProbabilities);
        Turn(Page.Book);
    }
}
