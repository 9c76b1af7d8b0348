using System.Runtime.CompilerServices;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>
/// The transforms of F(4x4, 3x3), arXiv 1509.09308: a 4x4 tile of outputs is A' [(G g G') * (B' d B)] A, g the 3x3 kernel and
/// d the 6x6 inputs below the tile, so that 36 products do the work of 144. The gradient for g is its adjoint,
/// G' [(A dy A') * (B' d B)] G. Every method works on a vector of channels at a time.
/// </summary>
[SkipLocalsInit]
internal static unsafe class WinogradTransforms<TSimd, TVector>
    where TSimd : struct, ISimd<TVector>
    where TVector : unmanaged
{
    /// <summary>B' d B: channels of the 36 pixels at <paramref name="pixels"/> to planes of v.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Input(float** pixels, int channels, float* v, nint plane)
    {
        float* rows = stackalloc float[36 * 16];
        TVector four = TSimd.Broadcast(4), minusFour = TSimd.Broadcast(-4), minusFive = TSimd.Broadcast(-5), two = TSimd.Broadcast(2), minusTwo = TSimd.Broadcast(-2), minusOne = TSimd.Broadcast(-1);
        for (int c = 0; c < channels; c += TSimd.Width)
        {
            for (int pass = 0; pass < 2; pass++)
                for (int i = 0; i < 6; i++)
                {
                    TVector d0, d1, d2, d3, d4, d5;
                    float* to;
                    nint step;
                    if (pass == 0)
                    {
                        d0 = TSimd.Load(pixels[i] + c);
                        d1 = TSimd.Load(pixels[6 + i] + c);
                        d2 = TSimd.Load(pixels[12 + i] + c);
                        d3 = TSimd.Load(pixels[18 + i] + c);
                        d4 = TSimd.Load(pixels[24 + i] + c);
                        d5 = TSimd.Load(pixels[30 + i] + c);
                        to = rows + i * TSimd.Width;
                        step = 6 * TSimd.Width;
                    }
                    else
                    {
                        float* row = rows + i * 6 * TSimd.Width;
                        d0 = TSimd.Load(row);
                        d1 = TSimd.Load(row + TSimd.Width);
                        d2 = TSimd.Load(row + 2 * TSimd.Width);
                        d3 = TSimd.Load(row + 3 * TSimd.Width);
                        d4 = TSimd.Load(row + 4 * TSimd.Width);
                        d5 = TSimd.Load(row + 5 * TSimd.Width);
                        to = v + i * 6 * plane + c;
                        step = plane;
                    }
                    TVector a = TSimd.MultiplyAdd(minusFour, d2, d4), b = TSimd.MultiplyAdd(minusFour, d1, d3);
                    TVector e = TSimd.MultiplyAdd(minusOne, d2, d4), f = TSimd.MultiplyAdd(minusOne, d1, d3);
                    TSimd.Store(to, TSimd.MultiplyAdd(four, d0, TSimd.MultiplyAdd(minusFive, d2, d4)));
                    TSimd.Store(to + step, TSimd.Add(a, b));
                    TSimd.Store(to + 2 * step, TSimd.MultiplyAdd(minusOne, b, a));
                    TSimd.Store(to + 3 * step, TSimd.MultiplyAdd(two, f, e));
                    TSimd.Store(to + 4 * step, TSimd.MultiplyAdd(minusTwo, f, e));
                    TSimd.Store(to + 5 * step, TSimd.MultiplyAdd(four, d1, TSimd.MultiplyAdd(minusFive, d3, d5)));
                }
        }
    }

    /// <summary>A' m A, then bias, residual and ReLU, to the up to 16 pixels at <paramref name="pixels"/> (null outside), the residual's at <paramref name="shift"/> from them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Output(float* m, nint plane, int channels, float* bias, bool hasResidual, nint shift, bool relu, float** pixels)
    {
        float* rows = stackalloc float[24 * 16];
        TVector two = TSimd.Broadcast(2), four = TSimd.Broadcast(4), eight = TSimd.Broadcast(8), minusOne = TSimd.Broadcast(-1);
        for (int c = 0; c < channels; c += TSimd.Width)
        {
            int left = channels - c;
            TVector added = bias == null ? default : TSimd.Load(bias + c);
            // Down the columns first: [6, 6] to [4, 6]; then along the rows: to [4, 4].
            for (int pass = 0; pass < 2; pass++)
                for (int i = 0; i < (pass == 0 ? 6 : 4); i++)
                {
                    float* from = pass == 0 ? m + i * plane + c : rows + i * 6 * TSimd.Width;
                    nint step = pass == 0 ? 6 * plane : TSimd.Width;
                    TVector m1 = TSimd.Load(from + step), m2 = TSimd.Load(from + 2 * step), m3 = TSimd.Load(from + 3 * step), m4 = TSimd.Load(from + 4 * step);
                    TVector s = TSimd.Add(m1, m2), d = TSimd.MultiplyAdd(minusOne, m2, m1), s2 = TSimd.Add(m3, m4), d2 = TSimd.MultiplyAdd(minusOne, m4, m3);
                    TVector y0 = TSimd.Add(TSimd.Load(from), TSimd.Add(s, s2)), y1 = TSimd.MultiplyAdd(two, d2, d);
                    TVector y2 = TSimd.MultiplyAdd(four, s2, s), y3 = TSimd.Add(TSimd.Load(from + 5 * step), TSimd.MultiplyAdd(eight, d2, d));
                    if (pass == 0)
                    {
                        float* to = rows + i * TSimd.Width;
                        TSimd.Store(to, y0);
                        TSimd.Store(to + 6 * TSimd.Width, y1);
                        TSimd.Store(to + 12 * TSimd.Width, y2);
                        TSimd.Store(to + 18 * TSimd.Width, y3);
                        continue;
                    }
                    Finish(pixels[4 * i], c, TSimd.Add(y0, added), hasResidual, shift, relu, left);
                    Finish(pixels[4 * i + 1], c, TSimd.Add(y1, added), hasResidual, shift, relu, left);
                    Finish(pixels[4 * i + 2], c, TSimd.Add(y2, added), hasResidual, shift, relu, left);
                    Finish(pixels[4 * i + 3], c, TSimd.Add(y3, added), hasResidual, shift, relu, left);
                }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish(float* pixel, int channel, TVector value, bool hasResidual, nint shift, bool relu, int left)
    {
        if (pixel == null) return;
        pixel += channel;
        if (hasResidual) value = TSimd.Add(value, TSimd.Load(pixel + shift));
        if (relu) value = TSimd.Max(default, value);
        if (left >= TSimd.Width) TSimd.Store(pixel, value);
        else TSimd.StorePart(pixel, value, left);
    }

    /// <summary>A dy A': channels of the 16 pixels at <paramref name="pixels"/> to planes of v.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void OutputGradient(float** pixels, int channels, float* v, nint plane)
    {
        float* rows = stackalloc float[24 * 16];
        TVector two = TSimd.Broadcast(2), four = TSimd.Broadcast(4), eight = TSimd.Broadcast(8), minusOne = TSimd.Broadcast(-1);
        for (int c = 0; c < channels; c += TSimd.Width)
            for (int pass = 0; pass < 2; pass++)
                for (int i = 0; i < (pass == 0 ? 4 : 6); i++)
                {
                    TVector y0, y1, y2, y3;
                    float* to;
                    nint step;
                    if (pass == 0)
                    {
                        y0 = TSimd.Load(pixels[i] + c);
                        y1 = TSimd.Load(pixels[4 + i] + c);
                        y2 = TSimd.Load(pixels[8 + i] + c);
                        y3 = TSimd.Load(pixels[12 + i] + c);
                        to = rows + i * TSimd.Width;
                        step = 4 * TSimd.Width;
                    }
                    else
                    {
                        float* row = rows + i * 4 * TSimd.Width;
                        y0 = TSimd.Load(row);
                        y1 = TSimd.Load(row + TSimd.Width);
                        y2 = TSimd.Load(row + 2 * TSimd.Width);
                        y3 = TSimd.Load(row + 3 * TSimd.Width);
                        to = v + i * 6 * plane + c;
                        step = plane;
                    }
                    TVector even = TSimd.Add(y0, y2), odd = TSimd.Add(y1, y3);
                    TVector even2 = TSimd.MultiplyAdd(four, y2, y0), odd2 = TSimd.MultiplyAdd(eight, y3, TSimd.Multiply(two, y1));
                    TSimd.Store(to, y0);
                    TSimd.Store(to + step, TSimd.Add(even, odd));
                    TSimd.Store(to + 2 * step, TSimd.MultiplyAdd(minusOne, odd, even));
                    TSimd.Store(to + 3 * step, TSimd.Add(even2, odd2));
                    TSimd.Store(to + 4 * step, TSimd.MultiplyAdd(minusOne, odd2, even2));
                    TSimd.Store(to + 5 * step, y3);
                }
    }

    /// <summary>G g G': kernels [9, count] to planes of u.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Kernel(float* kernels, int count, float* u, nint plane)
    {
        float* rows = stackalloc float[18 * 16];
        TVector quarter = TSimd.Broadcast(1 / 4f), sixth = TSimd.Broadcast(-1 / 6f), first = TSimd.Broadcast(1 / 24f), second = TSimd.Broadcast(1 / 12f), third = TSimd.Broadcast(1 / 6f), minusOne = TSimd.Broadcast(-1);
        for (int c = 0; c < count; c += TSimd.Width)
            for (int pass = 0; pass < 2; pass++)
                for (int i = 0; i < (pass == 0 ? 3 : 6); i++)
                {
                    float* from = pass == 0 ? kernels + i * count + c : rows + i * 3 * TSimd.Width, to = pass == 0 ? rows + i * TSimd.Width : u + i * 6 * plane + c;
                    nint read = pass == 0 ? 3 * count : TSimd.Width, step = pass == 0 ? 3 * TSimd.Width : plane;
                    TVector g0 = TSimd.Load(from), g1 = TSimd.Load(from + read), g2 = TSimd.Load(from + 2 * read);
                    TVector even = TSimd.Add(g0, g2), even2 = TSimd.MultiplyAdd(first, g0, TSimd.Multiply(third, g2)), odd2 = TSimd.Multiply(second, g1);
                    TSimd.Store(to, TSimd.Multiply(quarter, g0));
                    TSimd.Store(to + step, TSimd.Multiply(sixth, TSimd.Add(even, g1)));
                    TSimd.Store(to + 2 * step, TSimd.Multiply(sixth, TSimd.MultiplyAdd(minusOne, g1, even)));
                    TSimd.Store(to + 3 * step, TSimd.Add(even2, odd2));
                    TSimd.Store(to + 4 * step, TSimd.MultiplyAdd(minusOne, odd2, even2));
                    TSimd.Store(to + 5 * step, g2);
                }
    }

    /// <summary>G' m G: planes of m to kernel gradients [9, count].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void KernelGradient(float* m, nint plane, int count, float* kernels)
    {
        float* rows = stackalloc float[18 * 16];
        TVector quarter = TSimd.Broadcast(1 / 4f), sixth = TSimd.Broadcast(-1 / 6f), first = TSimd.Broadcast(1 / 24f), second = TSimd.Broadcast(1 / 12f), third = TSimd.Broadcast(1 / 6f), minusOne = TSimd.Broadcast(-1);
        for (int c = 0; c < count; c += TSimd.Width)
            for (int pass = 0; pass < 2; pass++)
                for (int i = 0; i < (pass == 0 ? 6 : 3); i++)
                {
                    float* from = pass == 0 ? m + i * plane + c : rows + i * 6 * TSimd.Width, to = pass == 0 ? rows + i * TSimd.Width : kernels + i * 3 * count + c;
                    nint read = pass == 0 ? 6 * plane : TSimd.Width, step = pass == 0 ? 6 * TSimd.Width : count;
                    TVector m1 = TSimd.Load(from + read), m2 = TSimd.Load(from + 2 * read), m3 = TSimd.Load(from + 3 * read), m4 = TSimd.Load(from + 4 * read);
                    TVector s = TSimd.Add(m1, m2), d = TSimd.MultiplyAdd(minusOne, m2, m1), s2 = TSimd.Add(m3, m4), d2 = TSimd.MultiplyAdd(minusOne, m4, m3);
                    TSimd.Store(to, TSimd.MultiplyAdd(quarter, TSimd.Load(from), TSimd.MultiplyAdd(sixth, s, TSimd.Multiply(first, s2))));
                    TSimd.Store(to + step, TSimd.MultiplyAdd(sixth, d, TSimd.Multiply(second, d2)));
                    TSimd.Store(to + 2 * step, TSimd.MultiplyAdd(sixth, s, TSimd.MultiplyAdd(third, s2, TSimd.Load(from + 5 * read))));
                }
    }
}
