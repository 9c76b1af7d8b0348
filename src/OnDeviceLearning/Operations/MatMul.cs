namespace OnDeviceLearning.Operations;

/// <summary>
/// c[b] = Alpha * op(a[b]) * op(b[b]), added to c where <paramref name="Accumulate"/>. a is [Batch, M, K] ([Batch, K, M]
/// where <paramref name="TransposeA"/>), b is [Batch, K, N] ([Batch, N, K] where <paramref name="TransposeB"/>) without
/// its batch dimension where <paramref name="SharedB"/>, c is [Batch, M, N]. Where it does not accumulate it may have an
/// epilogue, c = f(Alpha * a * b + bias + residual): bias [N] where <paramref name="HasBias"/>, residual shaped as c where
/// <paramref name="HasResidual"/>, f the <paramref name="Activation"/> if there is one.
/// </summary>
public sealed record MatMul(
    int Batch, int M, int N, int K,
    bool TransposeA = false, bool TransposeB = false,
    float Alpha = 1, bool Accumulate = false, bool SharedB = false,
    bool HasBias = false, bool HasResidual = false, ActivationKind? Activation = null) : Operation
{
    /// <inheritdoc/>
    protected override void Validate()
    {
        AtLeast(1, Batch);
        AtLeast(1, M);
        AtLeast(1, N);
        AtLeast(1, K);
        if (!float.IsFinite(Alpha)) throw Error($"Alpha is {Alpha}; expected a finite number.");
        if (Activation is { } kind && !Enum.IsDefined(kind)) throw Error($"{kind} is no activation.");
        if (Accumulate && (HasBias || HasResidual || Activation is not null)) throw Error("what accumulates has neither bias nor residual nor activation.");
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Operand> Operands
    {
        get
        {
            Operand a = Reads("a", Batch, M, K), b = Reads("b", SharedB ? 1 : Batch, K, N);
            Operand c = Accumulate ? Updates("c", Batch, M, N) : Writes("c", Batch, M, N);
            if (!HasBias) return HasResidual ? [a, b, c with { Name = "residual", Access = OperandAccess.Read }, c] : [a, b, c];
            Operand bias = Reads("bias", N);
            return HasResidual ? [a, b, bias, c with { Name = "residual", Access = OperandAccess.Read }, c] : [a, b, bias, c];
        }
    }

    /// <inheritdoc/>
    public override long Flops => 2L * Batch * M * N * K;

    /// <inheritdoc/>
    public override void Reference(OperandSpans operands)
    {
        int residual = HasBias ? 3 : 2;
        Span<float> a = operands[0], b = operands[1], c = operands[HasResidual ? residual + 1 : residual];
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
                    double value = Alpha * sum + (Accumulate ? target : 0) + (HasBias ? operands[2][n] : 0) + (HasResidual ? operands[residual][c0 + m * N + n] : 0);
                    target = (float)ActivationFunction.Value(Activation, value);
                }
        }
    }
}
