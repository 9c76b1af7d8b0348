namespace OnDeviceLearning.Operations;

/// <summary>
/// One step of stochastic gradient descent with momentum and weight decay, as torch.optim.SGD: w, gradient, momentum
/// [Length], hyper [3] (rate, momentum, weight decay). The hyper-parameters are an operand so that a recorded program can
/// follow a schedule.
/// </summary>
public sealed record SgdStep(int Length, bool Nesterov = false) : Operation
{
    /// <inheritdoc/>
    public override IReadOnlyList<Operand> Operands => [Updates("w", Length), Reads("gradient", Length), Updates("momentum", Length), Reads("hyper", 3)];

    /// <inheritdoc/>
    public override long Flops => 6L * Length;

    /// <inheritdoc/>
    public override void Reference(OperandSpans operands)
    {
        Span<float> w = operands[0], gradient = operands[1], velocity = operands[2], hyper = operands[3];
        double rate = hyper[0], momentum = hyper[1], decay = hyper[2];
        for (int i = 0; i < Length; i++)
        {
            double g = gradient[i] + decay * w[i], v = momentum * velocity[i] + g;
            velocity[i] = (float)v;
            w[i] = (float)(w[i] - rate * (Nesterov ? g + momentum * v : v));
        }
    }
}
