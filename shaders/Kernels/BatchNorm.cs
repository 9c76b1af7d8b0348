using ComputeSharp;

namespace OnDeviceLearning.Kernels;

/// <summary>y = (x - mean) / sqrt(variance + epsilon) * gamma + beta by channel, x [n, channels, inner], one element a thread.</summary>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct BatchNorm(
    ReadWriteBuffer<float> x, ReadWriteBuffer<float> gamma, ReadWriteBuffer<float> beta, ReadWriteBuffer<float> mean, ReadWriteBuffer<float> variance, ReadWriteBuffer<float> y,
    int xOffset, int gammaOffset, int betaOffset, int meanOffset, int varianceOffset, int yOffset,
    int first, int channels, int inner, float epsilon) : IComputeShader
{
    public void Execute()
    {
        int i = first + ThreadIds.X, channel = i / inner % channels;
        float scale = gamma[gammaOffset + channel] / Hlsl.Sqrt(variance[varianceOffset + channel] + epsilon);
        y[yOffset + i] = (x[xOffset + i] - mean[meanOffset + channel]) * scale + beta[betaOffset + channel];
    }
}

/// <summary>dx = dy * gamma / sqrt(variance + epsilon), one element a thread.</summary>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct BatchNormInputGradient(
    ReadWriteBuffer<float> gamma, ReadWriteBuffer<float> variance, ReadWriteBuffer<float> dy, ReadWriteBuffer<float> dx,
    int gammaOffset, int varianceOffset, int dyOffset, int dxOffset,
    int first, int channels, int inner, float epsilon) : IComputeShader
{
    public void Execute()
    {
        int i = first + ThreadIds.X, channel = i / inner % channels;
        dx[dxOffset + i] = dy[dyOffset + i] * gamma[gammaOffset + channel] / Hlsl.Sqrt(variance[varianceOffset + channel] + epsilon);
    }
}

/// <summary>
/// dgamma and dbeta in one reading of x and dy: a group takes one channel (x) and <c>perSplit</c> of its elements (y).
/// Splits have sums of their own, [splits, channels].
/// </summary>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct BatchNormAffineGradient(
    ReadWriteBuffer<float> x, ReadWriteBuffer<float> mean, ReadWriteBuffer<float> variance, ReadWriteBuffer<float> dy, ReadWriteBuffer<float> dgamma, ReadWriteBuffer<float> dbeta,
    int xOffset, int meanOffset, int varianceOffset, int dyOffset, int dgammaOffset, int dbetaOffset,
    int firstX, int firstY, int channels, int inner, int elements, int perSplit, float epsilon, int accumulate) : IComputeShader
{
    [GroupShared(256)]
    private static readonly float[] gammas = null!;

    [GroupShared(256)]
    private static readonly float[] betas = null!;

    public void Execute()
    {
        int thread = GroupIds.X, gridX = GridIds.X, gridY = GridIds.Y, channel = firstX + gridX, split = firstY + gridY;
        int start = split * perSplit, end = Hlsl.Min(start + perSplit, elements);
        float center = mean[meanOffset + channel], gamma = 0, beta = 0;
        for (int e = start + thread; e < end; e += 256)
        {
            int i = (e / inner * channels + channel) * inner + e % inner;
            float d = dy[dyOffset + i];
            gamma += d * (x[xOffset + i] - center);
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
            dgamma[dgammaOffset + at] = gammaBefore + gammas[0] / Hlsl.Sqrt(variance[varianceOffset + channel] + epsilon);
            dbeta[dbetaOffset + at] = betaBefore + betas[0];
        }
    }
}
