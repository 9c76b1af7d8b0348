namespace OnDeviceLearning.Operations;

/// <summary>c = a + b elementwise; all [Length].</summary>
public sealed record Add(int Length) : Operation
{
    /// <inheritdoc/>
    public override IReadOnlyList<Operand> Operands => [Reads("a", Length), Reads("b", Length), Writes("c", Length)];

    /// <inheritdoc/>
    public override long Flops => Length;

    /// <inheritdoc/>
    public override void Reference(OperandSpans operands)
    {
        Span<float> a = operands[0], b = operands[1], c = operands[2];
        for (int i = 0; i < Length; i++) c[i] = a[i] + b[i];
    }
}
