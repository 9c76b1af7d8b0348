namespace OnDeviceLearning.Gpu;

/// <summary>The second pass of what was split, and with it everything that may only happen once: scale, bias, residual, activation.</summary>
internal readonly struct SplitSum()
{
    public float Alpha { get; init; } = 1;

    public bool Accumulate { get; init; }

    /// <summary>The bias operand, -1 for none; element i of the result belongs to bias i / BiasInner % BiasCount.</summary>
    public int Bias { get; init; } = -1;

    public int BiasInner { get; init; } = 1;

    public int BiasCount { get; init; } = 1;

    /// <summary>The residual operand, -1 for none.</summary>
    public int Residual { get; init; } = -1;

    /// <summary>The activation's kind, -1 for none.</summary>
    public int Activation { get; init; } = -1;

    public static void Add(DispatchList list, int partial, int target, int length, int splits, SplitSum last) => list.Elementwise(
        "SplitSum", length,
        // A kernel binds all of its buffers; what it will not read is bound to something that is there.
        [partial, last.Bias < 0 ? partial : last.Bias, last.Residual < 0 ? partial : last.Residual, target],
        [length, splits, last.Alpha, last.Accumulate, last.Bias >= 0, last.BiasInner, last.BiasCount, last.Residual >= 0, last.Activation],
        (long)splits * length, 4L * (splits + 1) * length);
}
