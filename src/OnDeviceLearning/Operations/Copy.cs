namespace OnDeviceLearning.Operations;

/// <summary>
/// Copies <paramref name="Outer"/> rows of <paramref name="Inner"/> elements:
/// target[TargetOffset + o * TargetStride + i] = source[SourceOffset + o * SourceStride + i]; the rest of the target stays.
/// Concatenation, slices, choosing a token, and their gradients. A source stride of 0 repeats one row.
/// </summary>
public sealed record Copy(
    int Outer, int Inner, int SourceStride, int SourceOffset, int TargetStride, int TargetOffset,
    int TargetLength, int SourceLength) : Operation
{
    /// <inheritdoc/>
    protected override void Validate()
    {
        AtLeast(1, Outer);
        AtLeast(1, Inner);
        AtLeast(0, SourceStride);
        AtLeast(0, SourceOffset);
        AtLeast(0, TargetOffset);
        if (!(Outer == 1 || TargetStride >= Inner)) throw Error($"TargetStride is {TargetStride}; expected at least Inner, {Inner}, so that no element is written twice.");
        long sourceEnd = SourceOffset + (Outer - 1L) * SourceStride + Inner, targetEnd = TargetOffset + (Outer - 1L) * TargetStride + Inner;
        if (sourceEnd > SourceLength) throw Error($"reads up to element {sourceEnd} of a source of {SourceLength}.");
        if (targetEnd > TargetLength) throw Error($"writes up to element {targetEnd} of a target of {TargetLength}.");
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Operand> Operands => [Reads("source", SourceLength), Updates("target", TargetLength)];

    /// <inheritdoc/>
    public override long Flops => 0;

    /// <inheritdoc/>
    public override void Reference(OperandSpans operands)
    {
        Span<float> source = operands[0], target = operands[1];
        for (int o = 0; o < Outer; o++)
            for (int i = 0; i < Inner; i++) target[TargetOffset + o * TargetStride + i] = source[SourceOffset + o * SourceStride + i];
    }
}
