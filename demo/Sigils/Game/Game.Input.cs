using System.Numerics;

namespace OnDeviceLearning.Demo;

// What the player does. Everything can be done with the keyboard alone: in a duel the arrows move a brush, Space inks.
internal sealed partial class Game
{
    /// <summary>How much slower rivals are while the brush is out: arrows are slower than a hand.</summary>
    private const float BrushPace = 0.3f, BrushSpeed = 4.4f;
    private const int RepeatAfterTicks = 26, RepeatEveryTicks = 3;
    private readonly bool[] held = new bool[4];
    private GameKey? repeating;
    private int repeatingSince;

    /// <summary>Where the arrow keys' brush is.</summary>
    public Vector2 Brush { get; private set; }

    public bool BrushIsOut { get; private set; }

    public void PenDown(Vector2 at)
    {
        PutBrushAway();
        if (IsInField(at)) Quill.Down(at);
        else if (Page is Page.Book or Page.Edit) TurnTo(at);
        else if (MenuAt(at) is int line and >= 0)
        {
            Choice = line;
            Choose();
        }
    }

    public void PenMove(Vector2 to)
    {
        if (Quill.IsDown) Quill.Move(Clamp(to));
        else if (MenuAt(to) is int line and >= 0) Choice = line;
    }

    public void PenUp() => Quill.Up();

    /// <summary>A key goes down. Front ends need not repeat it while it is held: where that helps, the game does.</summary>
    public void KeyDown(GameKey key)
    {
        (repeating, repeatingSince) = (key, Ticks);
        Press(key);
    }

    private void RepeatKey()
    {
        if (repeating is { } key && Page == Page.Edit && Ticks - repeatingSince >= RepeatAfterTicks && (Ticks - repeatingSince) % RepeatEveryTicks == 0
            && key is GameKey.Left or GameKey.Right or GameKey.Backspace or GameKey.Delete) Press(key);
    }

    private void Press(GameKey key)
    {
        if (key == GameKey.Overlay) ShowsOverlay = !ShowsOverlay;
        else if (key == GameKey.Device) SwitchDevice();
        else if (key == GameKey.Save) { if (Save()) Say("The book is put away safely."); }
        else if (Page == Page.Edit) EditKey(key);
        else if (Page == Page.Book) BookKey(key);
        else if (Page == Page.Duel) DuelKey(key);
        else MenuKey(key);
    }

    /// <summary>A key goes up.</summary>
    public void KeyUp(GameKey key)
    {
        if (repeating == key) repeating = null;
        if (key is >= GameKey.Up and <= GameKey.Right) held[key - GameKey.Up] = false;
        if (key == GameKey.Space && BrushIsOut) Quill.Up();
    }

    /// <summary>Typed or pasted text; digits are what corrects a reading.</summary>
    public void Type(string text)
    {
        if (Page == Page.Edit) Say(Write(text));
        else if (text.Length == 1 && text[0] is >= '1' and <= '9') Correct(text[0] - '1');
        else if (Page == Page.Book && text is "n" or "N") BeginEdit(EditField.NewName);
        else if (Page == Page.Book && text is "r" or "R") BeginEdit(EditField.Name);
    }

    /// <summary>The window lost the keyboard: nothing is held any more, and a duel waits.</summary>
    public void LoseFocus()
    {
        Array.Clear(held);
        repeating = null;
        Quill.Up();
        if (Page == Page.Duel) Turn(Page.Pause);
    }

    /// <summary>Where a line of the menu stands; the same for looks and pen.</summary>
    public static (float X, float Y, float HalfWidth) MenuLine(int line) => (Width / 2, 486 + 50 * line, 200);

    private void DuelKey(GameKey key)
    {
        switch (key)
        {
            case GameKey.Escape when !Quill.IsEmpty:
                Quill.Clear();
                break;
            case GameKey.Escape:
                Turn(Page.Pause);
                break;
            case GameKey.Enter:
                Cast();
                break;
            case GameKey.Backspace:
                Quill.Clear();
                break;
            case GameKey.Space when BrushIsOut:
                if (!Quill.IsDown) Quill.Down(Brush);
                break;
            case GameKey.Up or GameKey.Down or GameKey.Left or GameKey.Right:
                TakeBrush(DuelField);
                held[key - GameKey.Up] = true;
                break;
        }
    }

    private void MenuKey(GameKey key)
    {
        switch (key)
        {
            case GameKey.Up:
                Choice = (Choice + Menu.Count - 1) % Menu.Count;
                break;
            case GameKey.Down or GameKey.Tab:
                Choice = (Choice + 1) % Menu.Count;
                break;
            case GameKey.Enter or GameKey.Space:
                Choose();
                break;
            case GameKey.Escape when Page == Page.Pause:
                Turn(Page.Duel);
                break;
            case GameKey.Escape when Page == Page.Verdict:
                Turn(Page.Title);
                break;
        }
    }

    private void Choose()
    {
        switch (Page, Choice)
        {
            case (Page.Title or Page.Verdict, 0):
                BeginDuel();
                break;
            case (Page.Title or Page.Verdict, 1):
                OpenBook();
                break;
            case (Page.Pause, 0):
                Turn(Page.Duel);
                break;
            case (Page.Pause, 1):
                Bout?.SettleAll();
                Bout = null;
                Quill.Clear();
                Turn(Page.Title);
                break;
            case (Page.Verdict, 2):
                Turn(Page.Title);
                break;
            default:
                Bout?.SettleAll();
                IsOver = true;
                break;
        }
    }

    private int MenuAt(Vector2 at)
    {
        for (int line = 0; line < Menu.Count; line++)
        {
            (float x, float y, float half) = MenuLine(line);
            if (MathF.Abs(at.X - x) <= half && MathF.Abs(at.Y - y) <= 24) return line;
        }
        return -1;
    }

    private void TakeBrush((float Left, float Top, float Right, float Bottom) field)
    {
        if (BrushIsOut) return;
        BrushIsOut = true;
        Brush = new Vector2((field.Left + field.Right) / 2, (field.Top + field.Bottom) / 2);
    }

    private void PutBrushAway()
    {
        BrushIsOut = false;
        Array.Clear(held);
    }

    private void MoveBrush()
    {
        if (!BrushIsOut || Page is not (Page.Duel or Page.Book)) return;
        var step = new Vector2((held[3] ? 1 : 0) - (held[2] ? 1 : 0), (held[1] ? 1 : 0) - (held[0] ? 1 : 0));
        if (step != default) Brush = Clamp(Brush + BrushSpeed * Vector2.Normalize(step));
        // Between two strokes the brush travels: that is no pause of the hand.
        if (step != default || Quill.IsDown) Quill.Move(Brush);
    }

    private bool IsInField(Vector2 at) => Field is { } f && at.X >= f.Left && at.X <= f.Right && at.Y >= f.Top && at.Y <= f.Bottom;

    private Vector2 Clamp(Vector2 at) => Field is { } f ? Vector2.Clamp(at, new Vector2(f.Left, f.Top), new Vector2(f.Right, f.Bottom)) : at;

    private (float Left, float Top, float Right, float Bottom)? Field => Page switch
    {
        Page.Duel => DuelField,
        Page.Book => TrialField,
        _ => null,
    };
}
