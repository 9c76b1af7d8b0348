namespace OnDeviceLearning;

/// <summary>A model or save file is not what it should be; the message says what and where.</summary>
public sealed class ModelFormatException(string message, Exception? inner = null) : Exception(message, inner);
