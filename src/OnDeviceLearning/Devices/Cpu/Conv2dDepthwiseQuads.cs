using System.Runtime.CompilerServices;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>
/// A row of a depthwise 3x3 convolution, whole vectors of channels, at least four pixels wide: all nine taps of four
/// neighbours in one go, without a branch. The last four may overlap the four before them, whose pixels come out the same.
/// </summary>
internal static unsafe class DepthwiseQuads<TSimd, TVector, TPattern>
    where TSimd : struct, ISimd<TVector>
    where TVector : unmanaged
    where TPattern : struct, IDepthwisePattern
{
    private const int Quad = 4;

    private static int Step => TPattern.Columns == 6 ? 1 : 2;

    /// <summary>
    /// <paramref name="lines"/> are the three source rows of <paramref name="sourceWidth"/> pixels, null outside; the first
    /// pixel's first column is <paramref name="column"/>. Weights are [3, 3, C], each kernel row turned round where
    /// <paramref name="mirrored"/>; <paramref name="count"/> of the channels are computed.
    /// </summary>
    [SkipLocalsInit]
    public static void Row(float** lines, int sourceWidth, int column, int channels, int count, float* weights, bool mirrored, float* zeros, float* bias, bool relu, int width, float* y)
    {
        float** list = stackalloc float*[3 * 9];
        nint pixel = channels;
        bool whole = lines[0] != null && lines[1] != null && lines[2] != null;
        bias = bias == null ? zeros : bias;
        for (int w = 0; w < width; w += Quad)
        {
            w = Math.Min(w, width - Quad);
            int first = column + w * Step;
            if (whole && first >= 0 && first + TPattern.Columns <= sourceWidth)
            {
                Inside(lines[0] + first * pixel, lines[1] + first * pixel, lines[2] + first * pixel, channels, count, weights, mirrored, bias, relu, y + w * pixel);
                continue;
            }
            for (int r = 0; r < 3; r++)
                for (int i = 0; i < TPattern.Columns; i++)
                    list[r * TPattern.Columns + i] = lines[r] != null && (uint)(first + i) < (uint)sourceWidth ? lines[r] + (first + i) * pixel : zeros;
            Listed(list, channels, count, weights, mirrored, bias, relu, y + w * pixel);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Inside(float* x0, float* x1, float* x2, nint pixel, nint count, float* weights, bool mirrored, float* bias, bool relu, float* y)
    {
        TVector floor = TSimd.Broadcast(relu ? 0 : float.NegativeInfinity);
        nint side = mirrored ? -pixel : pixel, three = 3 * pixel;
        float* w0 = weights + pixel, w1 = w0 + three, w2 = w1 + three; // the middle ones
        for (; count > 0; count -= TSimd.Width)
        {
            TVector s0 = TSimd.Load(bias), s1 = s0, s2 = s0, s3 = s0;
            Add(x0, pixel, w0, side, ref s0, ref s1, ref s2, ref s3);
            Add(x1, pixel, w1, side, ref s0, ref s1, ref s2, ref s3);
            Add(x2, pixel, w2, side, ref s0, ref s1, ref s2, ref s3);
            TSimd.Store(y, TSimd.Max(floor, s0));
            TSimd.Store(y + pixel, TSimd.Max(floor, s1));
            TSimd.Store(y + 2 * pixel, TSimd.Max(floor, s2));
            TSimd.Store(y + three, TSimd.Max(floor, s3));
            x0 += TSimd.Width;
            x1 += TSimd.Width;
            x2 += TSimd.Width;
            w0 += TSimd.Width;
            w1 += TSimd.Width;
            w2 += TSimd.Width;
            bias += TSimd.Width;
            y += TSimd.Width;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Listed(float** x, nint pixel, nint count, float* weights, bool mirrored, float* bias, bool relu, float* y)
    {
        TVector floor = TSimd.Broadcast(relu ? 0 : float.NegativeInfinity);
        nint side = mirrored ? -pixel : pixel, three = 3 * pixel;
        float* w0 = weights + pixel;
        for (nint c = 0; c < count; c += TSimd.Width)
        {
            TVector s0 = TSimd.Load(bias + c), s1 = s0, s2 = s0, s3 = s0;
            AddListed(x, c, w0 + c, side, ref s0, ref s1, ref s2, ref s3);
            AddListed(x + TPattern.Columns, c, w0 + three + c, side, ref s0, ref s1, ref s2, ref s3);
            AddListed(x + 2 * TPattern.Columns, c, w0 + 2 * three + c, side, ref s0, ref s1, ref s2, ref s3);
            float* target = y + c;
            TSimd.Store(target, TSimd.Max(floor, s0));
            TSimd.Store(target + pixel, TSimd.Max(floor, s1));
            TSimd.Store(target + 2 * pixel, TSimd.Max(floor, s2));
            TSimd.Store(target + three, TSimd.Max(floor, s3));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(float* x, nint pixel, float* w, nint side, ref TVector s0, ref TVector s1, ref TVector s2, ref TVector s3)
    {
        float* far = x + 3 * pixel, farther = far + 3 * pixel;
        TVector left = TSimd.Load(w - side), middle = TSimd.Load(w), right = TSimd.Load(w + side);
        if (TPattern.Columns == 6)
        {
            Quads(left, middle, right, TSimd.Load(x), TSimd.Load(x + pixel), TSimd.Load(x + 2 * pixel), TSimd.Load(far), TSimd.Load(far + pixel), TSimd.Load(far + 2 * pixel), ref s0, ref s1, ref s2, ref s3);
            return;
        }
        Quads(left, middle, right, TSimd.Load(x), TSimd.Load(x + pixel), TSimd.Load(x + 2 * pixel), TSimd.Load(far), TSimd.Load(far + pixel), TSimd.Load(far + 2 * pixel),
            TSimd.Load(farther), TSimd.Load(farther + pixel), TSimd.Load(farther + 2 * pixel), ref s0, ref s1, ref s2, ref s3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddListed(float** x, nint c, float* w, nint side, ref TVector s0, ref TVector s1, ref TVector s2, ref TVector s3)
    {
        TVector left = TSimd.Load(w - side), middle = TSimd.Load(w), right = TSimd.Load(w + side);
        if (TPattern.Columns == 6)
        {
            Quads(left, middle, right, TSimd.Load(x[0] + c), TSimd.Load(x[1] + c), TSimd.Load(x[2] + c), TSimd.Load(x[3] + c), TSimd.Load(x[4] + c), TSimd.Load(x[5] + c), ref s0, ref s1, ref s2, ref s3);
            return;
        }
        Quads(left, middle, right, TSimd.Load(x[0] + c), TSimd.Load(x[1] + c), TSimd.Load(x[2] + c), TSimd.Load(x[3] + c), TSimd.Load(x[4] + c), TSimd.Load(x[5] + c),
            TSimd.Load(x[6] + c), TSimd.Load(x[7] + c), TSimd.Load(x[8] + c), ref s0, ref s1, ref s2, ref s3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Quads(TVector left, TVector middle, TVector right, TVector x0, TVector x1, TVector x2, TVector x3, TVector x4, TVector x5,
        ref TVector s0, ref TVector s1, ref TVector s2, ref TVector s3)
    {
        s0 = TSimd.MultiplyAdd(left, x0, s0);
        s1 = TSimd.MultiplyAdd(left, x1, s1);
        s2 = TSimd.MultiplyAdd(left, x2, s2);
        s3 = TSimd.MultiplyAdd(left, x3, s3);
        s0 = TSimd.MultiplyAdd(middle, x1, s0);
        s1 = TSimd.MultiplyAdd(middle, x2, s1);
        s2 = TSimd.MultiplyAdd(middle, x3, s2);
        s3 = TSimd.MultiplyAdd(middle, x4, s3);
        s0 = TSimd.MultiplyAdd(right, x2, s0);
        s1 = TSimd.MultiplyAdd(right, x3, s1);
        s2 = TSimd.MultiplyAdd(right, x4, s2);
        s3 = TSimd.MultiplyAdd(right, x5, s3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Quads(TVector left, TVector middle, TVector right, TVector x0, TVector x1, TVector x2, TVector x3, TVector x4, TVector x5,
        TVector x6, TVector x7, TVector x8, ref TVector s0, ref TVector s1, ref TVector s2, ref TVector s3)
    {
        s0 = TSimd.MultiplyAdd(left, x0, s0);
        s1 = TSimd.MultiplyAdd(left, x2, s1);
        s2 = TSimd.MultiplyAdd(left, x4, s2);
        s3 = TSimd.MultiplyAdd(left, x6, s3);
        s0 = TSimd.MultiplyAdd(middle, x1, s0);
        s1 = TSimd.MultiplyAdd(middle, x3, s1);
        s2 = TSimd.MultiplyAdd(middle, x5, s2);
        s3 = TSimd.MultiplyAdd(middle, x7, s3);
        s0 = TSimd.MultiplyAdd(right, x2, s0);
        s1 = TSimd.MultiplyAdd(right, x4, s1);
        s2 = TSimd.MultiplyAdd(right, x6, s2);
        s3 = TSimd.MultiplyAdd(right, x8, s3);
    }
}
