using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
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
                Gelu(from, to, count);
                break;
        }
    }

    private static void Relu(float* x, float* y, int count)
    {
        int i = 0;
        for (; i + Vector<float>.Count <= count; i += Vector<float>.Count) Vector.Store(Vector.Max(Vector.Load(x + i), Vector<float>.Zero), y + i);
        for (; i < count; i++) y[i] = Math.Max(x[i], 0);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Gelu(float* x, float* y, int count)
    {
        int i = 0;
        for (; i + Vector<float>.Count <= count; i += Vector<float>.Count)
        {
            Vector<float> v = Vector.Load(x + i);
            Vector.Store(v * NormalDistribution.Cumulative(v, NormalDistribution.Exponential(v)), y + i);
        }
        for (; i < count; i++) y[i] = x[i] * NormalDistribution.Cumulative(x[i], MathF.Exp(-0.5f * x[i] * x[i]));
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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Gelu(float* x, float* dy, float* dx, int count)
    {
        int i = 0;
        for (; i + Vector<float>.Count <= count; i += Vector<float>.Count)
        {
            Vector<float> v = Vector.Load(x + i), e = NormalDistribution.Exponential(v);
            Vector.Store(Vector.Load(dy + i) * (NormalDistribution.Cumulative(v, e) + v * e * NormalDistribution.InverseRoot), dx + i);
        }
        for (; i < count; i++)
        {
            float e = MathF.Exp(-0.5f * x[i] * x[i]);
            dx[i] = dy[i] * (NormalDistribution.Cumulative(x[i], e) + x[i] * e * NormalDistribution.InverseRoot);
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

    private const float P = 0.3275911f * 0.7071067812f, A1 = 0.254829592f, A2 = -0.284496736f, A3 = 1.421413741f, A4 = -1.453152027f, A5 = 1.061405429f;

    /// <summary>exp(-x^2 / 2).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Exponential(Vector<float> x) => VectorExp.OfNegative(x * x * -0.5f);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<float> Cumulative(Vector<float> x, Vector<float> exponential)
    {
        Vector<float> one = Vector<float>.One, t = one / (one + P * Vector.Abs(x));
        Vector<float> polynomial = t * (new Vector<float>(A1) + t * (new Vector<float>(A2) + t * (new Vector<float>(A3) + t * (new Vector<float>(A4) + t * A5))));
        Vector<float> tail = 0.5f * polynomial * exponential;
        return Vector.ConditionalSelect(Vector.LessThan(x, Vector<float>.Zero), tail, one - tail);
    }

    public static float Cumulative(float x, float exponential)
    {
        float t = 1 / (1 + P * Math.Abs(x));
        float tail = 0.5f * (t * (A1 + t * (A2 + t * (A3 + t * (A4 + t * A5))))) * exponential;
        return x < 0 ? tail : 1 - tail;
    }
}
