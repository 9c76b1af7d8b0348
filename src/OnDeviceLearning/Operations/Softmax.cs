namespace OnDeviceLearning.Operations;

/// <summary>Softmax of each row; x and y [Rows, Width].</summary>
public sealed record Softmax(int Rows, int Width) : Operation
{
    /// <inheritdoc/>
    public override IReadOnlyList<Operand> Operands => [Reads("x", Rows, Width), Writes("y", Rows, Width)];

    /// <inheritdoc/>
    public override long Flops => 20L * Rows * Width;

    /// <inheritdoc/>
    public override void Reference(OperandSpans operands)
    {
        for (int r = 0; r < Rows; r++)
        {
            Span<float> x = operands[0].Slice(r * Width, Width), y = operands[1].Slice(r * Width, Width);
            double largest = double.NegativeInfinity, sum = 0;
            foreach (float v in x) largest = Math.Max(largest, v);
            foreach (float v in x) sum += Math.Exp(v - largest);
            for (int i = 0; i < Width; i++) y[i] = (float)(Math.Exp(x[i] - largest) / sum);
        }
    }
}

/// <summary>Gradient of <see cref="Softmax"/>: y, dy, dx [Rows, Width]; dx = y * (dy - sum(dy * y)).</summary>
public sealed record SoftmaxGradient(int Rows, int Width) : Operation
{
    /// <inheritdoc/>
    public override IReadOnlyList<Operand> Operands => [Reads("y", Rows, Width), Reads("dy", Rows, Width), Writes("dx", Rows, Width)];

    /// <inheritdoc/>
    public override long Flops => 4L * Rows * Width;

    /// <inheritdoc/>
    public override void Reference(OperandSpans operands)
    {
        for (int r = 0; r < Rows; r++)
        {
            Span<float> y = operands[0].Slice(r * Width, Width), dy = operands[1].Slice(r * Width, Width), dx = operands[2].Slice(r * Width, Width);
            double dot = 0;
            for (int i = 0; i < Width; i++) dot += (double)y[i] * dy[i];
            for (int i = 0; i < Width; i++) dx[i] = (float)(y[i] * (dy[i] - dot));
        }
    }
}
