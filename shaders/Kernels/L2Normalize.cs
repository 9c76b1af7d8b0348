using ComputeSharp;

namespace OnDeviceLearning.Kernels;

/// <summary>y = x / max(|x|, epsilon) by row, and |x|; <c>lanes</c> threads a row, a power of two.</summary>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct L2Normalize(
    ReadWriteBuffer<float> x, ReadWriteBuffer<float> y, ReadWriteBuffer<float> norms,
    int xOffset, int yOffset, int normsOffset, int firstRow, int rows, int width, int lanes, float epsilon) : IComputeShader
{
    [GroupShared(256)]
    private static readonly float[] sums = null!;

    public void Execute()
    {
        int thread = GroupIds.X, group = GridIds.X, lane = thread % lanes, row = firstRow + group * (256 / lanes) + thread / lanes;
        int origin = Hlsl.Min(row, rows - 1) * width;
        float sum = 0;
        for (int i = lane; i < width; i += lanes)
        {
            float value = x[xOffset + origin + i];
            sum += value * value;
        }
        sums[thread] = sum;
        for (int half = lanes / 2; half > 0; half /= 2)
        {
            Hlsl.GroupMemoryBarrierWithGroupSync();
            if (lane < half) sums[thread] += sums[thread + half];
        }
        Hlsl.GroupMemoryBarrierWithGroupSync();
        float size = Hlsl.Sqrt(sums[thread - lane]), divisor = Hlsl.Max(size, epsilon);
        if (row < rows)
        {
            if (lane == 0) norms[normsOffset + row] = size;
            for (int i = lane; i < width; i += lanes) y[yOffset + origin + i] = x[xOffset + origin + i] / divisor;
        }
    }
}

/// <summary>dx = (dy - y * sum(dy * y)) / norm by row, dy / epsilon where the norm is not above epsilon; <c>lanes</c> threads a row.</summary>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct L2NormalizeGradient(
    ReadWriteBuffer<float> y, ReadWriteBuffer<float> norms, ReadWriteBuffer<float> dy, ReadWriteBuffer<float> dx,
    int yOffset, int normsOffset, int dyOffset, int dxOffset, int firstRow, int rows, int width, int lanes, float epsilon) : IComputeShader
{
    [GroupShared(256)]
    private static readonly float[] sums = null!;

    public void Execute()
    {
        int thread = GroupIds.X, group = GridIds.X, lane = thread % lanes, row = firstRow + group * (256 / lanes) + thread / lanes;
        int safeRow = Hlsl.Min(row, rows - 1), origin = safeRow * width;
        float sum = 0;
        for (int i = lane; i < width; i += lanes) sum += y[yOffset + origin + i] * dy[dyOffset + origin + i];
        sums[thread] = sum;
        for (int half = lanes / 2; half > 0; half /= 2)
        {
            Hlsl.GroupMemoryBarrierWithGroupSync();
            if (lane < half) sums[thread] += sums[thread + half];
        }
        Hlsl.GroupMemoryBarrierWithGroupSync();
        float size = norms[normsOffset + safeRow], along = size > epsilon ? sums[thread - lane] : 0f, divisor = Hlsl.Max(size, epsilon);
        if (row < rows)
        {
            for (int i = lane; i < width; i += lanes) dx[dxOffset + origin + i] = (dy[dyOffset + origin + i] - y[yOffset + origin + i] * along) / divisor;
        }
    }
}
