namespace OnDeviceLearning.Operations;

/// <summary>y = x / max(|x|, Epsilon) row by row; x and y [Rows, Width], norms [Rows] (|x|, before the maximum) for the gradient.</summary>
public sealed record L2Normalize(int Rows, int Width, float Epsilon = 1e-12f) : Operation
{
    /// <inheritdoc/>
    protected override void Validate()
    {
        if (!(Epsilon > 0 && float.IsFinite(Epsilon))) throw Error($"Epsilon is {Epsilon}; expected a positive number.");
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Operand> Operands => [Reads("x", Rows, Width), Writes("y", Rows, Width), Writes("norms", Rows)];

    /// <inheritdoc/>
    public override long Flops => 3L * Rows * Width;

    /// <inheritdoc/>
    public override void Reference(OperandSpans operands)
    {
        for (int r = 0; r < Rows; r++)
        {
            Span<float> x = operands[0].Slice(r * Width, Width), y = operands[1].Slice(r * Width, Width);
            double sum = 0;
            foreach (float v in x) sum += (double)v * v;
            double norm = Math.Sqrt(sum);
            operands[2][r] = (float)norm;
            for (int i = 0; i < Width; i++) y[i] = (float)(x[i] / Math.Max(norm, Epsilon));
        }
    }
}

/// <summary>
/// Gradient of <see cref="L2Normalize"/>: y, norms, dy, dx; dx = (dy - y * sum(dy * y)) / norm, or dy / Epsilon where the
/// norm is not above Epsilon.
/// </summary>
public sealed record L2NormalizeGradient(int Rows, int Width, float Epsilon = 1e-12f) : Operation
{
    /// <inheritdoc/>
    protected override void Validate()
    {
        if (!(Epsilon > 0 && float.IsFinite(Epsilon))) throw Error($"Epsilon is {Epsilon}; expected a positive number.");
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Operand> Operands => [Reads("y", Rows, Width), Reads("norms", Rows), Reads("dy", Rows, Width), Writes("dx", Rows, Width)];

    /// <inheritdoc/>
    public override long Flops => 5L * Rows * Width;

    /// <inheritdoc/>
    public override void Reference(OperandSpans operands)
    {
        for (int r = 0; r < Rows; r++)
        {
            Span<float> y = operands[0].Slice(r * Width, Width), dy = operands[2].Slice(r * Width, Width), dx = operands[3].Slice(r * Width, Width);
            double norm = operands[1][r], dot = 0;
            if (norm > Epsilon)
                for (int i = 0; i < Width; i++) dot += (double)y[i] * dy[i];
            for (int i = 0; i < Width; i++) dx[i] = (float)((dy[i] - y[i] * dot) / Math.Max(norm, Epsilon));
        }
    }
}
