using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>How four neighbours of a target row meet the columns of a source row, known to the compiler.</summary>
internal interface IDepthwisePattern
{
    /// <summary>Source columns that the four meet, the first one's first.</summary>
    static abstract int Columns { get; }
}

/// <summary>Target i meets columns i, i + 1, i + 2.</summary>
internal readonly struct DepthwiseStep1 : IDepthwisePattern { public static int Columns => 6; }

/// <summary>Target i meets columns 2i, 2i + 1, 2i + 2.</summary>
internal readonly struct DepthwiseStep2 : IDepthwisePattern { public static int Columns => 9; }

/// <summary>The gradient of the latter: targets 0 and 2 meet columns 0 and 1, targets 1 and 3 meet 0, 1 and 1, 2.</summary>
internal readonly struct DepthwiseStep2Gradient : IDepthwisePattern { public static int Columns => 3; }

/// <summary>
/// A row of a depthwise 3x3 convolution, or of its gradient for the input, four neighbours at a time: each source vector is
/// loaded once for all of them. What lies outside reads a row of zeros.
/// </summary>
internal sealed unsafe class Depthwise3x3
{
    private const int Quad = 4, MaxColumns = 9;

    private readonly Conv2dTaps taps;
    private readonly bool gradient;
    private readonly int channels, stride, padding;

    private Depthwise3x3(Conv2dOperation op, Conv2dTaps taps, bool gradient)
    {
        this.taps = taps;
        this.gradient = gradient;
        (channels, stride, padding) = (op.C, op.Stride, op.Padding);
    }

    /// <summary>Null where the convolution is another one.</summary>
    public static Depthwise3x3? For(Conv2dOperation op, Conv2dTaps taps, bool gradient) =>
        op.KernelH == 3 && op.KernelW == 3 && op.Dilation == 1 && (op.Stride == 1 || (op.Stride == 2 && (!gradient || op.Padding == 1)))
            ? new Depthwise3x3(op, taps, gradient) : null;

    /// <summary><paramref name="count"/> channels of target row <paramref name="h"/> from an image; weights [9, C], zeros [C], each from the first of these channels on.</summary>
    [SkipLocalsInit]
    public void Row(int h, int count, float* source, float* weights, float* zeros, float* bias, float* residual, bool relu, float* y)
    {
        if (residual == null && taps.TargetW >= Quad && count % VectorWidth == 0 && (stride == 1 || !gradient))
        {
            Quads(h, count, source, weights, zeros, bias, relu, y);
            return;
        }
        float** lines = stackalloc float*[3], kernels = stackalloc float*[3], columns = stackalloc float*[3 * MaxColumns];
        int rows = 0;
        for (int kh = 0; kh < 3; kh++)
        {
            int row = taps.Row(h, kh);
            if (row < 0) continue;
            lines[rows] = source + (nint)row * taps.SourceW * channels;
            kernels[rows++] = weights + 3 * kh * channels;
        }
        bool halved = gradient && stride == 2;
        int met = halved ? 3 : stride == 2 ? 9 : 6;
        for (int w = 0; w < taps.TargetW; w += Quad)
        {
            int pixels = Math.Min(Quad, taps.TargetW - w), column = halved ? w / 2 : gradient ? w + padding - 2 : w * stride - padding;
            bool inside = column >= 0 && column + met <= taps.SourceW;
            for (int r = 0; r < rows; r++)
                for (int i = 0; i < (inside ? 1 : met); i++)
                    columns[r * met + i] = (uint)(column + i) < (uint)taps.SourceW ? lines[r] + (nint)(column + i) * channels : zeros;
            Pixels(inside, count, rows, columns, kernels, pixels, bias, residual, relu, y);
            y += Quad * channels;
            if (residual != null) residual += Quad * channels;
        }
    }

    private static int VectorWidth => Vector512.IsHardwareAccelerated ? 16 : Vector256.IsHardwareAccelerated ? 8 : 4;

    private void Quads(int h, int count, float* source, float* weights, float* zeros, float* bias, bool relu, float* y)
    {
        if (Vector512.IsHardwareAccelerated) Quads<Simd512, Vector512<float>>(h, count, source, weights, zeros, bias, relu, y);
        else if (Vector256.IsHardwareAccelerated) Quads<Simd256, Vector256<float>>(h, count, source, weights, zeros, bias, relu, y);
        else Quads<Simd128, Vector128<float>>(h, count, source, weights, zeros, bias, relu, y);
    }

    private void Quads<TSimd, TVector>(int h, int count, float* source, float* weights, float* zeros, float* bias, bool relu, float* y)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        float** lines = stackalloc float*[3];
        for (int kh = 0; kh < 3; kh++)
        {
            int row = taps.Row(h, kh);
            lines[kh] = row < 0 ? null : source + (nint)row * taps.SourceW * channels;
        }
        if (stride == 1)
            DepthwiseQuads<TSimd, TVector, DepthwiseStep1>.Row(lines, taps.SourceW, gradient ? padding - 2 : -padding, channels, count, weights, gradient, zeros, bias, relu, taps.TargetW, y);
        else
            DepthwiseQuads<TSimd, TVector, DepthwiseStep2>.Row(lines, taps.SourceW, -padding, channels, count, weights, false, zeros, bias, relu, taps.TargetW, y);
    }

    private void Pixels(bool inside, int width, int rows, float** columns, float** kernels, int count, float* bias, float* residual, bool relu, float* y)
    {
        if (Vector512.IsHardwareAccelerated) Pixels<Simd512, Vector512<float>>(inside, width, rows, columns, kernels, count, bias, residual, relu, y);
        else if (Vector256.IsHardwareAccelerated) Pixels<Simd256, Vector256<float>>(inside, width, rows, columns, kernels, count, bias, residual, relu, y);
        else Pixels<Simd128, Vector128<float>>(inside, width, rows, columns, kernels, count, bias, residual, relu, y);
    }

    private void Pixels<TSimd, TVector>(bool inside, int width, int rows, float** columns, float** kernels, int count, float* bias, float* residual, bool relu, float* y)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        if (stride == 1) Pixels<TSimd, TVector, DepthwiseStep1>(inside, gradient, channels, width, rows, columns, kernels, count, bias, residual, relu, y);
        else if (!gradient) Pixels<TSimd, TVector, DepthwiseStep2>(inside, false, channels, width, rows, columns, kernels, count, bias, residual, relu, y);
        else Pixels<TSimd, TVector, DepthwiseStep2Gradient>(inside, false, channels, width, rows, columns, kernels, count, bias, residual, relu, y);
    }

    /// <summary>
    /// y of up to four neighbours, <paramref name="width"/> channels, a vector of them at a time. For each row the columns it meets lie one pixel apart
    /// from the first (inside) or where the list says.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Pixels<TSimd, TVector, TPattern>(
        bool inside, bool mirrored, int channels, int width, int rows, float** columns, float** kernels, int count, float* bias, float* residual, bool relu, float* y)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
        where TPattern : struct, IDepthwisePattern
    {
        nint pixel = channels, first = mirrored ? 2 * pixel : 0, last = 2 * pixel - first;
        TVector floor = TSimd.Broadcast(relu ? 0 : float.NegativeInfinity);
        for (int c = 0; c < width; c += TSimd.Width)
        {
            TVector s0 = bias == null ? default : TSimd.Load(bias + c), s1 = s0, s2 = s0, s3 = s0;
            for (int r = 0; r < rows; r++)
            {
                float* w = kernels[r] + c;
                float** list = columns + r * TPattern.Columns;
                TVector w0 = TSimd.Load(w + first), w1 = TSimd.Load(w + pixel), w2 = TSimd.Load(w + last);
                TVector x0, x1, x2, x3 = default, x4 = default, x5 = default, x6 = default, x7 = default, x8 = default;
                if (inside)
                {
                    float* x = list[0] + c;
                    (x0, x1, x2) = (TSimd.Load(x), TSimd.Load(x + pixel), TSimd.Load(x + 2 * pixel));
                    x += 3 * pixel;
                    if (TPattern.Columns > 3) (x3, x4, x5) = (TSimd.Load(x), TSimd.Load(x + pixel), TSimd.Load(x + 2 * pixel));
                    x += 3 * pixel;
                    if (TPattern.Columns > 6) (x6, x7, x8) = (TSimd.Load(x), TSimd.Load(x + pixel), TSimd.Load(x + 2 * pixel));
                }
                else
                {
                    (x0, x1, x2) = (TSimd.Load(list[0] + c), TSimd.Load(list[1] + c), TSimd.Load(list[2] + c));
                    if (TPattern.Columns > 3) (x3, x4, x5) = (TSimd.Load(list[3] + c), TSimd.Load(list[4] + c), TSimd.Load(list[5] + c));
                    if (TPattern.Columns > 6) (x6, x7, x8) = (TSimd.Load(list[6] + c), TSimd.Load(list[7] + c), TSimd.Load(list[8] + c));
                }
                if (TPattern.Columns == 6)
                {
                    (s0, s1, s2, s3) = (TSimd.MultiplyAdd(w0, x0, s0), TSimd.MultiplyAdd(w0, x1, s1), TSimd.MultiplyAdd(w0, x2, s2), TSimd.MultiplyAdd(w0, x3, s3));
                    (s0, s1, s2, s3) = (TSimd.MultiplyAdd(w1, x1, s0), TSimd.MultiplyAdd(w1, x2, s1), TSimd.MultiplyAdd(w1, x3, s2), TSimd.MultiplyAdd(w1, x4, s3));
                    (s0, s1, s2, s3) = (TSimd.MultiplyAdd(w2, x2, s0), TSimd.MultiplyAdd(w2, x3, s1), TSimd.MultiplyAdd(w2, x4, s2), TSimd.MultiplyAdd(w2, x5, s3));
                }
                else if (TPattern.Columns == 9)
                {
                    (s0, s1, s2, s3) = (TSimd.MultiplyAdd(w0, x0, s0), TSimd.MultiplyAdd(w0, x2, s1), TSimd.MultiplyAdd(w0, x4, s2), TSimd.MultiplyAdd(w0, x6, s3));
                    (s0, s1, s2, s3) = (TSimd.MultiplyAdd(w1, x1, s0), TSimd.MultiplyAdd(w1, x3, s1), TSimd.MultiplyAdd(w1, x5, s2), TSimd.MultiplyAdd(w1, x7, s3));
                    (s0, s1, s2, s3) = (TSimd.MultiplyAdd(w2, x2, s0), TSimd.MultiplyAdd(w2, x4, s1), TSimd.MultiplyAdd(w2, x6, s2), TSimd.MultiplyAdd(w2, x8, s3));
                }
                else
                {
                    (s0, s1, s2, s3) = (TSimd.MultiplyAdd(w1, x0, s0), TSimd.MultiplyAdd(w2, x0, s1), TSimd.MultiplyAdd(w1, x1, s2), TSimd.MultiplyAdd(w2, x1, s3));
                    (s1, s3) = (TSimd.MultiplyAdd(w0, x1, s1), TSimd.MultiplyAdd(w0, x2, s3));
                }
            }
            float* target = y + c;
            if (residual != null)
            {
                float* added = residual + c;
                s0 = TSimd.Add(s0, TSimd.Load(added));
                if (count > 1) s1 = TSimd.Add(s1, TSimd.Load(added + pixel));
                if (count > 2) s2 = TSimd.Add(s2, TSimd.Load(added + 2 * pixel));
                if (count > 3) s3 = TSimd.Add(s3, TSimd.Load(added + 3 * pixel));
            }
            (s0, s1, s2, s3) = (TSimd.Max(floor, s0), TSimd.Max(floor, s1), TSimd.Max(floor, s2), TSimd.Max(floor, s3));
            if (c + TSimd.Width <= width)
            {
                TSimd.Store(target, s0);
                if (count > 1) TSimd.Store(target + pixel, s1);
                if (count > 2) TSimd.Store(target + 2 * pixel, s2);
                if (count > 3) TSimd.Store(target + 3 * pixel, s3);
                continue;
            }
            TSimd.StorePart(target, s0, width - c);
            if (count > 1) TSimd.StorePart(target + pixel, s1, width - c);
            if (count > 2) TSimd.StorePart(target + 2 * pixel, s2, width - c);
            if (count > 3) TSimd.StorePart(target + 3 * pixel, s3, width - c);
        }
    }
}
