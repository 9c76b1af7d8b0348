namespace OnDeviceLearning.Demo;

/// <summary>A line of text with a caret, as long as a page holds. Never splits a character in two.</summary>
internal sealed class TextField(int capacity)
{
    /// <summary>The most characters.</summary>
    public int Capacity => capacity;

    public string Text { get; private set; } = "";

    /// <summary>Before which character the next one goes.</summary>
    public int Caret { get; private set; }

    /// <summary>Replaces the text; the caret goes to its end.</summary>
    public void Set(string text)
    {
        Text = text.Length <= capacity ? text : text[..capacity];
        Caret = Text.Length;
    }

    /// <summary>Puts in what was typed or pasted, in one line and without what cannot be seen. Nothing is put in, and a sentence returned, where it does not fit.</summary>
    public string? Insert(string text)
    {
        text = new string([.. text.Select(c => char.IsControl(c) ? ' ' : c).Where(c => !SpellText.IsInvisible(c))]);
        if (!SpellText.IsWhole(text)) return "The page cannot hold half a letter.";
        if (text.Length == 1 && Text.Length >= capacity) return $"The page is full: it holds {capacity} letters.";
        if (Text.Length + text.Length > capacity) return $"That would be {Text.Length + text.Length:N0} letters; the page holds {capacity}. Nothing was written.";
        Text = Text.Insert(Caret, text);
        Caret += text.Length;
        return null;
    }

    public void Backspace()
    {
        int from = Before(Caret);
        Text = Text.Remove(from, Caret - from);
        Caret = from;
    }

    public void Delete() => Text = Text.Remove(Caret, After(Caret) - Caret);

    public void Left() => Caret = Before(Caret);

    public void Right() => Caret = After(Caret);

    public void Home() => Caret = 0;

    public void End() => Caret = Text.Length;

    private int Before(int at) => at == 0 ? 0 : at >= 2 && char.IsLowSurrogate(Text[at - 1]) ? at - 2 : at - 1;

    private int After(int at) => at == Text.Length ? at : at + 2 <= Text.Length && char.IsHighSurrogate(Text[at]) ? at + 2 : at + 1;
}
