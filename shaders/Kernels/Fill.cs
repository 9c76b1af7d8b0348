using ComputeSharp;

namespace OnDeviceLearning.Kernels;

/// <summary>y = value, one element a thread.</summary>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct Fill(ReadWriteBuffer<float> y, int yOffset, int first, float value) : IComputeShader
{
    public void Execute()
    {
        int i = first + ThreadIds.X;
        y[yOffset + i] = value;
    }
}
