namespace OnDeviceLearning.Operations;

/// <summary>
/// c[b] = Alpha * op(a[b]) * op(b[b]), added to c where <paramref name="Accumulate"/>. a is [Batch, M, K] ([Batch, K, M]
/// where <paramref name="TransposeA"/>), b is [Batch, K, N] ([Batch, N, K] where <paramref name="TransposeB"/>) without
/// its batch dimension where <paramref name="SharedB"/>, c is [Batch, M, N].
/// </summary>
public sealed record MatMul(
    int Batch, int M, int N, int K,
    bool TransposeA = false, bool TransposeB = false,
    float Alpha = 1, bool Accumulate = false, bool SharedB = false) : Operation
{
    /// <inheritdoc/>
    protected override void Validate()
    {
        AtLeast(1, Batch);
        AtLeast(1, M);
        AtLeast(1, N);
        AtLeast(1, K);
        if (!float.IsFinite(Alpha)) throw Error($"Alpha is {Alpha}; expected a finite number.");
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Operand> Operands =>
    [
        Reads("a", Batch, M, K),
        Reads("b", SharedB ? 1 : Batch, K, N),
        Accumulate ? Updates("c", Batch, M, N) : Writes("c", Batch, M, N),
    ];

    /// <inheritdoc/>
    public override long Flops => 2L * Batch * M * N * K;

    /// <inheritdoc/>
    public override void Reference(OperandSpans operands)
    {
        Span<float> a = operands[0], b = operands[1], c = operands[2];
        for (int batch = 0; batch < Batch; batch++)
        {
            int a0 = batch * M * K, b0 = SharedB ? 0 : batch * K * N, c0 = batch * M * N;
            for (int m = 0; m < M; m++)
                for (int n = 0; n < N; n++)
                {
                    double sum = 0;
                    for (int k = 0; k < K; k++)
                        sum += (double)a[a0 + (TransposeA ? k * M + m : m * K + k)] * b[b0 + (TransposeB ? n * K + k : k * N + n)];
                    ref float target = ref c[c0 + m * N + n];
                    target = (float)(Alpha * sum + (Accumulate ? target : 0));
                }
        }
    }
}
