namespace OnDeviceLearning.Operations;

/// <summary>
/// One step of Adam with decoupled weight decay, as torch.optim.AdamW (arXiv 1711.05101): w, gradient, m, v [Length],
/// hyper [7] (rate, beta1, beta2, epsilon, weight decay, 1 - beta1^t, 1 - beta2^t).
/// </summary>
public sealed record AdamWStep(int Length) : Operation
{
    /// <inheritdoc/>
    public override IReadOnlyList<Operand> Operands =>
        [Updates("w", Length), Reads("gradient", Length), Updates("m", Length), Updates("v", Length), Reads("hyper", 7)];

    /// <inheritdoc/>
    public override long Flops => 14L * Length;

    /// <inheritdoc/>
    public override void Reference(OperandSpans operands)
    {
        Span<float> w = operands[0], gradient = operands[1], first = operands[2], second = operands[3], hyper = operands[4];
        double rate = hyper[0], beta1 = hyper[1], beta2 = hyper[2], epsilon = hyper[3], decay = hyper[4];
        for (int i = 0; i < Length; i++)
        {
            double m = beta1 * first[i] + (1 - beta1) * gradient[i], v = beta2 * second[i] + (1 - beta2) * gradient[i] * gradient[i];
            first[i] = (float)m;
            second[i] = (float)v;
            w[i] = (float)(w[i] * (1 - rate * decay) - rate / hyper[5] * m / (Math.Sqrt(v / hyper[6]) + epsilon));
        }
    }
}
