using ComputeSharp;

namespace OnDeviceLearning.Kernels;

/// <summary>
/// y = eight chains of v * factor + term, added up, one element a thread: arithmetic and next to no memory, to measure what a
/// device computes at most. The factor and the term come from x, so that no compiler knows the answer; the chains are
/// independent, so that none waits for another.
/// </summary>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct FmaChain(
    ReadWriteBuffer<float> x, ReadWriteBuffer<float> y, int xOffset, int yOffset, int rounds) : IComputeShader
{
    // Steps of every chain in a round: the loop's own arithmetic is little beside them.
    private const int Steps = 8;

    public void Execute()
    {
        int i = ThreadIds.X;
        float factor = x[xOffset], term = x[xOffset + 1];
        Float4 a = 0f, b = 0.125f, c = 0.25f, d = 0.375f, e = 0.5f, f = 0.625f, g = 0.75f, h = 0.875f;
        for (int round = 0; round < rounds; round++)
        {
            for (int step = 0; step < Steps; step++)
            {
                a = a * factor + term;
                b = b * factor + term;
                c = c * factor + term;
                d = d * factor + term;
                e = e * factor + term;
                f = f * factor + term;
                g = g * factor + term;
                h = h * factor + term;
            }
        }
        Float4 sum = a + b + c + d + e + f + g + h;
        y[yOffset + i] = sum.X + sum.Y + sum.Z + sum.W;
    }
}

/// <summary>y = x, 1024 elements a group and four a thread, so that enough of them are on their way: memory and no arithmetic.</summary>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct StreamCopy(
    ReadWriteBuffer<float> x, ReadWriteBuffer<float> y, int xOffset, int yOffset, int length) : IComputeShader
{
    public void Execute()
    {
        int thread = GroupIds.X, gridX = GridIds.X, at = gridX * 1024 + thread;
        if (at + 768 < length)
        {
            float a = x[xOffset + at], b = x[xOffset + at + 256], c = x[xOffset + at + 512], d = x[xOffset + at + 768];
            y[yOffset + at] = a;
            y[yOffset + at + 256] = b;
            y[yOffset + at + 512] = c;
            y[yOffset + at + 768] = d;
        }
        else
        {
            for (int i = at; i < length; i += 256) y[yOffset + i] = x[xOffset + i];
        }
    }
}
