namespace ComputeSharp;

/// <summary>The functions a kernel may call.</summary>
public static class Hlsl
{
    /// <summary>All threads of the group arrive, and see what the others wrote to group-shared memory.</summary>
    public static void GroupMemoryBarrierWithGroupSync() => throw Kernel.RunsOnTheGpu();

    /// <summary>|x|.</summary>
    public static float Abs(float x) => throw Kernel.RunsOnTheGpu();

    /// <summary>|x|.</summary>
    public static int Abs(int x) => throw Kernel.RunsOnTheGpu();

    /// <summary>The larger one.</summary>
    public static float Max(float x, float y) => throw Kernel.RunsOnTheGpu();

    /// <summary>The larger one.</summary>
    public static int Max(int x, int y) => throw Kernel.RunsOnTheGpu();

    /// <summary>The larger one.</summary>
    public static uint Max(uint x, uint y) => throw Kernel.RunsOnTheGpu();

    /// <summary>The larger ones, by component.</summary>
    public static Float4 Max(Float4 x, Float4 y) => throw Kernel.RunsOnTheGpu();

    /// <summary>The smaller one.</summary>
    public static float Min(float x, float y) => throw Kernel.RunsOnTheGpu();

    /// <summary>The smaller one.</summary>
    public static int Min(int x, int y) => throw Kernel.RunsOnTheGpu();

    /// <summary>The smaller one.</summary>
    public static uint Min(uint x, uint y) => throw Kernel.RunsOnTheGpu();

    /// <summary>The smaller ones, by component.</summary>
    public static Float4 Min(Float4 x, Float4 y) => throw Kernel.RunsOnTheGpu();

    /// <summary>x held between least and most.</summary>
    public static float Clamp(float x, float min, float max) => throw Kernel.RunsOnTheGpu();

    /// <summary>x held between least and most.</summary>
    public static int Clamp(int x, int min, int max) => throw Kernel.RunsOnTheGpu();

    /// <summary>Rounds down.</summary>
    public static float Floor(float x) => throw Kernel.RunsOnTheGpu();

    /// <summary>e to the x.</summary>
    public static float Exp(float x) => throw Kernel.RunsOnTheGpu();

    /// <summary>2 to the x.</summary>
    public static float Exp2(float x) => throw Kernel.RunsOnTheGpu();

    /// <summary>Natural logarithm.</summary>
    public static float Log(float x) => throw Kernel.RunsOnTheGpu();

    /// <summary>Logarithm to base 2.</summary>
    public static float Log2(float x) => throw Kernel.RunsOnTheGpu();

    /// <summary>x to the y, x at least 0.</summary>
    public static float Pow(float x, float y) => throw Kernel.RunsOnTheGpu();

    /// <summary>Square root.</summary>
    public static float Sqrt(float x) => throw Kernel.RunsOnTheGpu();

    /// <summary>1 / square root.</summary>
    public static float Rsqrt(float x) => throw Kernel.RunsOnTheGpu();

    /// <summary>Hyperbolic tangent.</summary>
    public static float Tanh(float x) => throw Kernel.RunsOnTheGpu();

    /// <summary>Sine.</summary>
    public static float Sin(float x) => throw Kernel.RunsOnTheGpu();

    /// <summary>Cosine.</summary>
    public static float Cos(float x) => throw Kernel.RunsOnTheGpu();

    /// <summary>The products of the components, summed.</summary>
    public static float Dot(Float4 x, Float4 y) => throw Kernel.RunsOnTheGpu();

    /// <summary>The bits of a float as an integer.</summary>
    public static int AsInt(float x) => throw Kernel.RunsOnTheGpu();

    /// <summary>The bits of a float as an unsigned integer.</summary>
    public static uint AsUInt(float x) => throw Kernel.RunsOnTheGpu();

    /// <summary>The float of these bits.</summary>
    public static float AsFloat(int x) => throw Kernel.RunsOnTheGpu();

    /// <summary>The float of these bits.</summary>
    public static float AsFloat(uint x) => throw Kernel.RunsOnTheGpu();

    /// <summary>The float of the half in the low 16 bits.</summary>
    public static float Float16ToFloat32(uint x) => throw Kernel.RunsOnTheGpu();

    /// <summary>The half of a float, in the low 16 bits.</summary>
    public static uint Float32ToFloat16(float x) => throw Kernel.RunsOnTheGpu();
}
