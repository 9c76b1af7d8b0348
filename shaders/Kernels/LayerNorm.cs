using ComputeSharp;

namespace OnDeviceLearning.Kernels;

/// <summary>
/// dgamma and dbeta of rows, in one reading of x and dy: a group takes 32 columns (x) and <c>perSplit</c> rows (y), eight
/// at a time. Splits have sums of their own, [splits, columns]. Forward and input gradient are GroupNorm's, one group a row.
/// </summary>
[ThreadGroupSize(32, 8, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct LayerNormAffineGradient(
    ReadWriteBuffer<float> x, ReadWriteBuffer<float> statistics, ReadWriteBuffer<float> dy, ReadWriteBuffer<float> dgamma, ReadWriteBuffer<float> dbeta,
    int xOffset, int statisticsOffset, int dyOffset, int dgammaOffset, int dbetaOffset,
    int firstX, int firstY, int rows, int columns, int perSplit, int accumulate) : IComputeShader
{
    [GroupShared(256)]
    private static readonly float[] gammas = null!;

    [GroupShared(256)]
    private static readonly float[] betas = null!;

    public void Execute()
    {
        int lane = GroupIds.X, slot = GroupIds.Y, gridX = GridIds.X, gridY = GridIds.Y, split = firstY + gridY, column = (firstX + gridX) * 32 + lane, thread = slot * 32 + lane;
        int start = split * perSplit, end = Hlsl.Min(start + perSplit, rows);
        float gamma = 0, beta = 0;
        if (column < columns)
        {
            for (int row = start + slot; row < end; row += 8)
            {
                float d = dy[dyOffset + row * columns + column];
                gamma += d * (x[xOffset + row * columns + column] - statistics[statisticsOffset + 2 * row]) * statistics[statisticsOffset + 2 * row + 1];
                beta += d;
            }
        }
        gammas[thread] = gamma;
        betas[thread] = beta;
        for (int half = 4; half > 0; half /= 2)
        {
            Hlsl.GroupMemoryBarrierWithGroupSync();
            if (slot < half)
            {
                gammas[thread] += gammas[thread + half * 32];
                betas[thread] += betas[thread + half * 32];
            }
        }
        if (slot == 0 && column < columns)
        {
            int at = split * columns + column;
            float gammaBefore = 0, betaBefore = 0;
            if (accumulate != 0)
            {
                gammaBefore = dgamma[dgammaOffset + at];
                betaBefore = dbeta[dbetaOffset + at];
            }
            dgamma[dgammaOffset + at] = gammaBefore + gammas[lane];
            dbeta[dbetaOffset + at] = betaBefore + betas[lane];
        }
    }
}
