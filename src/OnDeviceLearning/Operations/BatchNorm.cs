namespace OnDeviceLearning.Operations;

/// <summary>The sizes batch normalisation and its gradients share; images are [N, Channels, Inner], Inner = H * W.</summary>
public abstract record BatchNormOperation(int N, int Channels, int Inner, float Epsilon) : Operation
{
    /// <inheritdoc/>
    protected override void Validate()
    {
        if (!(Epsilon >= 0 && float.IsFinite(Epsilon))) throw Error($"Epsilon is {Epsilon}; expected zero or a positive number.");
    }

    private protected double Scale(float variance) => 1 / Math.Sqrt((double)variance + Epsilon);
}

/// <summary>
/// Batch normalisation with frozen statistics: y = (x - mean) / sqrt(variance + Epsilon) * gamma + beta by channel;
/// x and y [N, Channels, Inner], the other operands [Channels]. arXiv 1502.03167.
/// </summary>
public sealed record BatchNorm(int N, int Channels, int Inner, float Epsilon = 1e-5f) : BatchNormOperation(N, Channels, Inner, Epsilon)
{
    /// <inheritdoc/>
    public override IReadOnlyList<Operand> Operands =>
        [Reads("x", N, Channels, Inner), Reads("gamma", Channels), Reads("beta", Channels), Reads("mean", Channels), Reads("variance", Channels), Writes("y", N, Channels, Inner)];

    /// <inheritdoc/>
    public override long Flops => 2L * N * Channels * Inner;

    /// <inheritdoc/>
    public override void Reference(OperandSpans operands)
    {
        Span<float> x = operands[0], gamma = operands[1], beta = operands[2], mean = operands[3], variance = operands[4], y = operands[5];
        for (int i = 0; i < y.Length; i++)
        {
            int c = i / Inner % Channels;
            y[i] = (float)(((double)x[i] - mean[c]) * Scale(variance[c]) * gamma[c] + beta[c]);
        }
    }
}

/// <summary>Gradient of <see cref="BatchNorm"/> for its input: gamma, variance, dy, dx.</summary>
public sealed record BatchNormInputGradient(int N, int Channels, int Inner, float Epsilon = 1e-5f) : BatchNormOperation(N, Channels, Inner, Epsilon)
{
    /// <inheritdoc/>
    public override IReadOnlyList<Operand> Operands =>
        [Reads("gamma", Channels), Reads("variance", Channels), Reads("dy", N, Channels, Inner), Writes("dx", N, Channels, Inner)];

    /// <inheritdoc/>
    public override long Flops => (long)N * Channels * Inner;

    /// <inheritdoc/>
    public override void Reference(OperandSpans operands)
    {
        Span<float> gamma = operands[0], variance = operands[1], dy = operands[2], dx = operands[3];
        for (int i = 0; i < dx.Length; i++)
        {
            int c = i / Inner % Channels;
            dx[i] = (float)(dy[i] * gamma[c] * Scale(variance[c]));
        }
    }
}

/// <summary>Gradient of <see cref="BatchNorm"/> for gamma and beta, which accumulate: x, mean, variance, dy, dgamma, dbeta.</summary>
public sealed record BatchNormAffineGradient(int N, int Channels, int Inner, float Epsilon = 1e-5f) : BatchNormOperation(N, Channels, Inner, Epsilon)
{
    /// <inheritdoc/>
    public override IReadOnlyList<Operand> Operands =>
        [Reads("x", N, Channels, Inner), Reads("mean", Channels), Reads("variance", Channels), Reads("dy", N, Channels, Inner), Updates("dgamma", Channels), Updates("dbeta", Channels)];

    /// <inheritdoc/>
    public override long Flops => 4L * N * Channels * Inner;

    /// <inheritdoc/>
    public override void Reference(OperandSpans operands)
    {
        Span<float> x = operands[0], mean = operands[1], variance = operands[2], dy = operands[3], dgamma = operands[4], dbeta = operands[5];
        for (int c = 0; c < Channels; c++)
        {
            double gammaSum = 0, betaSum = 0;
            for (int n = 0; n < N; n++)
                for (int i = (n * Channels + c) * Inner; i < (n * Channels + c + 1) * Inner; i++)
                {
                    gammaSum += dy[i] * ((double)x[i] - mean[c]) * Scale(variance[c]);
                    betaSum += dy[i];
                }
            dgamma[c] = (float)(dgamma[c] + gammaSum);
            dbeta[c] = (float)(dbeta[c] + betaSum);
        }
    }
}
