namespace OnDeviceLearning;

/// <summary>A text to classify, such as what a player typed or said. Immutable.</summary>
public sealed class TextInput : ClassifierInput
{
    /// <summary>The most characters.</summary>
    public const int MaxLength = 2_000;

    /// <summary>A text.</summary>
    /// <exception cref="ArgumentException">It has more than <see cref="MaxLength"/> characters.</exception>
    public TextInput(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length > MaxLength) throw new ArgumentException($"TextInput: the text has {text.Length} characters; expected 1 to {MaxLength}.", nameof(text));
        Text = text;
    }

    /// <summary>The text. One without a word is refused where it is embedded.</summary>
    public string Text { get; }

    internal override InputKinds Kind => InputKinds.Texts;
}
