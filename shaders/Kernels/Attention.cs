using ComputeSharp;

namespace OnDeviceLearning.Kernels;

/// <summary>
/// Attention of 16 queries (x) of one head (y) of one sequence (z): tiles of 64 keys pass by, with the softmax kept
/// running (largest score and sum so far), so that no more than a 16 x 64 tile of scores ever exists. The result
/// accumulates in y, rescaled tile by tile, each element by one thread alone. A head may be of any width.
/// </summary>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct Attention(
    ReadWriteBuffer<float> qkv, ReadWriteBuffer<float> y, ReadWriteBuffer<float> statistics,
    int qkvOffset, int yOffset, int statisticsOffset, int firstX, int firstY, int firstZ, int length, int heads, int headWidth, float scale, int causal) : IComputeShader
{
    // 32 elements of each row at a time; the odd width keeps rows off each other's banks.
    [GroupShared(16 * 33)]
    private static readonly float[] queries = null!;

    [GroupShared(64 * 33)]
    private static readonly float[] keys = null!;

    // Scores, then probabilities: [16, 64].
    [GroupShared(16 * 64)]
    private static readonly float[] scores = null!;

    [GroupShared(256)]
    private static readonly float[] partial = null!;

    public void Execute()
    {
        // Thread (i, lane) owns scores j = lane + 16 jj of query i, and elements lane, lane + 16, ... of its result.
        int thread = GroupIds.X, i = thread / 16, lane = thread % 16, gridX = GridIds.X, gridY = GridIds.Y, gridZ = GridIds.Z, head = firstY + gridY;
        int sequence = firstZ + gridZ, query0 = (firstX + gridX) * 16, query = query0 + i;
        int width = heads * headWidth, rowStride = 3 * width, origin = qkvOffset + sequence * length * rowStride + head * headWidth;
        int result = yOffset + (sequence * length + query) * width + head * headWidth;
        int keyEnd = causal != 0 ? Hlsl.Min(query0 + 16, length) : length;
        float largest = -3.0e38f, sum = 0;
        for (int key0 = 0; key0 < keyEnd; key0 += 64)
        {
            Float4 score = 0;
            for (int d0 = 0; d0 < headWidth; d0 += 32)
            {
                for (int e = thread; e < 16 * 32; e += 256) queries[e / 32 * 33 + e % 32] = Load(origin, query0 + e / 32, d0 + e % 32, rowStride);
                for (int e = thread; e < 64 * 32; e += 256) keys[e / 32 * 33 + e % 32] = Load(origin + width, key0 + e / 32, d0 + e % 32, rowStride);
                Hlsl.GroupMemoryBarrierWithGroupSync();
                for (int d = 0; d < 32; d++)
                {
                    float q = queries[i * 33 + d];
                    score.X += q * keys[lane * 33 + d];
                    score.Y += q * keys[(lane + 16) * 33 + d];
                    score.Z += q * keys[(lane + 32) * 33 + d];
                    score.W += q * keys[(lane + 48) * 33 + d];
                }
                Hlsl.GroupMemoryBarrierWithGroupSync();
            }
            int keyLimit = causal != 0 ? Hlsl.Min(query + 1, length) : length;
            score.X = key0 + lane < keyLimit ? score.X * scale : -3.0e38f;
            score.Y = key0 + lane + 16 < keyLimit ? score.Y * scale : -3.0e38f;
            score.Z = key0 + lane + 32 < keyLimit ? score.Z * scale : -3.0e38f;
            score.W = key0 + lane + 48 < keyLimit ? score.W * scale : -3.0e38f;
            partial[thread] = Hlsl.Max(Hlsl.Max(score.X, score.Y), Hlsl.Max(score.Z, score.W));
            for (int half = 8; half > 0; half /= 2)
            {
                Hlsl.GroupMemoryBarrierWithGroupSync();
                if (lane < half) partial[thread] = Hlsl.Max(partial[thread], partial[thread + half]);
            }
            Hlsl.GroupMemoryBarrierWithGroupSync();
            float before = largest;
            largest = Hlsl.Max(largest, partial[thread - lane]);
            float rescale = Hlsl.Exp(before - largest);
            Hlsl.GroupMemoryBarrierWithGroupSync();
            // A query's first tile always has a key that it sees, so largest is a true score and what is masked comes to 0.
            Float4 p = new Float4(Hlsl.Exp(score.X - largest), Hlsl.Exp(score.Y - largest), Hlsl.Exp(score.Z - largest), Hlsl.Exp(score.W - largest));
            scores[i * 64 + lane] = p.X;
            scores[i * 64 + lane + 16] = p.Y;
            scores[i * 64 + lane + 32] = p.Z;
            scores[i * 64 + lane + 48] = p.W;
            partial[thread] = p.X + p.Y + p.Z + p.W;
            for (int half = 8; half > 0; half /= 2)
            {
                Hlsl.GroupMemoryBarrierWithGroupSync();
                if (lane < half) partial[thread] += partial[thread + half];
            }
            Hlsl.GroupMemoryBarrierWithGroupSync();
            sum = sum * rescale + partial[thread - lane];
            int keysHere = Hlsl.Min(64, length - key0);
            if (query < length)
            {
                for (int d = lane; d < headWidth; d += 16)
                {
                    float value = 0;
                    if (key0 > 0) value = y[result + d] * rescale;
                    for (int j = 0; j < keysHere; j++) value += scores[i * 64 + j] * qkv[origin + 2 * width + (key0 + j) * rowStride + d];
                    if (key0 + 64 >= keyEnd) value /= sum;
                    y[result + d] = value;
                }
            }
            Hlsl.GroupMemoryBarrierWithGroupSync();
        }
        if (query < length && lane == 0)
        {
            int at = statisticsOffset + ((sequence * heads + head) * length + query) * 2;
            statistics[at] = largest;
            statistics[at + 1] = sum;
        }
    }

    private float Load(int origin, int row, int d, int rowStride)
    {
        float value = 0;
        if (row < length && d < headWidth) value = qkv[origin + row * rowStride + d];
        return value;
    }
}
