using ComputeSharp;

namespace OnDeviceLearning.Kernels;

/// <summary>y = x + bias by channel, x [outer, channels, inner], one element a thread.</summary>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct BiasAdd(
    ReadWriteBuffer<float> x, ReadWriteBuffer<float> bias, ReadWriteBuffer<float> y,
    int xOffset, int biasOffset, int yOffset, int first, int channels, int inner) : IComputeShader
{
    public void Execute()
    {
        int i = first + ThreadIds.X;
        y[yOffset + i] = x[xOffset + i] + bias[biasOffset + i / inner % channels];
    }
}

/// <summary>
/// Sums of each channel's elements in dy [outer, channels, inner]: a group takes one channel (x) and <c>perSplit</c> of
/// its elements (y). Each split has sums of its own, [splits, channels]; SplitSum adds them up.
/// </summary>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct BiasGradientChannels(
    ReadWriteBuffer<float> dy, ReadWriteBuffer<float> dbias,
    int dyOffset, int dbiasOffset, int firstX, int firstY, int channels, int inner, int elements, int perSplit, int accumulate) : IComputeShader
{
    [GroupShared(256)]
    private static readonly float[] sums = null!;

    public void Execute()
    {
        int thread = GroupIds.X, gridX = GridIds.X, gridY = GridIds.Y, channel = firstX + gridX, split = firstY + gridY;
        int start = split * perSplit, end = Hlsl.Min(start + perSplit, elements);
        float sum = 0;
        for (int e = start + thread; e < end; e += 256) sum += dy[dyOffset + (e / inner * channels + channel) * inner + e % inner];
        sums[thread] = sum;
        for (int half = 128; half > 0; half /= 2)
        {
            Hlsl.GroupMemoryBarrierWithGroupSync();
            if (thread < half) sums[thread] += sums[thread + half];
        }
        if (thread == 0)
        {
            int at = dbiasOffset + split * channels + channel;
            float before = 0;
            if (accumulate != 0) before = dbias[at];
            dbias[at] = before + sums[0];
        }
    }
}

/// <summary>Sums of the columns of dy [rows, columns]: a group takes 32 columns (x) and <c>perSplit</c> rows (y), eight at a time.</summary>
[ThreadGroupSize(32, 8, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct BiasGradientColumns(
    ReadWriteBuffer<float> dy, ReadWriteBuffer<float> dbias,
    int dyOffset, int dbiasOffset, int firstX, int firstY, int rows, int columns, int perSplit, int accumulate) : IComputeShader
{
    [GroupShared(256)]
    private static readonly float[] sums = null!;

    public void Execute()
    {
        int lane = GroupIds.X, slot = GroupIds.Y, gridX = GridIds.X, gridY = GridIds.Y, split = firstY + gridY, column = (firstX + gridX) * 32 + lane;
        int start = split * perSplit, end = Hlsl.Min(start + perSplit, rows);
        float sum = 0;
        if (column < columns)
        {
            for (int row = start + slot; row < end; row += 8) sum += dy[dyOffset + row * columns + column];
        }
        sums[slot * 32 + lane] = sum;
        for (int half = 4; half > 0; half /= 2)
        {
            Hlsl.GroupMemoryBarrierWithGroupSync();
            if (slot < half) sums[slot * 32 + lane] += sums[(slot + half) * 32 + lane];
        }
        if (slot == 0 && column < columns)
        {
            int at = dbiasOffset + split * columns + column;
            float before = 0;
            if (accumulate != 0) before = dbias[at];
            dbias[at] = before + sums[lane];
        }
    }
}
