using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>y = f(x), a block at a time.</summary>
internal sealed unsafe class ActivationKernel(Activation op) : ElementwiseKernel(op, op.Length)
{
    public override long WorkerScratch => Block;

    protected override void Compute(in CpuKernelMemory memory, int start, int count) =>
        Apply(op.Kind, memory[0] + start, memory[1] + start, count, memory.Scratch);

    /// <summary>y = f(x); scratch holds <paramref name="count"/> elements, x and y may be the same.</summary>
    public static void Apply(ActivationKind kind, float* from, float* to, int count, float* temporary)
    {
        ReadOnlySpan<float> x = new(from, count);
        Span<float> y = new(to, count), scratch = new(temporary, count);
        switch (kind)
        {
            case ActivationKind.Relu:
                Relu(from, to, count);
                break;
            case ActivationKind.Sigmoid:
                TensorPrimitives.Sigmoid(x, y);
                break;
            case ActivationKind.Tanh:
                TensorPrimitives.Tanh(x, y);
                break;
            case ActivationKind.Silu:
                TensorPrimitives.Sigmoid(x, scratch);
                TensorPrimitives.Multiply(x, scratch, y);
                break;
            case ActivationKind.QuickGelu:
                TensorPrimitives.Multiply(x, 1.702f, scratch);
                TensorPrimitives.Sigmoid(scratch, scratch);
                TensorPrimitives.Multiply(x, scratch, y);
                break;
            case ActivationKind.Gelu:
                Gelu(from, to, 1, 0, count);
                break;
        }
    }

    /// <summary>y = Gelu(y), for rows that lie <paramref name="stride"/> apart.</summary>
    public static void Gelu(float* y, int rows, nint stride, int columns) => Gelu(y, y, rows, stride, columns);

    private static void Relu(float* x, float* y, int count)
    {
        int i = 0;
        for (; i + Vector<float>.Count <= count; i += Vector<float>.Count) Vector.Store(Vector.Max(Vector.Load(x + i), Vector<float>.Zero), y + i);
        for (; i < count; i++) y[i] = Math.Max(x[i], 0);
    }

    private static void Gelu(float* x, float* y, int rows, nint stride, int columns)
    {
        if (Vector512.IsHardwareAccelerated) Gelu<Simd512, Vector512<float>>(x, y, rows, stride, columns);
        else if (Vector256.IsHardwareAccelerated) Gelu<Simd256, Vector256<float>>(x, y, rows, stride, columns);
        else Gelu<Simd128, Vector128<float>>(x, y, rows, stride, columns);
    }

    // x * P(X <= x) = max(x, 0) - |x| * P(X > |x|)
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Gelu<TSimd, TVector>(float* x, float* y, int rows, nint stride, int columns)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        TVector minusOne = TSimd.Broadcast(-1);
        for (; rows > 0; rows--, x += stride, y += stride)
            for (int i = 0; i < columns; i += TSimd.Width)
            {
                TVector v = TSimd.Load(x + i), size = TSimd.Abs(v);
                TVector tail = NormalDistribution.Tail<TSimd, TVector>(size, NormalDistribution.Exponential<TSimd, TVector>(v));
                TVector value = TSimd.MultiplyAdd(TSimd.Multiply(size, minusOne), tail, TSimd.Max(default, v));
                if (i + TSimd.Width <= columns) TSimd.Store(y + i, value);
                else TSimd.StorePart(y + i, value, columns - i);
            }
    }
}

/// <summary>dx = dy * f'(x), a block at a time.</summary>
internal sealed unsafe class ActivationGradientKernel(ActivationGradient op) : ElementwiseKernel(op, op.Length)
{
    public override long WorkerScratch => Block;

    protected override void Compute(in CpuKernelMemory memory, int start, int count)
    {
        float* x = memory[0] + start, dy = memory[1] + start, dx = memory[2] + start, scratch = memory.Scratch;
        ReadOnlySpan<float> input = new(x, count);
        Span<float> temporary = new(scratch, count);
        float slope = op.Kind == ActivationKind.QuickGelu ? 1.702f : 1;
        if (op.Kind == ActivationKind.Gelu)
        {
            Gelu(x, dy, dx, count);
            return;
        }
        switch (op.Kind)
        {
            case ActivationKind.Tanh:
                TensorPrimitives.Tanh(input, temporary);
                break;
            case not ActivationKind.Relu:
                TensorPrimitives.Multiply(input, slope, temporary);
                TensorPrimitives.Sigmoid(temporary, temporary);
                break;
        }
        int i = 0;
        for (; i + Vector<float>.Count <= count; i += Vector<float>.Count)
        {
            Vector<float> v = Vector.Load(x + i), s = Vector.Load(scratch + i);
            Vector<float> derivative = op.Kind switch
            {
                ActivationKind.Relu => Vector.ConditionalSelect(Vector.GreaterThan(v, Vector<float>.Zero), Vector<float>.One, Vector<float>.Zero),
                ActivationKind.Sigmoid => s * (Vector<float>.One - s),
                ActivationKind.Tanh => Vector<float>.One - s * s,
                _ => s + slope * v * s * (Vector<float>.One - s),
            };
            Vector.Store(Vector.Load(dy + i) * derivative, dx + i);
        }
        for (; i < count; i++)
        {
            float v = x[i], s = scratch[i];
            dx[i] = dy[i] * op.Kind switch
            {
                ActivationKind.Relu => v > 0 ? 1 : 0,
                ActivationKind.Sigmoid => s * (1 - s),
                ActivationKind.Tanh => 1 - s * s,
                _ => s + slope * v * s * (1 - s),
            };
        }
    }

    private static void Gelu(float* x, float* dy, float* dx, int count)
    {
        if (Vector512.IsHardwareAccelerated) Gelu<Simd512, Vector512<float>>(x, dy, dx, count);
        else if (Vector256.IsHardwareAccelerated) Gelu<Simd256, Vector256<float>>(x, dy, dx, count);
        else Gelu<Simd128, Vector128<float>>(x, dy, dx, count);
    }

    // P(X <= x) + x * density(x)
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Gelu<TSimd, TVector>(float* x, float* dy, float* dx, int count)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        TVector one = TSimd.Broadcast(1), inverseRoot = TSimd.Broadcast(NormalDistribution.InverseRoot);
        for (int i = 0; i < count; i += TSimd.Width)
        {
            TVector v = TSimd.Load(x + i), e = NormalDistribution.Exponential<TSimd, TVector>(v);
            TVector tail = NormalDistribution.Tail<TSimd, TVector>(TSimd.Abs(v), e);
            TVector cumulative = TSimd.WhereNegative(v, tail, TSimd.Subtract(one, tail));
            TVector value = TSimd.Multiply(TSimd.Load(dy + i), TSimd.MultiplyAdd(TSimd.Multiply(v, e), inverseRoot, cumulative));
            if (i + TSimd.Width <= count) TSimd.Store(dx + i, value);
            else TSimd.StorePart(dx + i, value, count - i);
        }
    }
}

/// <summary>
/// The normal distribution from e = exp(-x^2 / 2): density e / sqrt(2 pi), distribution by formula 7.1.26 of Abramowitz and
/// Stegun, off by at most 1.5e-7.
/// </summary>
internal static class NormalDistribution
{
    /// <summary>1 / sqrt(2 pi).</summary>
    public const float InverseRoot = 0.3989422804f;

    // The formula's P over the root of 2, and half of its coefficients: it gives twice the tail.
    private const float P = 0.3275911f * 0.7071067812f;
    private const float A1 = 0.5f * 0.254829592f, A2 = 0.5f * -0.284496736f, A3 = 0.5f * 1.421413741f, A4 = 0.5f * -1.453152027f, A5 = 0.5f * 1.061405429f;

    /// <summary>exp(-x^2 / 2).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Exponential<TSimd, TVector>(TVector x)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged =>
        VectorExp.OfNegative<TSimd, TVector>(TSimd.Multiply(TSimd.Multiply(x, TSimd.Broadcast(-0.5f)), x));

    /// <summary>P(X > x) for x of at least 0.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Tail<TSimd, TVector>(TVector x, TVector exponential)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        TVector one = TSimd.Broadcast(1), t = TSimd.Divide(one, TSimd.MultiplyAdd(TSimd.Broadcast(P), x, one));
        TVector sum = TSimd.MultiplyAdd(t, TSimd.Broadcast(A5), TSimd.Broadcast(A4));
        sum = TSimd.MultiplyAdd(t, sum, TSimd.Broadcast(A3));
        sum = TSimd.MultiplyAdd(t, sum, TSimd.Broadcast(A2));
        sum = TSimd.MultiplyAdd(t, sum, TSimd.Broadcast(A1));
        return TSimd.Multiply(TSimd.Multiply(t, exponential), sum);
    }
}
