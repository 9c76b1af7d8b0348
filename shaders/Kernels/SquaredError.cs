using ComputeSharp;

namespace OnDeviceLearning.Kernels;

/// <summary>dx = 2 (x - target) / length, and each group's sum of squared differences times <c>scale</c>; SumTotal adds them up.</summary>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct SquaredError(
    ReadWriteBuffer<float> x, ReadWriteBuffer<float> target, ReadWriteBuffer<float> dx, ReadWriteBuffer<float> partial,
    int xOffset, int targetOffset, int dxOffset, int partialOffset, int firstX, int length, int perGroup, float scale) : IComputeShader
{
    [GroupShared(256)]
    private static readonly float[] sums = null!;

    public void Execute()
    {
        int thread = GroupIds.X, gridX = GridIds.X, group = firstX + gridX, start = group * perGroup, end = Hlsl.Min(start + perGroup, length);
        float sum = 0;
        for (int i = start + thread; i < end; i += 256)
        {
            float difference = x[xOffset + i] - target[targetOffset + i];
            dx[dxOffset + i] = 2 * difference / length;
            sum += difference * difference;
        }
        sums[thread] = sum;
        for (int half = 128; half > 0; half /= 2)
        {
            Hlsl.GroupMemoryBarrierWithGroupSync();
            if (thread < half) sums[thread] += sums[thread + half];
        }
        if (thread == 0) partial[partialOffset + group] = scale * sums[0];
    }
}
