using ComputeSharp;

namespace OnDeviceLearning.Kernels;

/// <summary>Rows of <c>inner</c> elements from one stride to another, one element a thread; the offsets are those of the first row.</summary>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct Copy(
    ReadWriteBuffer<float> source, ReadWriteBuffer<float> target, int sourceOffset, int targetOffset,
    int first, int inner, int sourceStart, int sourceStride, int targetStart, int targetStride) : IComputeShader
{
    public void Execute()
    {
        int i = first + ThreadIds.X, row = i / inner, column = i % inner;
        target[targetOffset + targetStart + row * targetStride + column] = source[sourceOffset + sourceStart + row * sourceStride + column];
    }
}
