namespace OnDeviceLearning.Operations;

/// <summary>Sets every element of y [Length] to <paramref name="Value"/>.</summary>
public sealed record Fill(int Length, float Value) : Operation
{
    /// <inheritdoc/>
    public override IReadOnlyList<Operand> Operands => [Writes("y", Length)];

    /// <inheritdoc/>
    public override long Flops => 0;

    /// <inheritdoc/>
    public override void Reference(OperandSpans operands) => operands[0].Fill(Value);
}
