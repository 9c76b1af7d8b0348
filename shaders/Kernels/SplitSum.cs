using ComputeSharp;

namespace OnDeviceLearning.Kernels;

/// <summary>
/// The second pass of everything that was split: y = f(sum of partial [splits, length] + bias + residual), one element a
/// thread, the splits in their order. Element i belongs to bias i / biasInner % biasCount.
/// </summary>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct SplitSum(
    ReadWriteBuffer<float> partial, ReadWriteBuffer<float> bias, ReadWriteBuffer<float> residual, ReadWriteBuffer<float> y,
    int partialOffset, int biasOffset, int residualOffset, int yOffset,
    int first, int length, int splits, float alpha, int accumulate, int hasBias, int biasInner, int biasCount, int hasResidual, int activation) : IComputeShader
{
    public void Execute()
    {
        int i = first + ThreadIds.X;
        float sum = 0;
        for (int split = 0; split < splits; split++) sum += partial[partialOffset + split * length + i];
        sum *= alpha;
        if (accumulate != 0) sum += y[yOffset + i];
        if (hasBias != 0) sum += bias[biasOffset + i / biasInner % biasCount];
        if (hasResidual != 0) sum += residual[residualOffset + i];
        y[yOffset + i] = ActivationFunctions.Value(activation, sum);
    }
}
