using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>The exponential function of a vector, for loops that do more than that with each element.</summary>
internal static unsafe class VectorExp
{
    private const float Least = -87, InverseLn2 = 1.44269504f, Ln2High = 0.693359375f, Ln2Low = -2.12194440e-4f;
    private const float Rounder = 12582912; // 1.5 * 2^23: a sum with it has the nearest integer in its low bits

    /// <summary>exp(x) for x of at most 0, off by about 2e-7 of itself; x below -87 counts as -87.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector OfNegative<TSimd, TVector>(TVector x)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        // exp(x) = 2^n * exp(r), n = round(x / ln 2), |r| at most ln 2 / 2
        x = TSimd.Max(TSimd.Broadcast(Least), x);
        TVector rounder = TSimd.Broadcast(Rounder), one = TSimd.Broadcast(1);
        TVector shifted = TSimd.MultiplyAdd(x, TSimd.Broadcast(InverseLn2), rounder), n = TSimd.Subtract(shifted, rounder);
        TVector r = TSimd.MultiplyAdd(n, TSimd.Broadcast(-Ln2Low), TSimd.MultiplyAdd(n, TSimd.Broadcast(-Ln2High), x));
        TVector p = TSimd.MultiplyAdd(r, TSimd.Broadcast(1 / 720f), TSimd.Broadcast(1 / 120f));
        p = TSimd.MultiplyAdd(r, p, TSimd.Broadcast(1 / 24f));
        p = TSimd.MultiplyAdd(r, p, TSimd.Broadcast(1 / 6f));
        p = TSimd.MultiplyAdd(r, p, TSimd.Broadcast(0.5f));
        p = TSimd.MultiplyAdd(r, p, one);
        p = TSimd.MultiplyAdd(r, p, one);
        return TSimd.ScaleByPowerOfTwo(p, shifted);
    }

    /// <summary>row = exp(row - largest); returns the largest and the sum of what became of the row. What lies behind the row is read as well.</summary>
    public static (float Largest, float Sum) SoftmaxRow(float* row, int count)
    {
        float largest = Largest(row, count);
        return (largest, ExpRow(row, count, largest));
    }

    /// <summary>row = exp(row - shift), where nothing is larger than the shift; returns the sum.</summary>
    public static float ExpRow(float* row, int count, float shift)
    {
        if (Vector512.IsHardwareAccelerated) return ExpRow<Simd512, Vector512<float>>(row, count, shift);
        if (Vector256.IsHardwareAccelerated) return ExpRow<Simd256, Vector256<float>>(row, count, shift);
        return ExpRow<Simd128, Vector128<float>>(row, count, shift);
    }

    private static float Largest(float* row, int count)
    {
        if (Vector512.IsHardwareAccelerated) return Largest<Simd512, Vector512<float>>(row, count);
        if (Vector256.IsHardwareAccelerated) return Largest<Simd256, Vector256<float>>(row, count);
        return Largest<Simd128, Vector128<float>>(row, count);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Largest<TSimd, TVector>(float* row, int count)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        int i = 0;
        float largest = row[0];
        if (count >= TSimd.Width)
        {
            TVector most = TSimd.Load(row);
            for (i = TSimd.Width; i + TSimd.Width <= count; i += TSimd.Width) most = TSimd.Max(most, TSimd.Load(row + i));
            largest = TSimd.Largest(most);
        }
        for (; i < count; i++) largest = Math.Max(largest, row[i]);
        return largest;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float ExpRow<TSimd, TVector>(float* row, int count, float shift)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        TVector sums = default, shifts = TSimd.Broadcast(shift);
        int i = 0;
        for (; i + TSimd.Width <= count; i += TSimd.Width)
        {
            TVector e = OfNegative<TSimd, TVector>(TSimd.Subtract(TSimd.Load(row + i), shifts));
            TSimd.Store(row + i, e);
            sums = TSimd.Add(sums, e);
        }
        float sum = TSimd.Sum(sums);
        if (i == count) return sum;
        float* rest = stackalloc float[16];
        TSimd.Store(rest, OfNegative<TSimd, TVector>(TSimd.Subtract(TSimd.Load(row + i), shifts)));
        for (int k = 0; i < count; i++, k++) sum += row[i] = rest[k];
        return sum;
    }
}
