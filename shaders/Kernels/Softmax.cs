using ComputeSharp;

namespace OnDeviceLearning.Kernels;

/// <summary>
/// Softmax of rows; <c>lanes</c> threads a row, a power of two. Largest element and sum come from one reading (each lane
/// keeps its own and rescales), the result from a second one, which finds the row in the cache.
/// </summary>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct Softmax(
    ReadWriteBuffer<float> x, ReadWriteBuffer<float> y, int xOffset, int yOffset, int firstRow, int rows, int width, int lanes) : IComputeShader
{
    [GroupShared(256)]
    private static readonly float[] largests = null!;

    [GroupShared(256)]
    private static readonly float[] sums = null!;

    public void Execute()
    {
        int thread = GroupIds.X, group = GridIds.X, lane = thread % lanes, row = firstRow + group * (256 / lanes) + thread / lanes;
        int origin = xOffset + Hlsl.Min(row, rows - 1) * width;
        float largest = -3.0e38f, sum = 0;
        for (int i = lane; i < width; i += lanes)
        {
            float value = x[origin + i], before = largest;
            largest = Hlsl.Max(largest, value);
            sum = sum * Hlsl.Exp(before - largest) + Hlsl.Exp(value - largest);
        }
        largests[thread] = largest;
        sums[thread] = sum;
        for (int half = lanes / 2; half > 0; half /= 2)
        {
            Hlsl.GroupMemoryBarrierWithGroupSync();
            if (lane < half)
            {
                float a = largests[thread], b = largests[thread + half], both = Hlsl.Max(a, b);
                sums[thread] = sums[thread] * Hlsl.Exp(a - both) + sums[thread + half] * Hlsl.Exp(b - both);
                largests[thread] = both;
            }
        }
        Hlsl.GroupMemoryBarrierWithGroupSync();
        largest = largests[thread - lane];
        sum = sums[thread - lane];
        if (row < rows)
        {
            for (int i = lane; i < width; i += lanes) y[yOffset + row * width + i] = Hlsl.Exp(x[origin + i] - largest) / sum;
        }
    }
}

/// <summary>dx = y * (dy - sum(dy * y)) by row; <c>lanes</c> threads a row.</summary>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct SoftmaxGradient(
    ReadWriteBuffer<float> y, ReadWriteBuffer<float> dy, ReadWriteBuffer<float> dx,
    int yOffset, int dyOffset, int dxOffset, int firstRow, int rows, int width, int lanes) : IComputeShader
{
    [GroupShared(256)]
    private static readonly float[] sums = null!;

    public void Execute()
    {
        int thread = GroupIds.X, group = GridIds.X, lane = thread % lanes, row = firstRow + group * (256 / lanes) + thread / lanes;
        int origin = Hlsl.Min(row, rows - 1) * width;
        float sum = 0;
        for (int i = lane; i < width; i += lanes) sum += y[yOffset + origin + i] * dy[dyOffset + origin + i];
        sums[thread] = sum;
        for (int half = lanes / 2; half > 0; half /= 2)
        {
            Hlsl.GroupMemoryBarrierWithGroupSync();
            if (lane < half) sums[thread] += sums[thread + half];
        }
        Hlsl.GroupMemoryBarrierWithGroupSync();
        sum = sums[thread - lane];
        if (row < rows)
        {
            for (int i = lane; i < width; i += lanes) dx[dxOffset + origin + i] = y[yOffset + origin + i] * (dy[dyOffset + origin + i] - sum);
        }
    }
}
