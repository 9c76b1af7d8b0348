namespace OnDeviceLearning;

/// <summary>A model or save file is not what it should be; the message says what and where.</summary>
public sealed class ModelFormatException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Whether the file is a sound save, made with another backbone than the one it was to be opened with.</summary>
    public bool IsForOtherBackbone { get; internal init; }
}
