namespace OnDeviceLearning.Operations;

/// <summary>
/// Multi-head scaled dot-product attention: qkv [N, L, 3 * Heads * HeadWidth] (q, then k, then v; heads contiguous inside
/// each), y [N, L, Heads * HeadWidth], statistics [N, Heads, L, 2] (largest scaled score of the row, sum of
/// exp(score - largest)) for the gradient. Scores are q.k / sqrt(HeadWidth); where <paramref name="Causal"/>, a position
/// sees itself and earlier ones. arXiv 1706.03762.
/// </summary>
public sealed record Attention(int N, int L, int Heads, int HeadWidth, bool Causal = false) : Operation
{
    /// <inheritdoc/>
    public override IReadOnlyList<Operand> Operands =>
        [Reads("qkv", N, L, 3, Heads, HeadWidth), Writes("y", N, L, Heads, HeadWidth), Writes("statistics", N, Heads, L, 2)];

    /// <inheritdoc/>
    public override long Flops => 4L * N * Heads * L * L * HeadWidth / (Causal ? 2 : 1);

    /// <inheritdoc/>
    public override void Reference(OperandSpans operands)
    {
        Span<float> qkv = operands[0], y = operands[1], statistics = operands[2];
        int width = Heads * HeadWidth;
        double[] p = new double[L];
        for (int n = 0; n < N; n++)
            for (int h = 0; h < Heads; h++)
                for (int i = 0; i < L; i++)
                {
                    int seen = Causal ? i + 1 : L, q = (n * L + i) * 3 * width + h * HeadWidth;
                    double largest = double.NegativeInfinity, sum = 0;
                    for (int j = 0; j < seen; j++)
                    {
                        int k = (n * L + j) * 3 * width + width + h * HeadWidth;
                        double score = 0;
                        for (int d = 0; d < HeadWidth; d++) score += (double)qkv[q + d] * qkv[k + d];
                        p[j] = score / Math.Sqrt(HeadWidth);
                        largest = Math.Max(largest, p[j]);
                    }
                    for (int j = 0; j < seen; j++) sum += p[j] = Math.Exp(p[j] - largest);
                    for (int d = 0; d < HeadWidth; d++)
                    {
                        double value = 0;
                        for (int j = 0; j < seen; j++) value += p[j] / sum * qkv[(n * L + j) * 3 * width + 2 * width + h * HeadWidth + d];
                        y[(n * L + i) * width + h * HeadWidth + d] = (float)value;
                    }
                    statistics[((n * Heads + h) * L + i) * 2] = (float)largest;
                    statistics[((n * Heads + h) * L + i) * 2 + 1] = (float)sum;
                }
    }
}

/// <summary>Gradient of <see cref="Attention"/>: qkv, statistics, y, dy, dqkv, shaped as there.</summary>
public sealed record AttentionGradient(int N, int L, int Heads, int HeadWidth, bool Causal = false) : Operation
{
    /// <inheritdoc/>
    public override IReadOnlyList<Operand> Operands =>
        [Reads("qkv", N, L, 3, Heads, HeadWidth), Reads("statistics", N, Heads, L, 2), Reads("y", N, L, Heads, HeadWidth), Reads("dy", N, L, Heads, HeadWidth), Writes("dqkv", N, L, 3, Heads, HeadWidth)];

    /// <inheritdoc/>
    public override long Flops => 10L * N * Heads * L * L * HeadWidth / (Causal ? 2 : 1);

    // P = softmax(S), dP = dy v, dS = P * (dP - sum(dy * y)), dq = scale dS k, dk = scale dS' q, dv = P' dy
    /// <inheritdoc/>
    public override void Reference(OperandSpans operands)
    {
        Span<float> qkv = operands[0], statistics = operands[1], y = operands[2], dy = operands[3], dqkv = operands[4];
        int width = Heads * HeadWidth;
        double scale = 1 / Math.Sqrt(HeadWidth);
        double[] sums = new double[dqkv.Length];
        for (int n = 0; n < N; n++)
            for (int h = 0; h < Heads; h++)
                for (int i = 0; i < L; i++)
                {
                    int q = (n * L + i) * 3 * width + h * HeadWidth, o = (n * L + i) * width + h * HeadWidth, s = ((n * Heads + h) * L + i) * 2;
                    double dot = 0;
                    for (int d = 0; d < HeadWidth; d++) dot += (double)dy[o + d] * y[o + d];
                    for (int j = 0; j < (Causal ? i + 1 : L); j++)
                    {
                        int k = (n * L + j) * 3 * width + width + h * HeadWidth, v = k + width;
                        double score = 0, dp = 0;
                        for (int d = 0; d < HeadWidth; d++)
                        {
                            score += (double)qkv[q + d] * qkv[k + d];
                            dp += (double)dy[o + d] * qkv[v + d];
                        }
                        double p = Math.Exp(score * scale - statistics[s]) / statistics[s + 1];
                        double ds = p * (dp - dot) * scale;
                        for (int d = 0; d < HeadWidth; d++)
                        {
                            sums[q + d] += ds * qkv[k + d];
                            sums[k + d] += ds * qkv[q + d];
                            sums[v + d] += p * dy[o + d];
                        }
                    }
                }
        for (int i = 0; i < sums.Length; i++) dqkv[i] = (float)sums[i];
    }
}
