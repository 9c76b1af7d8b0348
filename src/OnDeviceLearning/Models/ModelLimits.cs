namespace OnDeviceLearning;

/// <summary>
/// What a model file may cost at most. Everything is checked before memory is taken, so that a file from a stranger can
/// at worst be refused.
/// </summary>
public sealed record ModelLimits
{
    /// <summary>The limits used where none are given; ample for a model that ships with a game.</summary>
    public static ModelLimits Default { get; } = new();

    /// <summary>Largest file in bytes.</summary>
    public long MaxFileBytes { get; init; } = 256L << 20;

    /// <summary>Largest header in bytes: names, shapes and metadata.</summary>
    public int MaxHeaderBytes { get; init; } = 8 << 20;

    /// <summary>Most tensors.</summary>
    public int MaxTensors { get; init; } = 4096;

    /// <summary>Most elements of all tensors together.</summary>
    public long MaxElements { get; init; } = 64L << 20;

    /// <summary>Most dimensions of one tensor.</summary>
    public int MaxRank { get; init; } = 8;

    /// <summary>Most intermediate values (floats) that one pass of a graph may compute, per input of the batch.</summary>
    public long MaxActivations { get; init; } = 64L << 20;
}
