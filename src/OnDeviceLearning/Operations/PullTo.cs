namespace OnDeviceLearning.Operations;

/// <summary>
/// The gradient of lambda * |w - target|^2 (L2-SP, arXiv 1802.01483): dw += 2 * lambda * (w - target); w, target and dw
/// [Length], lambda [1].
/// </summary>
public sealed record PullTo(int Length) : Operation
{
    /// <inheritdoc/>
    public override IReadOnlyList<Operand> Operands => [Reads("w", Length), Reads("target", Length), Reads("lambda", 1), Updates("dw", Length)];

    /// <inheritdoc/>
    public override long Flops => 4L * Length;

    /// <inheritdoc/>
    public override void Reference(OperandSpans operands)
    {
        Span<float> w = operands[0], target = operands[1], lambda = operands[2], dw = operands[3];
        for (int i = 0; i < Length; i++) dw[i] = (float)(dw[i] + 2.0 * lambda[0] * ((double)w[i] - target[i]));
    }
}
