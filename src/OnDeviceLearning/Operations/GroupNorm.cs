namespace OnDeviceLearning.Operations;

/// <summary>The sizes group normalisation and its gradients share; images are [N, Channels, Inner], Inner = H * W.</summary>
public abstract record GroupNormOperation(int N, int Channels, int Inner, int Groups, float Epsilon) : Operation
{
    /// <inheritdoc/>
    protected override void Validate()
    {
        AtLeast(1, Groups);
        if (Channels % Groups != 0) throw Error($"{Groups} groups do not divide {Channels} channels.");
        if (!(Epsilon > 0 && float.IsFinite(Epsilon))) throw Error($"Epsilon is {Epsilon}; expected a positive number.");
    }

    /// <summary>Elements that share their statistics.</summary>
    private protected int BlockWidth => Channels / Groups * Inner;
}

/// <summary>
/// Normalises each group of channels of each image, then scales and shifts by channel: x and y [N, Channels, Inner],
/// gamma and beta [Channels], statistics [N * Groups, 2] (mean, 1 / standard deviation). arXiv 1803.08494.
/// </summary>
public sealed record GroupNorm(int N, int Channels, int Inner, int Groups, float Epsilon = 1e-5f)
    : GroupNormOperation(N, Channels, Inner, Groups, Epsilon)
{
    /// <inheritdoc/>
    public override IReadOnlyList<Operand> Operands =>
        [Reads("x", N, Channels, Inner), Reads("gamma", Channels), Reads("beta", Channels), Writes("y", N, Channels, Inner), Writes("statistics", N, Groups, 2)];

    /// <inheritdoc/>
    public override long Flops => 8L * N * Channels * Inner;

    /// <inheritdoc/>
    public override void Reference(OperandSpans operands) =>
        Normalization.Forward(operands[0], operands[1], operands[2], operands[3], operands[4], N * Groups, BlockWidth, i => i / Inner, Epsilon);
}

/// <summary>Gradient of <see cref="GroupNorm"/> for its input: x, gamma, statistics, dy, dx.</summary>
public sealed record GroupNormInputGradient(int N, int Channels, int Inner, int Groups, float Epsilon = 1e-5f)
    : GroupNormOperation(N, Channels, Inner, Groups, Epsilon)
{
    /// <inheritdoc/>
    public override IReadOnlyList<Operand> Operands =>
        [Reads("x", N, Channels, Inner), Reads("gamma", Channels), Reads("statistics", N, Groups, 2), Reads("dy", N, Channels, Inner), Writes("dx", N, Channels, Inner)];

    /// <inheritdoc/>
    public override long Flops => 12L * N * Channels * Inner;

    /// <inheritdoc/>
    public override void Reference(OperandSpans operands) =>
        Normalization.InputGradient(operands[0], operands[1], operands[2], operands[3], operands[4], N * Groups, BlockWidth, i => i / Inner);
}

/// <summary>Gradient of <see cref="GroupNorm"/> for gamma and beta, which accumulate: x, statistics, dy, dgamma, dbeta.</summary>
public sealed record GroupNormAffineGradient(int N, int Channels, int Inner, int Groups, float Epsilon = 1e-5f)
    : GroupNormOperation(N, Channels, Inner, Groups, Epsilon)
{
    /// <inheritdoc/>
    public override IReadOnlyList<Operand> Operands =>
        [Reads("x", N, Channels, Inner), Reads("statistics", N, Groups, 2), Reads("dy", N, Channels, Inner), Updates("dgamma", Channels), Updates("dbeta", Channels)];

    /// <inheritdoc/>
    public override long Flops => 5L * N * Channels * Inner;

    /// <inheritdoc/>
    public override void Reference(OperandSpans operands) =>
        Normalization.AffineGradient(operands[0], operands[1], operands[2], operands[3], operands[4], N * Groups, BlockWidth, Channels, i => i / Inner);
}
