using ComputeSharp;

namespace OnDeviceLearning.Kernels;

/// <summary>c = a + b, one element a thread; <c>first</c> is where this dispatch begins.</summary>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct Add(
    ReadWriteBuffer<float> a, ReadWriteBuffer<float> b, ReadWriteBuffer<float> c,
    int aOffset, int bOffset, int cOffset, int first) : IComputeShader
{
    public void Execute()
    {
        int i = first + ThreadIds.X;
        c[cOffset + i] = a[aOffset + i] + b[bOffset + i];
    }
}
