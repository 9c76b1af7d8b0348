using ComputeSharp;

namespace OnDeviceLearning.Kernels;

/// <summary>
/// Normalises blocks of <c>width</c> elements, <c>lanes</c> threads a block, a power of two: a group of channels of an
/// image, or a row (one group, inner 1: LayerNorm). Mean, then variance around it, then the result: the second and third
/// reading find the block in the cache. Element e of block b belongs to channel b % groups * channelsPerGroup + e / inner.
/// </summary>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct GroupNorm(
    ReadWriteBuffer<float> x, ReadWriteBuffer<float> gamma, ReadWriteBuffer<float> beta, ReadWriteBuffer<float> y, ReadWriteBuffer<float> statistics,
    int xOffset, int gammaOffset, int betaOffset, int yOffset, int statisticsOffset,
    int firstBlock, int blocks, int width, int lanes, int groups, int channelsPerGroup, int inner, float epsilon) : IComputeShader
{
    [GroupShared(256)]
    private static readonly float[] sums = null!;

    public void Execute()
    {
        int thread = GroupIds.X, group = GridIds.X, lane = thread % lanes, block = firstBlock + group * (256 / lanes) + thread / lanes;
        int safeBlock = Hlsl.Min(block, blocks - 1), origin = safeBlock * width, channel0 = safeBlock % groups * channelsPerGroup;
        float sum = 0;
        for (int e = lane; e < width; e += lanes) sum += x[xOffset + origin + e];
        sums[thread] = sum;
        for (int half = lanes / 2; half > 0; half /= 2)
        {
            Hlsl.GroupMemoryBarrierWithGroupSync();
            if (lane < half) sums[thread] += sums[thread + half];
        }
        Hlsl.GroupMemoryBarrierWithGroupSync();
        float mean = sums[thread - lane] / width;
        Hlsl.GroupMemoryBarrierWithGroupSync();
        sum = 0;
        for (int e = lane; e < width; e += lanes)
        {
            float difference = x[xOffset + origin + e] - mean;
            sum += difference * difference;
        }
        sums[thread] = sum;
        for (int half = lanes / 2; half > 0; half /= 2)
        {
            Hlsl.GroupMemoryBarrierWithGroupSync();
            if (lane < half) sums[thread] += sums[thread + half];
        }
        Hlsl.GroupMemoryBarrierWithGroupSync();
        float scale = 1 / Hlsl.Sqrt(sums[thread - lane] / width + epsilon);
        if (block < blocks)
        {
            if (lane == 0)
            {
                statistics[statisticsOffset + 2 * block] = mean;
                statistics[statisticsOffset + 2 * block + 1] = scale;
            }
            for (int e = lane; e < width; e += lanes)
            {
                int channel = channel0 + e / inner;
                y[yOffset + origin + e] = (x[xOffset + origin + e] - mean) * scale * gamma[gammaOffset + channel] + beta[betaOffset + channel];
            }
        }
    }
}

/// <summary>
/// With n = (x - mean) * scale and g = dy * gamma: dx = scale * (g - mean(g) - n * mean(g * n)) by block; blocks as in
/// <see cref="GroupNorm"/>.
/// </summary>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct GroupNormInputGradient(
    ReadWriteBuffer<float> x, ReadWriteBuffer<float> gamma, ReadWriteBuffer<float> statistics, ReadWriteBuffer<float> dy, ReadWriteBuffer<float> dx,
    int xOffset, int gammaOffset, int statisticsOffset, int dyOffset, int dxOffset,
    int firstBlock, int blocks, int width, int lanes, int groups, int channelsPerGroup, int inner) : IComputeShader
{
    [GroupShared(256)]
    private static readonly float[] sums = null!;

    [GroupShared(256)]
    private static readonly float[] dots = null!;

    public void Execute()
    {
        int thread = GroupIds.X, group = GridIds.X, lane = thread % lanes, block = firstBlock + group * (256 / lanes) + thread / lanes;
        int safeBlock = Hlsl.Min(block, blocks - 1), origin = safeBlock * width, channel0 = safeBlock % groups * channelsPerGroup;
        float mean = statistics[statisticsOffset + 2 * safeBlock], scale = statistics[statisticsOffset + 2 * safeBlock + 1], sum = 0, dot = 0;
        for (int e = lane; e < width; e += lanes)
        {
            float g = dy[dyOffset + origin + e] * gamma[gammaOffset + channel0 + e / inner];
            sum += g;
            dot += g * (x[xOffset + origin + e] - mean);
        }
        sums[thread] = sum;
        dots[thread] = dot;
        for (int half = lanes / 2; half > 0; half /= 2)
        {
            Hlsl.GroupMemoryBarrierWithGroupSync();
            if (lane < half)
            {
                sums[thread] += sums[thread + half];
                dots[thread] += dots[thread + half];
            }
        }
        Hlsl.GroupMemoryBarrierWithGroupSync();
        sum = sums[thread - lane] / width;
        dot = dots[thread - lane] * scale / width;
        if (block < blocks)
        {
            for (int e = lane; e < width; e += lanes)
            {
                float g = dy[dyOffset + origin + e] * gamma[gammaOffset + channel0 + e / inner];
                dx[dxOffset + origin + e] = scale * (g - sum - (x[xOffset + origin + e] - mean) * scale * dot);
            }
        }
    }
}

/// <summary>
/// dgamma and dbeta in one reading of x and dy [n, channels, inner]: a group takes one channel (x) and <c>perSplit</c> of
/// its elements (y). Splits have sums of their own, [splits, channels].
/// </summary>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct GroupNormAffineGradient(
    ReadWriteBuffer<float> x, ReadWriteBuffer<float> statistics, ReadWriteBuffer<float> dy, ReadWriteBuffer<float> dgamma, ReadWriteBuffer<float> dbeta,
    int xOffset, int statisticsOffset, int dyOffset, int dgammaOffset, int dbetaOffset,
    int firstX, int firstY, int channels, int inner, int elements, int perSplit, int groups, int channelsPerGroup, int accumulate) : IComputeShader
{
    [GroupShared(256)]
    private static readonly float[] gammas = null!;

    [GroupShared(256)]
    private static readonly float[] betas = null!;

    public void Execute()
    {
        int thread = GroupIds.X, gridX = GridIds.X, gridY = GridIds.Y, channel = firstX + gridX, split = firstY + gridY;
        int start = split * perSplit, end = Hlsl.Min(start + perSplit, elements);
        float gamma = 0, beta = 0;
        for (int e = start + thread; e < end; e += 256)
        {
            int image = e / inner, i = (image * channels + channel) * inner + e % inner;
            int at = statisticsOffset + 2 * (image * groups + channel / channelsPerGroup);
            float d = dy[dyOffset + i];
            gamma += d * (x[xOffset + i] - statistics[at]) * statistics[at + 1];
            beta += d;
        }
        gammas[thread] = gamma;
        betas[thread] = beta;
        for (int half = 128; half > 0; half /= 2)
        {
            Hlsl.GroupMemoryBarrierWithGroupSync();
            if (thread < half)
            {
                gammas[thread] += gammas[thread + half];
                betas[thread] += betas[thread + half];
            }
        }
        if (thread == 0)
        {
            int at = split * channels + channel;
            float gammaBefore = 0, betaBefore = 0;
            if (accumulate != 0)
            {
                gammaBefore = dgamma[dgammaOffset + at];
                betaBefore = dbeta[dbetaOffset + at];
            }
            dgamma[dgammaOffset + at] = gammaBefore + gammas[0];
            dbeta[dbetaOffset + at] = betaBefore + betas[0];
        }
    }
}
