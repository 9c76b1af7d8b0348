using ComputeSharp;

namespace OnDeviceLearning.Kernels;

/// <summary>sums = (sum of the targets' class weights, sum of all class weights), in one group.</summary>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct SoftmaxCrossEntropyWeights(
    ReadWriteBuffer<int> targets, ReadWriteBuffer<float> classWeights, ReadWriteBuffer<float> sums,
    int targetsOffset, int classWeightsOffset, int sumsOffset, int rows, int classes) : IComputeShader
{
    [GroupShared(256)]
    private static readonly float[] ofTargets = null!;

    [GroupShared(256)]
    private static readonly float[] ofClasses = null!;

    public void Execute()
    {
        int thread = GroupIds.X;
        float sum = 0;
        for (int row = thread; row < rows; row += 256)
        {
            int target = Hlsl.Clamp(targets[targetsOffset + row], 0, classes - 1);
            sum += classWeights[classWeightsOffset + target];
        }
        ofTargets[thread] = sum;
        sum = 0;
        for (int c = thread; c < classes; c += 256) sum += classWeights[classWeightsOffset + c];
        ofClasses[thread] = sum;
        for (int half = 128; half > 0; half /= 2)
        {
            Hlsl.GroupMemoryBarrierWithGroupSync();
            if (thread < half)
            {
                ofTargets[thread] += ofTargets[thread + half];
                ofClasses[thread] += ofClasses[thread + half];
            }
        }
        if (thread == 0)
        {
            sums[sumsOffset] = ofTargets[0];
            sums[sumsOffset + 1] = ofClasses[0];
        }
    }
}

/// <summary>
/// dlogits and each row's share of the loss; <c>lanes</c> threads a row, a power of two. The target distribution puts
/// weight q on a class, the gradient is (sum of q) * p - q, over the sum of the targets' weights. Without class weights
/// that sum is <c>rows</c> and <c>sums</c> is not read.
/// </summary>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct SoftmaxCrossEntropy(
    ReadWriteBuffer<float> logits, ReadWriteBuffer<int> targets, ReadWriteBuffer<float> classWeights, ReadWriteBuffer<float> sums, ReadWriteBuffer<float> losses, ReadWriteBuffer<float> dlogits,
    int logitsOffset, int targetsOffset, int classWeightsOffset, int sumsOffset, int lossesOffset, int dlogitsOffset,
    int firstRow, int rows, int classes, int lanes, float smoothing, int hasClassWeights) : IComputeShader
{
    [GroupShared(256)]
    private static readonly float[] largests = null!;

    [GroupShared(256)]
    private static readonly float[] exponentials = null!;

    public void Execute()
    {
        int thread = GroupIds.X, group = GridIds.X, lane = thread % lanes, row = firstRow + group * (256 / lanes) + thread / lanes;
        int safeRow = Hlsl.Min(row, rows - 1), origin = safeRow * classes, target = Hlsl.Clamp(targets[targetsOffset + safeRow], 0, classes - 1);
        float largest = -3.0e38f, sum = 0;
        for (int c = lane; c < classes; c += lanes)
        {
            float value = logits[logitsOffset + origin + c], before = largest;
            largest = Hlsl.Max(largest, value);
            sum = sum * Hlsl.Exp(before - largest) + Hlsl.Exp(value - largest);
        }
        largests[thread] = largest;
        exponentials[thread] = sum;
        for (int half = lanes / 2; half > 0; half /= 2)
        {
            Hlsl.GroupMemoryBarrierWithGroupSync();
            if (lane < half)
            {
                float a = largests[thread], b = largests[thread + half], both = Hlsl.Max(a, b);
                exponentials[thread] = exponentials[thread] * Hlsl.Exp(a - both) + exponentials[thread + half] * Hlsl.Exp(b - both);
                largests[thread] = both;
            }
        }
        Hlsl.GroupMemoryBarrierWithGroupSync();
        largest = largests[thread - lane];
        sum = exponentials[thread - lane];
        float logSum = Hlsl.Log(sum), total = rows, weightSum = classes, own = 1;
        if (hasClassWeights != 0)
        {
            total = sums[sumsOffset];
            weightSum = sums[sumsOffset + 1];
            own = classWeights[classWeightsOffset + target];
        }
        float smooth = smoothing / classes, mass = smooth * weightSum + (1 - smoothing) * own, loss = 0;
        for (int c = lane; c < classes; c += lanes)
        {
            float weight = 1, shifted = logits[logitsOffset + origin + c] - largest;
            if (hasClassWeights != 0) weight = classWeights[classWeightsOffset + c];
            float q = smooth * weight + (c == target ? (1 - smoothing) * own : 0f);
            loss += q * (logSum - shifted);
            if (row < rows) dlogits[dlogitsOffset + origin + c] = (mass * Hlsl.Exp(shifted) / sum - q) / total;
        }
        // The row's largests have been read by all of its lanes.
        Hlsl.GroupMemoryBarrierWithGroupSync();
        largests[thread] = loss;
        for (int half = lanes / 2; half > 0; half /= 2)
        {
            Hlsl.GroupMemoryBarrierWithGroupSync();
            if (lane < half) largests[thread] += largests[thread + half];
        }
        if (lane == 0 && row < rows) losses[lossesOffset + row] = largests[thread] / total;
    }
}
