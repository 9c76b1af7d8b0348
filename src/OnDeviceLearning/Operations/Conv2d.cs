namespace OnDeviceLearning.Operations;

/// <summary>The sizes a convolution and its two gradients share; padding is zeros on every side.</summary>
public abstract record Conv2dOperation(
    int N, int C, int H, int W, int OutChannels, int KernelH, int KernelW,
    int Stride, int Padding, int Dilation, int Groups) : Operation
{
    /// <summary>Rows of the output.</summary>
    public int OutH => (int)((H + 2L * Padding - Dilation * (KernelH - 1L) - 1) / Stride + 1);

    /// <summary>Columns of the output.</summary>
    public int OutW => (int)((W + 2L * Padding - Dilation * (KernelW - 1L) - 1) / Stride + 1);

    /// <inheritdoc/>
    public override long Flops => 2L * N * OutChannels * OutH * OutW * (C / Groups) * KernelH * KernelW;

    /// <inheritdoc/>
    protected override void Validate()
    {
        AtLeast(1, N);
        AtLeast(1, C);
        AtLeast(1, H);
        AtLeast(1, W);
        AtLeast(1, OutChannels);
        AtLeast(1, KernelH);
        AtLeast(1, KernelW);
        AtLeast(1, Stride);
        AtLeast(0, Padding);
        AtLeast(1, Dilation);
        AtLeast(1, Groups);
        if (!(C % Groups == 0 && OutChannels % Groups == 0)) throw Error($"{Groups} groups do not divide {C} input and {OutChannels} output channels.");
        if (!(H + 2L * Padding >= Dilation * (KernelH - 1L) + 1 && W + 2L * Padding >= Dilation * (KernelW - 1L) + 1))
            throw Error($"a kernel of {KernelH}x{KernelW}, dilation {Dilation}, does not fit an input of {H}x{W} with padding {Padding}.");
        if (!(H + 2L * Padding <= int.MaxValue && W + 2L * Padding <= int.MaxValue)) throw Error($"padding {Padding} is too large.");
    }

    /// <summary>Calls <paramref name="visit"/> with the indices (x, w, y) of every product the convolution sums, in order.</summary>
    private protected void ForEachProduct(Action<int, int, int> visit)
    {
        int groupC = C / Groups, groupO = OutChannels / Groups;
        for (int n = 0; n < N; n++)
            for (int o = 0; o < OutChannels; o++)
                for (int oh = 0; oh < OutH; oh++)
                    for (int ow = 0; ow < OutW; ow++)
                    {
                        int y = ((n * OutChannels + o) * OutH + oh) * OutW + ow;
                        for (int c = 0; c < groupC; c++)
                            for (int kh = 0; kh < KernelH; kh++)
                                for (int kw = 0; kw < KernelW; kw++)
                                {
                                    int h = oh * Stride - Padding + kh * Dilation, w = ow * Stride - Padding + kw * Dilation;
                                    if (h < 0 || h >= H || w < 0 || w >= W) continue;
                                    visit(((n * C + o / groupO * groupC + c) * H + h) * W + w, ((o * groupC + c) * KernelH + kh) * KernelW + kw, y);
                                }
                    }
    }
}

/// <summary>
/// 2-d convolution (cross-correlation, as in torch) with its epilogue, y = f(x * w + bias + residual): x [N, C, H, W],
/// w [OutChannels, C / Groups, KernelH, KernelW], bias [OutChannels] where <paramref name="HasBias"/>, residual shaped as y
/// where <paramref name="HasResidual"/>, f the <paramref name="Activation"/> if there is one, y [N, OutChannels, OutH, OutW].
/// </summary>
public sealed record Conv2d(
    int N, int C, int H, int W, int OutChannels, int KernelH, int KernelW,
    int Stride = 1, int Padding = 0, int Dilation = 1, int Groups = 1, bool HasBias = false, bool HasResidual = false, ActivationKind? Activation = null)
    : Conv2dOperation(N, C, H, W, OutChannels, KernelH, KernelW, Stride, Padding, Dilation, Groups)
{
    /// <inheritdoc/>
    protected override void Validate()
    {
        base.Validate();
        if (Activation is { } kind && !Enum.IsDefined(kind)) throw Error($"{kind} is no activation.");
    }

    /// <inheritdoc/>
    public override IReadOnlyList<Operand> Operands
    {
        get
        {
            Operand x = Reads("x", N, C, H, W), w = Reads("w", OutChannels, C / Groups, KernelH, KernelW), y = Writes("y", N, OutChannels, OutH, OutW);
            if (!HasBias) return HasResidual ? [x, w, y with { Name = "residual", Access = OperandAccess.Read }, y] : [x, w, y];
            Operand bias = Reads("bias", OutChannels);
            return HasResidual ? [x, w, bias, y with { Name = "residual", Access = OperandAccess.Read }, y] : [x, w, bias, y];
        }
    }

    /// <inheritdoc/>
    public override void Reference(OperandSpans operands)
    {
        float[] x = operands[0].ToArray(), w = operands[1].ToArray();
        int residual = HasBias ? 3 : 2;
        Span<float> y = operands[HasResidual ? residual + 1 : residual];
        double[] sums = new double[y.Length];
        ForEachProduct((ix, iw, iy) => sums[iy] += (double)x[ix] * w[iw]);
        for (int i = 0; i < y.Length; i++)
        {
            double sum = sums[i] + (HasBias ? operands[2][i / (OutH * OutW) % OutChannels] : 0) + (HasResidual ? operands[residual][i] : 0);
            y[i] = (float)ActivationFunction.Value(Activation, sum);
        }
    }
}

/// <summary>Gradient of <see cref="Conv2d"/> for its input: w, dy [N, OutChannels, OutH, OutW], dx [N, C, H, W].</summary>
public sealed record Conv2dInputGradient(
    int N, int C, int H, int W, int OutChannels, int KernelH, int KernelW,
    int Stride = 1, int Padding = 0, int Dilation = 1, int Groups = 1)
    : Conv2dOperation(N, C, H, W, OutChannels, KernelH, KernelW, Stride, Padding, Dilation, Groups)
{
    /// <inheritdoc/>
    public override IReadOnlyList<Operand> Operands =>
        [Reads("w", OutChannels, C / Groups, KernelH, KernelW), Reads("dy", N, OutChannels, OutH, OutW), Writes("dx", N, C, H, W)];

    /// <inheritdoc/>
    public override void Reference(OperandSpans operands)
    {
        float[] w = operands[0].ToArray(), dy = operands[1].ToArray();
        Span<float> dx = operands[2];
        double[] sums = new double[dx.Length];
        ForEachProduct((ix, iw, iy) => sums[ix] += (double)w[iw] * dy[iy]);
        for (int i = 0; i < dx.Length; i++) dx[i] = (float)sums[i];
    }
}

/// <summary>Gradient of <see cref="Conv2d"/> for its weight: x, dy, dw [OutChannels, C / Groups, KernelH, KernelW] accumulates.</summary>
public sealed record Conv2dWeightGradient(
    int N, int C, int H, int W, int OutChannels, int KernelH, int KernelW,
    int Stride = 1, int Padding = 0, int Dilation = 1, int Groups = 1)
    : Conv2dOperation(N, C, H, W, OutChannels, KernelH, KernelW, Stride, Padding, Dilation, Groups)
{
    /// <inheritdoc/>
    public override IReadOnlyList<Operand> Operands =>
        [Reads("x", N, C, H, W), Reads("dy", N, OutChannels, OutH, OutW), Updates("dw", OutChannels, C / Groups, KernelH, KernelW)];

    /// <inheritdoc/>
    public override void Reference(OperandSpans operands)
    {
        float[] x = operands[0].ToArray(), dy = operands[1].ToArray();
        Span<float> dw = operands[2];
        double[] sums = new double[dw.Length];
        ForEachProduct((ix, iw, iy) => sums[iw] += (double)x[ix] * dy[iy]);
        for (int i = 0; i < dw.Length; i++) dw[i] = (float)(dw[i] + sums[i]);
    }
}
