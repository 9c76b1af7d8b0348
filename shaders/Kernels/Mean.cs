using ComputeSharp;

namespace OnDeviceLearning.Kernels;

/// <summary>Means of rows: x [rows, count]; <c>lanes</c> threads a row, a power of two.</summary>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct MeanRows(
    ReadWriteBuffer<float> x, ReadWriteBuffer<float> y, int xOffset, int yOffset, int firstRow, int rows, int count, int lanes) : IComputeShader
{
    [GroupShared(256)]
    private static readonly float[] sums = null!;

    public void Execute()
    {
        int thread = GroupIds.X, group = GridIds.X, lane = thread % lanes, row = firstRow + group * (256 / lanes) + thread / lanes;
        float sum = 0;
        if (row < rows)
        {
            for (int i = lane; i < count; i += lanes) sum += x[xOffset + row * count + i];
        }
        sums[thread] = sum;
        for (int half = lanes / 2; half > 0; half /= 2)
        {
            Hlsl.GroupMemoryBarrierWithGroupSync();
            if (lane < half) sums[thread] += sums[thread + half];
        }
        if (lane == 0 && row < rows) y[yOffset + row] = sums[thread] / count;
    }
}

/// <summary>Means over the middle axis of x [outer, count, inner], one output a thread.</summary>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct MeanColumns(
    ReadWriteBuffer<float> x, ReadWriteBuffer<float> y, int xOffset, int yOffset, int first, int count, int inner) : IComputeShader
{
    public void Execute()
    {
        int i = first + ThreadIds.X, origin = xOffset + i / inner * count * inner + i % inner;
        float sum = 0;
        for (int c = 0; c < count; c++) sum += x[origin + c * inner];
        y[yOffset + i] = sum / count;
    }
}

/// <summary>dx [outer, count, inner] = dy [outer, inner] / count, one element a thread.</summary>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct MeanGradient(
    ReadWriteBuffer<float> dy, ReadWriteBuffer<float> dx, int dyOffset, int dxOffset, int first, int count, int inner) : IComputeShader
{
    public void Execute()
    {
        int i = first + ThreadIds.X;
        dx[dxOffset + i] = dy[dyOffset + i / (count * inner) * inner + i % inner] / count;
    }
}
