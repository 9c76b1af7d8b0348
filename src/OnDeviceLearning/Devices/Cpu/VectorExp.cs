using System.Numerics;
using System.Runtime.CompilerServices;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>The exponential function of a vector, for loops that do more than that with each element.</summary>
internal static unsafe class VectorExp
{
    private const float Least = -87, InverseLn2 = 1.44269504f, Ln2High = 0.693359375f, Ln2Low = -2.12194440e-4f;
    private const float Rounder = 12582912; // 1.5 * 2^23: a sum with it has the nearest integer in its low bits

    /// <summary>exp(x) for x of at most 0, off by about 2e-7 of itself; x below -87 counts as -87.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> OfNegative(Vector<float> x)
    {
        // exp(x) = 2^n * exp(r), n = round(x / ln 2), |r| at most ln 2 / 2
        x = Vector.Max(x, new Vector<float>(Least));
        Vector<float> shifted = x * InverseLn2 + new Vector<float>(Rounder), n = shifted - new Vector<float>(Rounder);
        Vector<float> r = x - n * Ln2High - n * Ln2Low;
        Vector<float> p = new Vector<float>(1 / 120f) + r * new Vector<float>(1 / 720f);
        p = new Vector<float>(1 / 24f) + r * p;
        p = new Vector<float>(1 / 6f) + r * p;
        p = new Vector<float>(0.5f) + r * p;
        p = Vector<float>.One + r * (Vector<float>.One + r * p);
        return Vector.AsVectorSingle(Vector.AsVectorInt32(p) + Vector.ShiftLeft(Vector.AsVectorInt32(shifted), 23));
    }

    /// <summary>row = exp(row - largest); returns the largest and the sum of what became of the row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static (float Largest, float Sum) SoftmaxRow(float* row, int count)
    {
        int i = 0;
        float largest = row[0];
        if (count >= Vector<float>.Count)
        {
            Vector<float> most = Vector.Load(row);
            for (; i + Vector<float>.Count <= count; i += Vector<float>.Count) most = Vector.Max(most, Vector.Load(row + i));
            for (int k = 0; k < Vector<float>.Count; k++) largest = Math.Max(largest, most[k]);
        }
        for (; i < count; i++) largest = Math.Max(largest, row[i]);
        float sum = ExpRow(row, count, largest);
        return (largest, sum);
    }

    /// <summary>row = exp(row - shift), where nothing is larger than the shift; returns the sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float ExpRow(float* row, int count, float shift)
    {
        Vector<float> sums = Vector<float>.Zero, shifts = new(shift);
        int i = 0;
        for (; i + Vector<float>.Count <= count; i += Vector<float>.Count)
        {
            Vector<float> e = OfNegative(Vector.Load(row + i) - shifts);
            Vector.Store(e, row + i);
            sums += e;
        }
        float sum = Vector.Sum(sums);
        for (; i < count; i++) sum += row[i] = MathF.Exp(row[i] - shift);
        return sum;
    }
}
