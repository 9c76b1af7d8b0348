namespace OnDeviceLearning.Operations;

/// <summary>Mean squared error: x and target [Length], loss [1], dx [Length] its gradient.</summary>
public sealed record SquaredError(int Length) : Operation
{
    /// <inheritdoc/>
    public override IReadOnlyList<Operand> Operands => [Reads("x", Length), Reads("target", Length), Writes("loss", 1), Writes("dx", Length)];

    /// <inheritdoc/>
    public override long Flops => 4L * Length;

    /// <inheritdoc/>
    public override void Reference(OperandSpans operands)
    {
        Span<float> x = operands[0], target = operands[1], dx = operands[3];
        double sum = 0;
        for (int i = 0; i < Length; i++)
        {
            double difference = (double)x[i] - target[i];
            sum += difference * difference;
            dx[i] = (float)(2 * difference / Length);
        }
        operands[2][0] = (float)(sum / Length);
    }
}
