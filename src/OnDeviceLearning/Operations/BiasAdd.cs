namespace OnDeviceLearning.Operations;

/// <summary>
/// y = x + bias, x and y [Outer, Channels, Inner], bias [Channels]. Images: Outer = N, Inner = H * W; rows of features:
/// Inner = 1; position embeddings: Outer = N, Channels = L * D, Inner = 1.
/// </summary>
public sealed record BiasAdd(int Outer, int Channels, int Inner) : Operation
{
    /// <inheritdoc/>
    public override IReadOnlyList<Operand> Operands => [Reads("x", Outer, Channels, Inner), Reads("bias", Channels), Writes("y", Outer, Channels, Inner)];

    /// <inheritdoc/>
    public override long Flops => (long)Outer * Channels * Inner;

    /// <inheritdoc/>
    public override void Reference(OperandSpans operands)
    {
        Span<float> x = operands[0], bias = operands[1], y = operands[2];
        for (int i = 0; i < y.Length; i++) y[i] = x[i] + bias[i / Inner % Channels];
    }
}

/// <summary>dbias += dy summed over Outer and Inner; dy [Outer, Channels, Inner], dbias [Channels].</summary>
public sealed record BiasGradient(int Outer, int Channels, int Inner) : Operation
{
    /// <inheritdoc/>
    public override IReadOnlyList<Operand> Operands => [Reads("dy", Outer, Channels, Inner), Updates("dbias", Channels)];

    /// <inheritdoc/>
    public override long Flops => (long)Outer * Channels * Inner;

    /// <inheritdoc/>
    public override void Reference(OperandSpans operands)
    {
        Span<float> dy = operands[0], dbias = operands[1];
        for (int c = 0; c < Channels; c++)
        {
            double sum = 0;
            for (int o = 0; o < Outer; o++)
                for (int i = 0; i < Inner; i++) sum += dy[(o * Channels + c) * Inner + i];
            dbias[c] = (float)(dbias[c] + sum);
        }
    }
}
