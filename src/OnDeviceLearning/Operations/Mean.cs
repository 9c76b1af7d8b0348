namespace OnDeviceLearning.Operations;

/// <summary>
/// Mean over the middle axis: x [Outer, Count, Inner], y [Outer, Inner]. Global average pooling: Outer = N * C,
/// Count = H * W, Inner = 1; mean over tokens: Outer = N, Count = L, Inner = D.
/// </summary>
public sealed record Mean(int Outer, int Count, int Inner) : Operation
{
    /// <inheritdoc/>
    public override IReadOnlyList<Operand> Operands => [Reads("x", Outer, Count, Inner), Writes("y", Outer, Inner)];

    /// <inheritdoc/>
    public override long Flops => (long)Outer * Count * Inner;

    /// <inheritdoc/>
    public override void Reference(OperandSpans operands)
    {
        Span<float> x = operands[0], y = operands[1];
        for (int o = 0; o < Outer; o++)
            for (int i = 0; i < Inner; i++)
            {
                double sum = 0;
                for (int c = 0; c < Count; c++) sum += x[(o * Count + c) * Inner + i];
                y[o * Inner + i] = (float)(sum / Count);
            }
    }
}

/// <summary>Gradient of <see cref="Mean"/>: dy [Outer, Inner], dx [Outer, Count, Inner].</summary>
public sealed record MeanGradient(int Outer, int Count, int Inner) : Operation
{
    /// <inheritdoc/>
    public override IReadOnlyList<Operand> Operands => [Reads("dy", Outer, Inner), Writes("dx", Outer, Count, Inner)];

    /// <inheritdoc/>
    public override long Flops => (long)Outer * Count * Inner;

    /// <inheritdoc/>
    public override void Reference(OperandSpans operands)
    {
        Span<float> dy = operands[0], dx = operands[1];
        for (int i = 0; i < dx.Length; i++) dx[i] = dy[i / (Count * Inner) * Inner + i % Inner] / Count;
    }
}
