using ComputeSharp;

namespace OnDeviceLearning.Kernels;

/// <summary>
/// Few and wide blocks, first pass: a group takes <c>perSplit</c> elements (x) of a block (y) and writes their mean and the
/// squares around it, partial [splits, blocks, 2].
/// </summary>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct GroupNormPartial(
    ReadWriteBuffer<float> x, ReadWriteBuffer<float> partial, int xOffset, int partialOffset,
    int firstX, int firstY, int blocks, int width, int perSplit) : IComputeShader
{
    [GroupShared(256)]
    private static readonly float[] sums = null!;

    public void Execute()
    {
        int thread = GroupIds.X, gridX = GridIds.X, gridY = GridIds.Y, split = firstX + gridX, block = firstY + gridY, start = split * perSplit, end = Hlsl.Min(start + perSplit, width);
        float sum = 0;
        for (int e = start + thread; e < end; e += 256) sum += x[xOffset + block * width + e];
        sums[thread] = sum;
        for (int half = 128; half > 0; half /= 2)
        {
            Hlsl.GroupMemoryBarrierWithGroupSync();
            if (thread < half) sums[thread] += sums[thread + half];
        }
        Hlsl.GroupMemoryBarrierWithGroupSync();
        float mean = sums[0] / (end - start);
        Hlsl.GroupMemoryBarrierWithGroupSync();
        sum = 0;
        for (int e = start + thread; e < end; e += 256)
        {
            float difference = x[xOffset + block * width + e] - mean;
            sum += difference * difference;
        }
        sums[thread] = sum;
        for (int half = 128; half > 0; half /= 2)
        {
            Hlsl.GroupMemoryBarrierWithGroupSync();
            if (thread < half) sums[thread] += sums[thread + half];
        }
        if (thread == 0)
        {
            int at = partialOffset + 2 * (split * blocks + block);
            partial[at] = mean;
            partial[at + 1] = sums[0];
        }
    }
}

/// <summary>Second pass, one block a thread: the parts' means and squares as those of the whole (Chan, Golub and LeVeque, 1979).</summary>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct GroupNormCombine(
    ReadWriteBuffer<float> partial, ReadWriteBuffer<float> statistics,
    int partialOffset, int statisticsOffset, int first, int blocks, int width, int splits, int perSplit, float epsilon) : IComputeShader
{
    public void Execute()
    {
        int block = first + ThreadIds.X;
        float mean = 0, squares = 0;
        for (int split = 0; split < splits; split++)
            mean += partial[partialOffset + 2 * (split * blocks + block)] * Hlsl.Min(perSplit, width - split * perSplit) / width;
        for (int split = 0; split < splits; split++)
        {
            int at = partialOffset + 2 * (split * blocks + block);
            float difference = partial[at] - mean;
            squares += partial[at + 1] + difference * difference * Hlsl.Min(perSplit, width - split * perSplit);
        }
        statistics[statisticsOffset + 2 * block] = mean;
        statistics[statisticsOffset + 2 * block + 1] = 1 / Hlsl.Sqrt(squares / width + epsilon);
    }
}

/// <summary>Third pass, one element a thread.</summary>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct GroupNormApply(
    ReadWriteBuffer<float> x, ReadWriteBuffer<float> gamma, ReadWriteBuffer<float> beta, ReadWriteBuffer<float> statistics, ReadWriteBuffer<float> y,
    int xOffset, int gammaOffset, int betaOffset, int statisticsOffset, int yOffset, int first, int width, int groups, int channelsPerGroup, int inner) : IComputeShader
{
    public void Execute()
    {
        int i = first + ThreadIds.X, block = i / width, channel = block % groups * channelsPerGroup + i % width / inner;
        float mean = statistics[statisticsOffset + 2 * block], scale = statistics[statisticsOffset + 2 * block + 1];
        y[yOffset + i] = (x[xOffset + i] - mean) * scale * gamma[gammaOffset + channel] + beta[betaOffset + channel];
    }
}

/// <summary>The gradient's two sums over <c>perSplit</c> elements (x) of a block (y), partial [splits, blocks, 2]; SplitSum adds them up.</summary>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct GroupNormInputGradientPartial(
    ReadWriteBuffer<float> x, ReadWriteBuffer<float> gamma, ReadWriteBuffer<float> statistics, ReadWriteBuffer<float> dy, ReadWriteBuffer<float> partial,
    int xOffset, int gammaOffset, int statisticsOffset, int dyOffset, int partialOffset,
    int firstX, int firstY, int blocks, int width, int perSplit, int groups, int channelsPerGroup, int inner) : IComputeShader
{
    [GroupShared(256)]
    private static readonly float[] sums = null!;

    [GroupShared(256)]
    private static readonly float[] dots = null!;

    public void Execute()
    {
        int thread = GroupIds.X, gridX = GridIds.X, gridY = GridIds.Y, split = firstX + gridX, block = firstY + gridY, start = split * perSplit, end = Hlsl.Min(start + perSplit, width);
        int channel0 = block % groups * channelsPerGroup;
        float mean = statistics[statisticsOffset + 2 * block], sum = 0, dot = 0;
        for (int e = start + thread; e < end; e += 256)
        {
            float g = dy[dyOffset + block * width + e] * gamma[gammaOffset + channel0 + e / inner];
            sum += g;
            dot += g * (x[xOffset + block * width + e] - mean);
        }
        sums[thread] = sum;
        dots[thread] = dot;
        for (int half = 128; half > 0; half /= 2)
        {
            Hlsl.GroupMemoryBarrierWithGroupSync();
            if (thread < half)
            {
                sums[thread] += sums[thread + half];
                dots[thread] += dots[thread + half];
            }
        }
        if (thread == 0)
        {
            int at = partialOffset + 2 * (split * blocks + block);
            partial[at] = sums[0];
            partial[at + 1] = dots[0];
        }
    }
}

/// <summary>dx from the two sums [blocks, 2], one element a thread.</summary>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct GroupNormInputGradientApply(
    ReadWriteBuffer<float> x, ReadWriteBuffer<float> gamma, ReadWriteBuffer<float> statistics, ReadWriteBuffer<float> dy, ReadWriteBuffer<float> sums, ReadWriteBuffer<float> dx,
    int xOffset, int gammaOffset, int statisticsOffset, int dyOffset, int sumsOffset, int dxOffset, int first, int width, int groups, int channelsPerGroup, int inner) : IComputeShader
{
    public void Execute()
    {
        int i = first + ThreadIds.X, block = i / width, channel = block % groups * channelsPerGroup + i % width / inner;
        float mean = statistics[statisticsOffset + 2 * block], scale = statistics[statisticsOffset + 2 * block + 1];
        float sum = sums[sumsOffset + 2 * block] / width, dot = sums[sumsOffset + 2 * block + 1] * scale / width;
        float g = dy[dyOffset + i] * gamma[gammaOffset + channel];
        dx[dxOffset + i] = scale * (g - sum - (x[xOffset + i] - mean) * scale * dot);
    }
}
