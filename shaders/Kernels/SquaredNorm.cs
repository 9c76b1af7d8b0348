using ComputeSharp;

namespace OnDeviceLearning.Kernels;

/// <summary>
/// Squares summed in two passes of one fixed order: each group writes the sum of its <c>perGroup</c> elements, and a
/// single group of <see cref="SquaredNormTotal"/> adds them up.
/// </summary>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct SquaredNormPartial(
    ReadWriteBuffer<float> x, ReadWriteBuffer<float> partial,
    int xOffset, int partialOffset, int length, int perGroup) : IComputeShader
{
    [GroupShared(256)]
    private static readonly float[] sums = null!;

    public void Execute()
    {
        int thread = GroupIds.X, start = GridIds.X * perGroup, end = Hlsl.Min(start + perGroup, length);
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
        if (thread == 0) partial[partialOffset + GridIds.X] = sums[0];
    }
}

/// <summary>total = keep * total + scale * (the partial sums, added up); one group.</summary>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct SumTotal(
    ReadWriteBuffer<float> partial, ReadWriteBuffer<float> total,
    int partialOffset, int totalOffset, int count, float scale, int keep) : IComputeShader
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
            if (keep != 0) before = total[totalOffset];
            total[totalOffset] = before + scale * sums[0];
        }
    }
}
