namespace OnDeviceLearning.Operations;

/// <summary>
/// Normalises each row to mean 0, variance 1, then scales and shifts: x and y [Rows, Width], gamma and beta [Width],
/// statistics [Rows, 2] (mean, 1 / standard deviation) for the gradients. arXiv 1607.06450.
/// </summary>
public sealed record LayerNorm(int Rows, int Width, float Epsilon = 1e-5f) : Operation
{
    /// <inheritdoc/>
    protected override void Validate()
    {
        if (!(Epsilon > 0 && float.IsFinite(Epsilon))) throw Error($"Epsilon is {Epsilon}; expected a positive number.");
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Operand> Operands =>
        [Reads("x", Rows, Width), Reads("gamma", Width), Reads("beta", Width), Writes("y", Rows, Width), Writes("statistics", Rows, 2)];

    /// <inheritdoc/>
    public override long Flops => 8L * Rows * Width;

    /// <inheritdoc/>
    public override void Reference(OperandSpans operands) =>
        Normalization.Forward(operands[0], operands[1], operands[2], operands[3], operands[4], Rows, Width, i => i, Epsilon);
}

/// <summary>Gradient of <see cref="LayerNorm"/> for its input: x, gamma, statistics, dy, dx.</summary>
public sealed record LayerNormInputGradient(int Rows, int Width, float Epsilon = 1e-5f) : Operation
{
    /// <inheritdoc/>
    protected override void Validate()
    {
        if (!(Epsilon > 0 && float.IsFinite(Epsilon))) throw Error($"Epsilon is {Epsilon}; expected a positive number.");
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Operand> Operands =>
        [Reads("x", Rows, Width), Reads("gamma", Width), Reads("statistics", Rows, 2), Reads("dy", Rows, Width), Writes("dx", Rows, Width)];

    /// <inheritdoc/>
    public override long Flops => 12L * Rows * Width;

    /// <inheritdoc/>
    public override void Reference(OperandSpans operands) =>
        Normalization.InputGradient(operands[0], operands[1], operands[2], operands[3], operands[4], Rows, Width, i => i);
}

/// <summary>Gradient of <see cref="LayerNorm"/> for gamma and beta, which accumulate: x, statistics, dy, dgamma, dbeta.</summary>
public sealed record LayerNormAffineGradient(int Rows, int Width, float Epsilon = 1e-5f) : Operation
{
    /// <inheritdoc/>
    protected override void Validate()
    {
        if (!(Epsilon > 0 && float.IsFinite(Epsilon))) throw Error($"Epsilon is {Epsilon}; expected a positive number.");
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Operand> Operands =>
        [Reads("x", Rows, Width), Reads("statistics", Rows, 2), Reads("dy", Rows, Width), Updates("dgamma", Width), Updates("dbeta", Width)];

    /// <inheritdoc/>
    public override long Flops => 5L * Rows * Width;

    /// <inheritdoc/>
    public override void Reference(OperandSpans operands) =>
        Normalization.AffineGradient(operands[0], operands[1], operands[2], operands[3], operands[4], Rows, Width, Width, i => i);
}

/// <summary>
/// What layer and group normalisation share: blocks of <c>width</c> consecutive elements with statistics of their own;
/// <c>channel</c> maps an element's flat index to its gamma and beta.
/// </summary>
internal static class Normalization
{
    public static void Forward(
        ReadOnlySpan<float> x, ReadOnlySpan<float> gamma, ReadOnlySpan<float> beta, Span<float> y, Span<float> statistics,
        int blocks, int width, Func<int, int> channel, float epsilon)
    {
        for (int b = 0; b < blocks; b++)
        {
            double mean = 0, variance = 0;
            for (int i = 0; i < width; i++) mean += x[b * width + i];
            mean /= width;
            for (int i = 0; i < width; i++) variance += (x[b * width + i] - mean) * (x[b * width + i] - mean);
            double scale = 1 / Math.Sqrt(variance / width + epsilon);
            statistics[2 * b] = (float)mean;
            statistics[2 * b + 1] = (float)scale;
            for (int i = b * width; i < (b + 1) * width; i++)
                y[i] = (float)((x[i] - mean) * scale * gamma[channel(i) % gamma.Length] + beta[channel(i) % gamma.Length]);
        }
    }

    // With n = (x - mean) * scale and g = dy * gamma: dx = scale * (g - mean(g) - n * mean(g * n)).
    public static void InputGradient(
        ReadOnlySpan<float> x, ReadOnlySpan<float> gamma, ReadOnlySpan<float> statistics, ReadOnlySpan<float> dy, Span<float> dx,
        int blocks, int width, Func<int, int> channel)
    {
        for (int b = 0; b < blocks; b++)
        {
            double mean = statistics[2 * b], scale = statistics[2 * b + 1], sum = 0, dot = 0;
            for (int i = b * width; i < (b + 1) * width; i++)
            {
                double g = (double)dy[i] * gamma[channel(i) % gamma.Length];
                sum += g;
                dot += g * (x[i] - mean) * scale;
            }
            for (int i = b * width; i < (b + 1) * width; i++)
            {
                double g = (double)dy[i] * gamma[channel(i) % gamma.Length];
                dx[i] = (float)(scale * (g - sum / width - (x[i] - mean) * scale * dot / width));
            }
        }
    }

    public static void AffineGradient(
        ReadOnlySpan<float> x, ReadOnlySpan<float> statistics, ReadOnlySpan<float> dy, Span<float> dgamma, Span<float> dbeta,
        int blocks, int width, int channels, Func<int, int> channel)
    {
        double[] gammas = new double[channels], betas = new double[channels];
        for (int b = 0; b < blocks; b++)
            for (int i = b * width; i < (b + 1) * width; i++)
            {
                gammas[channel(i) % channels] += (double)dy[i] * (x[i] - statistics[2 * b]) * statistics[2 * b + 1];
                betas[channel(i) % channels] += dy[i];
            }
        for (int c = 0; c < channels; c++)
        {
            dgamma[c] = (float)(dgamma[c] + gammas[c]);
            dbeta[c] = (float)(dbeta[c] + betas[c]);
        }
    }
}
