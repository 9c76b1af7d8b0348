using ComputeSharp;

namespace OnDeviceLearning.Kernels;

/// <summary>Mean of a window, one output a thread.</summary>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct AveragePool2d(
    ReadWriteBuffer<float> x, ReadWriteBuffer<float> y, int xOffset, int yOffset,
    int first, int height, int width, int outHeight, int outWidth, int kernel, int stride, int padding, int countPadding) : IComputeShader
{
    public void Execute()
    {
        int i = first + ThreadIds.X, column = i % outWidth, row = i / outWidth % outHeight, plane = i / outWidth / outHeight;
        int top = row * stride - padding, left = column * stride - padding;
        int h0 = Hlsl.Max(top, 0), h1 = Hlsl.Min(top + kernel, height), w0 = Hlsl.Max(left, 0), w1 = Hlsl.Min(left + kernel, width);
        int origin = xOffset + plane * height * width, count = countPadding != 0 ? kernel * kernel : (h1 - h0) * (w1 - w0);
        float sum = 0;
        for (int h = h0; h < h1; h++)
        {
            for (int w = w0; w < w1; w++) sum += x[origin + h * width + w];
        }
        y[yOffset + i] = sum / count;
    }
}

/// <summary>dx, one input a thread: its share of every window it was in.</summary>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct AveragePool2dGradient(
    ReadWriteBuffer<float> dy, ReadWriteBuffer<float> dx, int dyOffset, int dxOffset,
    int first, int height, int width, int outHeight, int outWidth, int kernel, int stride, int padding, int countPadding) : IComputeShader
{
    public void Execute()
    {
        int i = first + ThreadIds.X, column = i % width, row = i / width % height, plane = i / width / height;
        int h0 = Hlsl.Max(row + padding - kernel + stride, 0) / stride, h1 = Hlsl.Min((row + padding) / stride, outHeight - 1);
        int w0 = Hlsl.Max(column + padding - kernel + stride, 0) / stride, w1 = Hlsl.Min((column + padding) / stride, outWidth - 1);
        float sum = 0;
        for (int h = h0; h <= h1; h++)
        {
            int rows = Hlsl.Min(h * stride - padding + kernel, height) - Hlsl.Max(h * stride - padding, 0);
            for (int w = w0; w <= w1; w++)
            {
                int columns = Hlsl.Min(w * stride - padding + kernel, width) - Hlsl.Max(w * stride - padding, 0);
                int count = countPadding != 0 ? kernel * kernel : rows * columns;
                sum += dy[dyOffset + (plane * outHeight + h) * outWidth + w] / count;
            }
        }
        dx[dxOffset + i] = sum;
    }
}
