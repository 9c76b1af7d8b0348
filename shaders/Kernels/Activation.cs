using ComputeSharp;

namespace OnDeviceLearning.Kernels;

/// <summary>The non-linearities and their slopes; <c>kind</c> counts as ActivationKind does, -1 is none.</summary>
internal static class ActivationFunctions
{
    public static float Value(int kind, float x)
    {
        float value = x;
        if (kind == 0) value = Hlsl.Max(x, 0f);
        if (kind == 1) value = 0.5f * x * ErrorComplement(-0.70710678f * x);
        if (kind == 2) value = x * Sigmoid(1.702f * x);
        if (kind == 3) value = x * Sigmoid(x);
        if (kind == 4) value = Sigmoid(x);
        if (kind == 5) value = Tanh(x);
        return value;
    }

    public static float Slope(int kind, float x)
    {
        float slope = 0;
        if (kind == 0 && x > 0) slope = 1;
        if (kind == 1) slope = 0.5f * ErrorComplement(-0.70710678f * x) + x * 0.39894228f * Hlsl.Exp(-0.5f * x * x);
        if (kind == 2)
        {
            float s = Sigmoid(1.702f * x);
            slope = s + 1.702f * x * s * (1 - s);
        }
        if (kind == 3)
        {
            float s = Sigmoid(x);
            slope = s + x * s * (1 - s);
        }
        if (kind == 4)
        {
            float s = Sigmoid(x);
            slope = s * (1 - s);
        }
        if (kind == 5)
        {
            float t = Tanh(x);
            slope = 1 - t * t;
        }
        return slope;
    }

    // Never an exponential of something positive, which could overflow.
    public static float Sigmoid(float x)
    {
        float e = Hlsl.Exp(-Hlsl.Abs(x));
        return x >= 0 ? 1 / (1 + e) : e / (1 + e);
    }

    // Drivers compute tanh by exponentials that overflow; near zero a series keeps the digits that 1 - e would lose.
    public static float Tanh(float x)
    {
        float size = Hlsl.Abs(x), e = Hlsl.Exp(-2 * size), square = x * x;
        float far = (1 - e) / (1 + e);
        float near = x * (1 - square * (0.33333333f - square * (0.13333333f - square * 0.05396825f)));
        return size < 0.25f ? near : x < 0 ? -far : far;
    }

    // 1 - erf(x) to 1.5e-7: Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26.
    public static float ErrorComplement(float x)
    {
        float size = Hlsl.Abs(x), t = 1 / (1 + 0.3275911f * size);
        float tail = t * (0.254829592f + t * (-0.284496736f + t * (1.421413741f + t * (-1.453152027f + t * 1.061405429f)))) * Hlsl.Exp(-size * size);
        return x >= 0 ? tail : 2 - tail;
    }
}

/// <summary>y = f(x), one element a thread.</summary>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct Activation(
    ReadWriteBuffer<float> x, ReadWriteBuffer<float> y, int xOffset, int yOffset, int first, int kind) : IComputeShader
{
    public void Execute()
    {
        int i = first + ThreadIds.X;
        y[yOffset + i] = ActivationFunctions.Value(kind, x[xOffset + i]);
    }
}

/// <summary>dx = dy * f'(x), one element a thread.</summary>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct ActivationGradient(
    ReadWriteBuffer<float> x, ReadWriteBuffer<float> dy, ReadWriteBuffer<float> dx,
    int xOffset, int dyOffset, int dxOffset, int first, int kind) : IComputeShader
{
    public void Execute()
    {
        int i = first + ThreadIds.X;
        dx[dxOffset + i] = dy[dyOffset + i] * ActivationFunctions.Slope(kind, x[xOffset + i]);
    }
}
