namespace OnDeviceLearning.Operations;

/// <summary>The sizes a square pooling window and its gradient share; Planes = N * C, sizes round down.</summary>
public abstract record Pool2dOperation(int Planes, int H, int W, int Kernel, int Stride, int Padding) : Operation
{
    /// <summary>Rows of the output.</summary>
    public int OutH => (H + 2 * Padding - Kernel) / Stride + 1;

    /// <summary>Columns of the output.</summary>
    public int OutW => (W + 2 * Padding - Kernel) / Stride + 1;

    /// <inheritdoc/>
    public override long Flops => (long)Planes * OutH * OutW * Kernel * Kernel;

    /// <inheritdoc/>
    protected override void Validate()
    {
        AtLeast(1, Planes);
        AtLeast(1, H);
        AtLeast(1, W);
        AtLeast(1, Kernel);
        AtLeast(1, Stride);
        AtLeast(0, Padding);
        if (Padding > Kernel / 2) throw Error($"Padding is {Padding}; expected at most half the kernel, {Kernel / 2}.");
        if (!(H + 2L * Padding >= Kernel && W + 2L * Padding >= Kernel)) throw Error($"a window of {Kernel}x{Kernel} does not fit an input of {H}x{W} with padding {Padding}.");
    }

    /// <summary>The part of output (oh, ow)'s window that lies inside the input.</summary>
    internal (int H0, int H1, int W0, int W1) Window(int oh, int ow) =>
        (Math.Max(0, oh * Stride - Padding), Math.Min(H, oh * Stride - Padding + Kernel),
         Math.Max(0, ow * Stride - Padding), Math.Min(W, ow * Stride - Padding + Kernel));
}

/// <summary>
/// Largest value of each window: x [Planes, H, W], y [Planes, OutH, OutW], argmax (integers, shape of y) the position
/// h * W + w in its plane, the first one among equals.
/// </summary>
public sealed record MaxPool2d(int Planes, int H, int W, int Kernel, int Stride, int Padding = 0) : Pool2dOperation(Planes, H, W, Kernel, Stride, Padding)
{
    /// <inheritdoc/>
    public override IReadOnlyList<Operand> Operands =>
        [Reads("x", Planes, H, W), Writes("y", Planes, OutH, OutW), Writes("argmax", Planes, OutH, OutW) with { Type = ElementType.Int32 }];

    /// <inheritdoc/>
    public override void Reference(OperandSpans operands)
    {
        Span<float> x = operands[0], y = operands[1];
        Span<int> argmax = operands.Int32(2);
        for (int p = 0; p < Planes; p++)
            for (int oh = 0; oh < OutH; oh++)
                for (int ow = 0; ow < OutW; ow++)
                {
                    (int h0, int h1, int w0, int w1) = Window(oh, ow);
                    int best = h0 * W + w0;
                    for (int h = h0; h < h1; h++)
                        for (int w = w0; w < w1; w++)
                            if (x[p * H * W + h * W + w] > x[p * H * W + best]) best = h * W + w;
                    int i = (p * OutH + oh) * OutW + ow;
                    y[i] = x[p * H * W + best];
                    argmax[i] = best;
                }
    }
}

/// <summary>Gradient of <see cref="MaxPool2d"/>: dy [Planes, OutH, OutW] goes to where the maximum was; argmax, dx [Planes, H, W].</summary>
public sealed record MaxPool2dGradient(int Planes, int H, int W, int Kernel, int Stride, int Padding = 0) : Pool2dOperation(Planes, H, W, Kernel, Stride, Padding)
{
    /// <inheritdoc/>
    public override IReadOnlyList<Operand> Operands =>
        [Reads("dy", Planes, OutH, OutW), Reads("argmax", Planes, OutH, OutW) with { Type = ElementType.Int32 }, Writes("dx", Planes, H, W)];

    /// <inheritdoc/>
    public override void Reference(OperandSpans operands)
    {
        Span<float> dy = operands[0], dx = operands[2];
        Span<int> argmax = operands.Int32(1);
        double[] sums = new double[dx.Length];
        for (int i = 0; i < dy.Length; i++) sums[i / (OutH * OutW) * H * W + argmax[i]] += dy[i];
        for (int i = 0; i < dx.Length; i++) dx[i] = (float)sums[i];
    }
}
