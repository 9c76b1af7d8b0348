using ComputeSharp;

namespace OnDeviceLearning.Kernels;

/// <summary>dw += 2 * lambda * (w - target), one element a thread.</summary>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct PullTo(
    ReadWriteBuffer<float> w, ReadWriteBuffer<float> target, ReadWriteBuffer<float> lambda, ReadWriteBuffer<float> dw,
    int wOffset, int targetOffset, int lambdaOffset, int dwOffset, int first) : IComputeShader
{
    public void Execute()
    {
        int i = first + ThreadIds.X;
        dw[dwOffset + i] += 2 * lambda[lambdaOffset] * (w[wOffset + i] - target[targetOffset + i]);
    }
}
