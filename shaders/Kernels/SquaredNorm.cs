using ComputeSharp;

namespace OnDeviceLearning.Kernels;

/// <summary>
/// Squares summed in two passes of one fixed order: each group the sum of its <c>perGroup</c> elements, then SumTotal. Where
/// one group is enough it adds to the total itself.
/// </summary>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct SquaredNorm(
    ReadWriteBuffer<float> x, ReadWriteBuffer<float> partial,
    int xOffset, int partialOffset, int firstX, int length, int perGroup, int accumulate) : IComputeShader
{
    [GroupShared(256)]
    private static readonly float[] sums = null!;

    public void Execute()
    {
        int thread = GroupIds.X, gridX = GridIds.X, group = firstX + gridX, start = group * perGroup, end = Hlsl.Min(start + perGroup, length);
        float sum = 0;
        for (int i = start + thread; i < end; i += 256)
        {
            float value = x[xOffset + i];
            sum += value * value;
        }
        sums[thread] = sum;
        for (int half = 128; half > 0; half /= 2)
        {
            Hlsl.GroupMemoryBarrierWithGroupSync();
            if (thread < half) sums[thread] += sums[thread + half];
        }
        if (thread == 0)
        {
            float before = 0;
            if (accumulate != 0) before = partial[partialOffset + group];
            partial[partialOffset + group] = before + sums[0];
        }
    }
}

/// <summary>total = (total where it accumulates) + scale * (the partial sums, added up), in one group.</summary>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct SumTotal(
    ReadWriteBuffer<float> partial, ReadWriteBuffer<float> total,
    int partialOffset, int totalOffset, int count, float scale, int accumulate) : IComputeShader
{
    [GroupShared(256)]
    private static readonly float[] sums = null!;

    public void Execute()
    {
        int thread = GroupIds.X;
        float sum = 0;
        for (int i = thread; i < count; i += 256) sum += partial[partialOffset + i];
        sums[thread] = sum;
        for (int half = 128; half > 0; half /= 2)
        {
            Hlsl.GroupMemoryBarrierWithGroupSync();
            if (thread < half) sums[thread] += sums[thread + half];
        }
        if (thread == 0)
        {
            float before = 0;
            if (accumulate != 0) before = total[totalOffset];
            total[totalOffset] = before + scale * sums[0];
        }
    }
}

/// <summary>x *= min(1, limit / (sqrt(sum) + 1e-6)), one element a thread.</summary>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct ClipScale(
    ReadWriteBuffer<float> x, ReadWriteBuffer<float> sum, ReadWriteBuffer<float> limit,
    int xOffset, int sumOffset, int limitOffset, int first) : IComputeShader
{
    public void Execute()
    {
        int i = first + ThreadIds.X;
        x[xOffset + i] *= Hlsl.Min(1f, limit[limitOffset] / (Hlsl.Sqrt(sum[sumOffset]) + 1e-6f));
    }
}
