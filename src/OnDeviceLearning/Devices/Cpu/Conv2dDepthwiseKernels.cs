using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>
/// Depthwise convolution (one channel a group) of channels-last images: a product would have one row, so channels are the
/// vectors and pixels are combined directly. What the forward pass and the input gradient share; the one is the other with
/// source and target exchanged. Stage 0 packs the weights as [taps, C]; stage 1 takes a target row a unit, or of small images a
/// few channels: the product before it shares those out alike.
/// </summary>
internal sealed unsafe class DepthwiseKernel : CpuKernel
{
    private readonly Conv2dOperation op;
    private readonly Conv2dTaps taps;
    private readonly bool gradient;
    private readonly ConvolutionOperands operands;
    private readonly Depthwise3x3? rows3x3; // null where the kernel is another one

    private readonly bool byChannels;

    public DepthwiseKernel(Conv2dOperation op, bool gradient, ConvolutionOperands operands)
    {
        this.op = op;
        this.operands = operands;
        this.gradient = gradient;
        taps = new Conv2dTaps(op, gradient);
        rows3x3 = Depthwise3x3.For(op, taps, gradient);
        byChannels = rows3x3 is not null && !Conv2dProductKernel.SharesRows((long)op.N * taps.SourcePixels) && op.C >= 2 * Gemm.Panel;
    }

    /// <summary>Whether these kernels compute it.</summary>
    public static bool Fits(Conv2dOperation op) => op.Groups == op.C && op.OutChannels == op.C && op.C > 1;

    private int Kernel => op.KernelH * op.KernelW;

    private ProductEpilogue Epilogue => operands.Epilogue;

    public override int PackedOperand => operands.Packed;

    public override int Stages => 2;

    // And a pixel of zeros, and what a norm scales and shifts each channel by.
    public override long KeptMemory => ScaleOffset + (operands.Norm is null ? 0 : 2 * (op.C + CpuBuffer.Slack));

    private long ScaleOffset => (Kernel + 1L) * op.C + CpuBuffer.Slack;

    private long ShiftOffset => ScaleOffset + op.C + CpuBuffer.Slack;

    public override long WorkerScratch => 4L * Kernel; // an offset and a pointer of each tap

    public override int Units(int stage) => stage == 0 ? 1 : byChannels ? Gemm.Panels(op.C) : op.N * taps.TargetH;

    private double RowSeconds => 50e-9 + taps.TargetW * (double)op.C * (Kernel * 0.15e-9 + 0.4e-9) + taps.TargetW * Kernel * 2e-9;

    public override double UnitSeconds(int stage) =>
        stage == 0 ? Kernel * op.C * 2e-9 : byChannels ? op.N * taps.TargetH * RowSeconds / Gemm.Panels(op.C) : RowSeconds;

    public override void Run(in CpuKernelMemory memory, int stage, int from, int to)
    {
        if (stage == 0)
        {
            float* w = memory[operands.Weights], scale = memory.Kept + ScaleOffset;
            if (operands.Norm is { } norm)
            {
                norm.Scale(memory, 0, op.C, scale);
                if (!gradient) norm.Shift(memory, 0, op.C, scale, memory.Kept + ShiftOffset);
            }
            for (int t = 0; t < Kernel; t++)
                for (int c = 0; c < op.C; c++) memory.Kept[(long)t * op.C + c] = operands.Norm is null ? w[(long)c * Kernel + t] : w[(long)c * Kernel + t] * scale[c];
            return;
        }
        if (byChannels)
        {
            int first = from * Gemm.Panel, count = Math.Min(op.C, to * Gemm.Panel) - first;
            for (int row = 0; row < op.N * taps.TargetH; row++) Row(memory, row / taps.TargetH, row % taps.TargetH, first, count);
            return;
        }
        for (int unit = from; unit < to; unit++) Row(memory, unit / taps.TargetH, unit % taps.TargetH, 0, op.C);
    }

    private void Row(in CpuKernelMemory memory, int image, int h, int channel, int count)
    {
        float* source = memory[operands.Source] + (long)image * taps.SourcePixels * op.C + channel;
        long start = ((long)image * taps.TargetH + h) * taps.TargetW * op.C + channel;
        float* y = memory[Epilogue.Output] + start, residual = Epilogue.Residual(memory);
        float* bias = operands.Norm is { } && !gradient ? memory.Kept + ShiftOffset : Epilogue.Bias(memory);
        if (bias != null) bias += channel;
        if (residual != null) residual += start;
        if (rows3x3 is not null) rows3x3.Row(h, count, source, memory.Kept + channel, memory.Kept + Kernel * op.C + channel, bias, residual, Epilogue.IsRelu, y);
        else Pixels(memory, h, source, bias, residual, y);
        if (Epilogue.HasOtherActivation)
        {
            if (!byChannels) Epilogue.Activate(y, 1, 0, taps.TargetW * op.C);
            // A panel at a time: an activation may compute a row's end in another way, which must not depend on who computes what.
            for (int c = 0; c < count && byChannels; c += Gemm.Panel) Epilogue.Activate(y + c, taps.TargetW, op.C, Math.Min(Gemm.Panel, count - c));
        }
        if (!Epilogue.HasMask) return;
        if (!byChannels) Epilogue.ApplyMask(memory, y, taps.TargetW * op.C);
        for (int w = 0; w < taps.TargetW && byChannels; w++) Epilogue.ApplyMask(memory, y + (long)w * op.C, count);
    }

    private void Pixels(in CpuKernelMemory memory, int h, float* source, float* bias, float* residual, float* y)
    {
        nint* offsets = (nint*)memory.Scratch;
        float** weights = (float**)(offsets + Kernel);
        int step = gradient ? 1 : op.Stride, count = 0, listed = -1; // the column whose taps are listed and whose neighbours' are the same
        for (int w = 0; w < taps.TargetW;)
        {
            int pixels = Alike(w);
            if (listed < 0 || pixels == 0 || !Inner(listed))
            {
                count = 0;
                for (int kh = 0; kh < op.KernelH; kh++)
                {
                    int row = taps.Row(h, kh);
                    if (row < 0) continue;
                    for (int kw = 0; kw < op.KernelW; kw++)
                    {
                        int column = taps.Column(w, kw);
                        if (column < 0) continue;
                        offsets[count] = ((nint)row * taps.SourceW + column) * op.C;
                        weights[count++] = memory.Kept + (long)(kh * op.KernelW + kw) * op.C;
                    }
                }
                listed = w;
            }
            nint shift = (nint)(w - listed) * step * op.C;
            Pixels(pixels == 4, count, offsets, weights, source + shift, step * op.C, op.C, bias, residual, Epilogue.IsRelu, y);
            int done = pixels == 4 ? 4 : 1;
            w += done;
            y += (nint)done * op.C;
            if (residual != null) residual += (nint)done * op.C;
        }
    }

    // 4 where this pixel and the three after it meet every kernel column, 1 where this one does, else 0.
    private int Alike(int w)
    {
        if (!Inner(w)) return 0;
        return w + 4 <= taps.TargetW && Inner(w + 3) ? 4 : 1;
    }

    private bool Inner(int w) => (!gradient || op.Stride == 1) && taps.Column(w, 0) >= 0 && taps.Column(w, op.KernelW - 1) >= 0;

    private static void Pixels(bool four, int count, nint* offsets, float** weights, float* x, nint pixel, int channels, float* bias, float* residual, bool relu, float* y)
    {
        if (Vector512.IsHardwareAccelerated) Pixels<Simd512, Vector512<float>>(four, count, offsets, weights, x, pixel, channels, bias, residual, relu, y);
        else if (Vector256.IsHardwareAccelerated) Pixels<Simd256, Vector256<float>>(four, count, offsets, weights, x, pixel, channels, bias, residual, relu, y);
        else Pixels<Simd128, Vector128<float>>(four, count, offsets, weights, x, pixel, channels, bias, residual, relu, y);
    }

    /// <summary>y of one pixel or four neighbours, a vector of channels at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Pixels<TSimd, TVector>(
        bool four, int count, nint* offsets, float** weights, float* x, nint pixel, int channels, float* bias, float* residual, bool relu, float* y)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        for (int c = 0; c < channels; c += TSimd.Width)
        {
            TVector s0 = bias == null ? default : TSimd.Load(bias + c), s1 = s0, s2 = s0, s3 = s0;
            float* xc = x + c;
            if (four)
                for (int t = 0; t < count; t++)
                {
                    TVector w = TSimd.Load(weights[t] + c);
                    float* at = xc + offsets[t];
                    s0 = TSimd.MultiplyAdd(w, TSimd.Load(at), s0);
                    s1 = TSimd.MultiplyAdd(w, TSimd.Load(at + pixel), s1);
                    s2 = TSimd.MultiplyAdd(w, TSimd.Load(at + 2 * pixel), s2);
                    s3 = TSimd.MultiplyAdd(w, TSimd.Load(at + 3 * pixel), s3);
                }
            else
                for (int t = 0; t < count; t++) s0 = TSimd.MultiplyAdd(TSimd.Load(weights[t] + c), TSimd.Load(xc + offsets[t]), s0);
            float* target = y + c, added = residual == null ? null : residual + c;
            int left = channels - c;
            Finish<TSimd, TVector>(s0, target, added, relu, left);
            if (!four) continue;
            Finish<TSimd, TVector>(s1, target + channels, added == null ? null : added + channels, relu, left);
            Finish<TSimd, TVector>(s2, target + 2 * channels, added == null ? null : added + 2 * channels, relu, left);
            Finish<TSimd, TVector>(s3, target + 3 * channels, added == null ? null : added + 3 * channels, relu, left);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish<TSimd, TVector>(TVector sum, float* target, float* residual, bool relu, int left)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        if (residual != null) sum = TSimd.Add(sum, TSimd.Load(residual));
        if (relu) sum = TSimd.Max(default, sum);
        if (left >= TSimd.Width) TSimd.Store(target, sum);
        else TSimd.StorePart(target, sum, left);
    }
}
