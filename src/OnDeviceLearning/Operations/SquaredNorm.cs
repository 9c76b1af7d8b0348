namespace OnDeviceLearning.Operations;

/// <summary>sum [1] += the squared elements of x [Length]; several of them give the norm of all gradients.</summary>
public sealed record SquaredNorm(int Length) : Operation
{
    /// <inheritdoc/>
    public override IReadOnlyList<Operand> Operands => [Reads("x", Length), Updates("sum", 1)];

    /// <inheritdoc/>
    public override long Flops => 2L * Length;

    /// <inheritdoc/>
    public override void Reference(OperandSpans operands)
    {
        double sum = operands[1][0];
        foreach (float v in operands[0]) sum += (double)v * v;
        operands[1][0] = (float)sum;
    }
}

/// <summary>Clipping by norm: x [Length] *= min(1, limit / (sqrt(sum) + 1e-6)), sum [1] from <see cref="SquaredNorm"/>, limit [1].</summary>
public sealed record ClipScale(int Length) : Operation
{
    /// <inheritdoc/>
    public override IReadOnlyList<Operand> Operands => [Updates("x", Length), Reads("sum", 1), Reads("limit", 1)];

    /// <inheritdoc/>
    public override long Flops => Length;

    /// <inheritdoc/>
    public override void Reference(OperandSpans operands)
    {
        double scale = Math.Min(1, operands[2][0] / (Math.Sqrt(operands[1][0]) + 1e-6));
        foreach (ref float v in operands[0]) v = (float)(v * scale);
    }
}
