namespace OnDeviceLearning.Operations;

/// <summary>
/// Mean of each window: x [Planes, H, W], y [Planes, OutH, OutW]. The divisor is Kernel * Kernel where
/// <paramref name="CountIncludePadding"/>, otherwise the number of elements inside the input.
/// </summary>
public sealed record AveragePool2d(int Planes, int H, int W, int Kernel, int Stride, int Padding = 0, bool CountIncludePadding = true)
    : Pool2dOperation(Planes, H, W, Kernel, Stride, Padding)
{
    /// <inheritdoc/>
    public override IReadOnlyList<Operand> Operands => [Reads("x", Planes, H, W), Writes("y", Planes, OutH, OutW)];

    /// <inheritdoc/>
    public override void Reference(OperandSpans operands)
    {
        Span<float> x = operands[0], y = operands[1];
        for (int p = 0; p < Planes; p++)
            for (int oh = 0; oh < OutH; oh++)
                for (int ow = 0; ow < OutW; ow++)
                {
                    (int h0, int h1, int w0, int w1) = Window(oh, ow);
                    double sum = 0;
                    for (int h = h0; h < h1; h++)
                        for (int w = w0; w < w1; w++) sum += x[(p * H + h) * W + w];
                    y[(p * OutH + oh) * OutW + ow] = (float)(sum / (CountIncludePadding ? Kernel * Kernel : (h1 - h0) * (w1 - w0)));
                }
    }
}

/// <summary>Gradient of <see cref="AveragePool2d"/>: dy [Planes, OutH, OutW], dx [Planes, H, W].</summary>
public sealed record AveragePool2dGradient(int Planes, int H, int W, int Kernel, int Stride, int Padding = 0, bool CountIncludePadding = true)
    : Pool2dOperation(Planes, H, W, Kernel, Stride, Padding)
{
    /// <inheritdoc/>
    public override IReadOnlyList<Operand> Operands => [Reads("dy", Planes, OutH, OutW), Writes("dx", Planes, H, W)];

    /// <inheritdoc/>
    public override void Reference(OperandSpans operands)
    {
        Span<float> dy = operands[0], dx = operands[1];
        double[] sums = new double[dx.Length];
        for (int p = 0; p < Planes; p++)
            for (int oh = 0; oh < OutH; oh++)
                for (int ow = 0; ow < OutW; ow++)
                {
                    (int h0, int h1, int w0, int w1) = Window(oh, ow);
                    double share = dy[(p * OutH + oh) * OutW + ow] / (double)(CountIncludePadding ? Kernel * Kernel : (h1 - h0) * (w1 - w0));
                    for (int h = h0; h < h1; h++)
                        for (int w = w0; w < w1; w++) sums[(p * H + h) * W + w] += share;
                }
        for (int i = 0; i < dx.Length; i++) dx[i] = (float)sums[i];
    }
}
