using ComputeSharp;

namespace OnDeviceLearning.Kernels;

/// <summary>
/// y = f(alpha * W v + bias + residual) for W [outputs, k] that is contiguous along k: 8 outputs a group (x), 32 threads
/// each; batch by y.
/// </summary>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct MatMulVectorRows(
    ReadWriteBuffer<float> w, ReadWriteBuffer<float> v, ReadWriteBuffer<float> bias, ReadWriteBuffer<float> residual, ReadWriteBuffer<float> y,
    int wOffset, int vOffset, int biasOffset, int residualOffset, int yOffset, int firstX, int firstY, int outputs, int k,
    int wBatch, int vBatch, int biasStep, float alpha, int accumulate, int hasBias, int hasResidual, int activation) : IComputeShader
{
    [GroupShared(256)]
    private static readonly float[] sums = null!;

    public void Execute()
    {
        int thread = GroupIds.X, lane = thread % 32, gridX = GridIds.X, gridY = GridIds.Y, output = (firstX + gridX) * 8 + thread / 32, batch = firstY + gridY;
        int row = wOffset + batch * wBatch + Hlsl.Min(output, outputs - 1) * k, vector = vOffset + batch * vBatch;
        float sum = 0;
        for (int i = lane; i < k; i += 32) sum += w[row + i] * v[vector + i];
        sums[thread] = sum;
        for (int half = 16; half > 0; half /= 2)
        {
            Hlsl.GroupMemoryBarrierWithGroupSync();
            if (lane < half) sums[thread] += sums[thread + half];
        }
        if (lane == 0 && output < outputs)
        {
            int at = batch * outputs + output;
            float value = alpha * sums[thread];
            if (accumulate != 0) value += y[yOffset + at];
            if (hasBias != 0) value += bias[biasOffset + output * biasStep];
            if (hasResidual != 0) value += residual[residualOffset + at];
            y[yOffset + at] = ActivationFunctions.Value(activation, value);
        }
    }
}

/// <summary>
/// y = f(alpha * W' v + bias + residual) for W [k, outputs] that is contiguous along the outputs: 32 outputs a group (x),
/// k in eight interleaved parts; batch by y.
/// </summary>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct MatMulVectorColumns(
    ReadWriteBuffer<float> w, ReadWriteBuffer<float> v, ReadWriteBuffer<float> bias, ReadWriteBuffer<float> residual, ReadWriteBuffer<float> y,
    int wOffset, int vOffset, int biasOffset, int residualOffset, int yOffset, int firstX, int firstY, int outputs, int k,
    int wBatch, int vBatch, int biasStep, float alpha, int accumulate, int hasBias, int hasResidual, int activation) : IComputeShader
{
    [GroupShared(256)]
    private static readonly float[] sums = null!;

    public void Execute()
    {
        int thread = GroupIds.X, lane = thread % 32, slot = thread / 32, gridX = GridIds.X, gridY = GridIds.Y, output = (firstX + gridX) * 32 + lane, batch = firstY + gridY;
        int column = wOffset + batch * wBatch + Hlsl.Min(output, outputs - 1), vector = vOffset + batch * vBatch;
        float sum = 0;
        for (int i = slot; i < k; i += 8) sum += w[column + i * outputs] * v[vector + i];
        sums[thread] = sum;
        for (int half = 4; half > 0; half /= 2)
        {
            Hlsl.GroupMemoryBarrierWithGroupSync();
            if (slot < half) sums[thread] += sums[thread + half * 32];
        }
        if (slot == 0 && output < outputs)
        {
            int at = batch * outputs + output;
            float value = alpha * sums[thread];
            if (accumulate != 0) value += y[yOffset + at];
            if (hasBias != 0) value += bias[biasOffset + output * biasStep];
            if (hasResidual != 0) value += residual[residualOffset + at];
            y[yOffset + at] = ActivationFunctions.Value(activation, value);
        }
    }
}
