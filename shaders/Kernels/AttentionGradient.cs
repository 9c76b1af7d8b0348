using ComputeSharp;

namespace OnDeviceLearning.Kernels;

/// <summary>dots [n, heads, length] = sum(dy * y) over a head's elements, one query of one head a thread; dy and y [n, length, heads, headWidth].</summary>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct AttentionDots(
    ReadWriteBuffer<float> y, ReadWriteBuffer<float> dy, ReadWriteBuffer<float> dots,
    int yOffset, int dyOffset, int dotsOffset, int first, int length, int heads, int headWidth) : IComputeShader
{
    public void Execute()
    {
        int i = first + ThreadIds.X, head = i % heads, position = i / heads, query = position % length, sequence = position / length;
        float dot = 0;
        for (int d = 0; d < headWidth; d++) dot += y[yOffset + i * headWidth + d] * dy[dyOffset + i * headWidth + d];
        dots[dotsOffset + (sequence * heads + head) * length + query] = dot;
    }
}

/// <summary>
/// dq of 16 queries (x) of one head (y) of one sequence (z): dq = scale * dS k with P = softmax(S) computed again from the
/// statistics and dS = P * (dy v - dot), a tile of 64 keys at a time.
/// </summary>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct AttentionQueryGradient(
    ReadWriteBuffer<float> qkv, ReadWriteBuffer<float> statistics, ReadWriteBuffer<float> dy, ReadWriteBuffer<float> dots, ReadWriteBuffer<float> dqkv,
    int qkvOffset, int statisticsOffset, int dyOffset, int dotsOffset, int dqkvOffset, int firstX, int firstY, int firstZ, int length, int heads, int headWidth, float scale, int causal) : IComputeShader
{
    [GroupShared(16 * 33)]
    private static readonly float[] queries = null!;

    [GroupShared(16 * 33)]
    private static readonly float[] gradients = null!;

    [GroupShared(64 * 33)]
    private static readonly float[] keys = null!;

    [GroupShared(64 * 33)]
    private static readonly float[] values = null!;

    [GroupShared(16 * 64)]
    private static readonly float[] slopes = null!;

    public void Execute()
    {
        int thread = GroupIds.X, i = thread / 16, lane = thread % 16, gridX = GridIds.X, gridY = GridIds.Y, gridZ = GridIds.Z, head = firstY + gridY;
        int sequence = firstZ + gridZ, query0 = (firstX + gridX) * 16, query = query0 + i, safeQuery = Hlsl.Min(query, length - 1);
        int width = heads * headWidth, rowStride = 3 * width, origin = qkvOffset + sequence * length * rowStride + head * headWidth;
        int dyOrigin = dyOffset + sequence * length * width + head * headWidth, at = (sequence * heads + head) * length + safeQuery;
        float largest = statistics[statisticsOffset + 2 * at], sum = statistics[statisticsOffset + 2 * at + 1], dot = dots[dotsOffset + at];
        int keyEnd = causal != 0 ? Hlsl.Min(query0 + 16, length) : length, keyLimit = causal != 0 ? Hlsl.Min(query + 1, length) : length;
        for (int key0 = 0; key0 < keyEnd; key0 += 64)
        {
            Float4 score = 0, slope = 0;
            for (int d0 = 0; d0 < headWidth; d0 += 32)
            {
                for (int e = thread; e < 16 * 32; e += 256)
                {
                    queries[e / 32 * 33 + e % 32] = Load(origin, query0 + e / 32, d0 + e % 32, rowStride);
                    gradients[e / 32 * 33 + e % 32] = LoadGradient(dyOrigin, query0 + e / 32, d0 + e % 32, width);
                }
                for (int e = thread; e < 64 * 32; e += 256)
                {
                    keys[e / 32 * 33 + e % 32] = Load(origin + width, key0 + e / 32, d0 + e % 32, rowStride);
                    values[e / 32 * 33 + e % 32] = Load(origin + 2 * width, key0 + e / 32, d0 + e % 32, rowStride);
                }
                Hlsl.GroupMemoryBarrierWithGroupSync();
                for (int d = 0; d < 32; d++)
                {
                    float q = queries[i * 33 + d], g = gradients[i * 33 + d];
                    score += q * new Float4(keys[lane * 33 + d], keys[(lane + 16) * 33 + d], keys[(lane + 32) * 33 + d], keys[(lane + 48) * 33 + d]);
                    slope += g * new Float4(values[lane * 33 + d], values[(lane + 16) * 33 + d], values[(lane + 32) * 33 + d], values[(lane + 48) * 33 + d]);
                }
                Hlsl.GroupMemoryBarrierWithGroupSync();
            }
            int j = key0 + lane;
            slopes[i * 64 + lane] = j < keyLimit ? Hlsl.Exp(score.X * scale - largest) / sum * (slope.X - dot) : 0f;
            slopes[i * 64 + lane + 16] = j + 16 < keyLimit ? Hlsl.Exp(score.Y * scale - largest) / sum * (slope.Y - dot) : 0f;
            slopes[i * 64 + lane + 32] = j + 32 < keyLimit ? Hlsl.Exp(score.Z * scale - largest) / sum * (slope.Z - dot) : 0f;
            slopes[i * 64 + lane + 48] = j + 48 < keyLimit ? Hlsl.Exp(score.W * scale - largest) / sum * (slope.W - dot) : 0f;
            Hlsl.GroupMemoryBarrierWithGroupSync();
            int keysHere = Hlsl.Min(64, length - key0);
            if (query < length)
            {
                for (int d = lane; d < headWidth; d += 16)
                {
                    int target = dqkvOffset + (sequence * length + query) * rowStride + head * headWidth + d;
                    float value = 0;
                    for (int k = 0; k < keysHere; k++) value += slopes[i * 64 + k] * qkv[origin + width + (key0 + k) * rowStride + d];
                    float before = 0;
                    if (key0 > 0) before = dqkv[target];
                    dqkv[target] = before + scale * value;
                }
            }
            Hlsl.GroupMemoryBarrierWithGroupSync();
        }
    }

    private float Load(int origin, int row, int d, int rowStride)
    {
        float value = 0;
        if (row < length && d < headWidth) value = qkv[origin + row * rowStride + d];
        return value;
    }

    private float LoadGradient(int origin, int row, int d, int rowStride)
    {
        float value = 0;
        if (row < length && d < headWidth) value = dy[origin + row * rowStride + d];
        return value;
    }
}

/// <summary>
/// dk and dv of 16 keys (x) of one head (y) of one sequence (z): dk = scale * dS' q, dv = P' dy, a tile of 64 queries at a
/// time.
/// </summary>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct AttentionKeyGradient(
    ReadWriteBuffer<float> qkv, ReadWriteBuffer<float> statistics, ReadWriteBuffer<float> dy, ReadWriteBuffer<float> dots, ReadWriteBuffer<float> dqkv,
    int qkvOffset, int statisticsOffset, int dyOffset, int dotsOffset, int dqkvOffset, int firstX, int firstY, int firstZ, int length, int heads, int headWidth, float scale, int causal) : IComputeShader
{
    [GroupShared(16 * 33)]
    private static readonly float[] keys = null!;

    [GroupShared(16 * 33)]
    private static readonly float[] values = null!;

    // Queries, then dy.
    [GroupShared(64 * 33)]
    private static readonly float[] rows = null!;

    // By key and query: [16, 64].
    [GroupShared(16 * 64)]
    private static readonly float[] probabilities = null!;

    [GroupShared(16 * 64)]
    private static readonly float[] slopes = null!;

    public void Execute()
    {
        // Thread (j, lane) owns queries i = lane + 16 ii of key j, and elements lane, lane + 16, ... of its results.
        int thread = GroupIds.X, j = thread / 16, lane = thread % 16, gridX = GridIds.X, gridY = GridIds.Y, gridZ = GridIds.Z, head = firstY + gridY;
        int sequence = firstZ + gridZ, key0 = (firstX + gridX) * 16, key = key0 + j;
        int width = heads * headWidth, rowStride = 3 * width, origin = qkvOffset + sequence * length * rowStride + head * headWidth;
        int dyOrigin = dyOffset + sequence * length * width + head * headWidth, statisticsOrigin = (sequence * heads + head) * length;
        int start = causal != 0 ? key0 / 64 * 64 : 0;
        for (int query0 = start; query0 < length; query0 += 64)
        {
            Float4 score = 0, slope = 0;
            for (int d0 = 0; d0 < headWidth; d0 += 32)
            {
                for (int e = thread; e < 16 * 32; e += 256)
                {
                    keys[e / 32 * 33 + e % 32] = Load(origin + width, key0 + e / 32, d0 + e % 32, rowStride);
                    values[e / 32 * 33 + e % 32] = Load(origin + 2 * width, key0 + e / 32, d0 + e % 32, rowStride);
                }
                for (int e = thread; e < 64 * 32; e += 256) rows[e / 32 * 33 + e % 32] = Load(origin, query0 + e / 32, d0 + e % 32, rowStride);
                Hlsl.GroupMemoryBarrierWithGroupSync();
                for (int d = 0; d < 32; d++)
                    score += keys[j * 33 + d] * new Float4(rows[lane * 33 + d], rows[(lane + 16) * 33 + d], rows[(lane + 32) * 33 + d], rows[(lane + 48) * 33 + d]);
                Hlsl.GroupMemoryBarrierWithGroupSync();
                for (int e = thread; e < 64 * 32; e += 256) rows[e / 32 * 33 + e % 32] = LoadGradient(dyOrigin, query0 + e / 32, d0 + e % 32, width);
                Hlsl.GroupMemoryBarrierWithGroupSync();
                for (int d = 0; d < 32; d++)
                    slope += values[j * 33 + d] * new Float4(rows[lane * 33 + d], rows[(lane + 16) * 33 + d], rows[(lane + 32) * 33 + d], rows[(lane + 48) * 33 + d]);
                Hlsl.GroupMemoryBarrierWithGroupSync();
            }
            Keep(statisticsOrigin, j * 64 + lane, key, query0 + lane, score.X, slope.X);
            Keep(statisticsOrigin, j * 64 + lane + 16, key, query0 + lane + 16, score.Y, slope.Y);
            Keep(statisticsOrigin, j * 64 + lane + 32, key, query0 + lane + 32, score.Z, slope.Z);
            Keep(statisticsOrigin, j * 64 + lane + 48, key, query0 + lane + 48, score.W, slope.W);
            Hlsl.GroupMemoryBarrierWithGroupSync();
            int queriesHere = Hlsl.Min(64, length - query0);
            if (key < length)
            {
                for (int d = lane; d < headWidth; d += 16)
                {
                    int target = dqkvOffset + (sequence * length + key) * rowStride + width + head * headWidth + d;
                    float dk = 0, dv = 0;
                    for (int i = 0; i < queriesHere; i++)
                    {
                        dk += slopes[j * 64 + i] * qkv[origin + (query0 + i) * rowStride + d];
                        dv += probabilities[j * 64 + i] * dy[dyOrigin + (query0 + i) * width + d];
                    }
                    float keyBefore = 0, valueBefore = 0;
                    if (query0 > start)
                    {
                        keyBefore = dqkv[target];
                        valueBefore = dqkv[target + width];
                    }
                    dqkv[target] = keyBefore + scale * dk;
                    dqkv[target + width] = valueBefore + dv;
                }
            }
            Hlsl.GroupMemoryBarrierWithGroupSync();
        }
    }

    private void Keep(int statisticsOrigin, int at, int key, int query, float score, float slope)
    {
        float p = 0, s = 0;
        if (query < length && key < length && (causal == 0 || key <= query))
        {
            int row = statisticsOrigin + query;
            p = Hlsl.Exp(score * scale - statistics[statisticsOffset + 2 * row]) / statistics[statisticsOffset + 2 * row + 1];
            s = p * (slope - dots[dotsOffset + row]);
        }
        probabilities[at] = p;
        slopes[at] = s;
    }

    private float Load(int origin, int row, int d, int rowStride)
    {
        float value = 0;
        if (row < length && d < headWidth) value = qkv[origin + row * rowStride + d];
        return value;
    }

    private float LoadGradient(int origin, int row, int d, int rowStride)
    {
        float value = 0;
        if (row < length && d < headWidth) value = dy[origin + row * rowStride + d];
        return value;
    }
}
