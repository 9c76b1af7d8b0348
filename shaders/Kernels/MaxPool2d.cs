using ComputeSharp;

namespace OnDeviceLearning.Kernels;

/// <summary>Largest value of a window and where it was, one output a thread; the first one among equals.</summary>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct MaxPool2d(
    ReadWriteBuffer<float> x, ReadWriteBuffer<float> y, ReadWriteBuffer<int> argmax, int xOffset, int yOffset, int argmaxOffset,
    int first, int height, int width, int outHeight, int outWidth, int kernel, int stride, int padding) : IComputeShader
{
    public void Execute()
    {
        int i = first + ThreadIds.X, column = i % outWidth, row = i / outWidth % outHeight, plane = i / outWidth / outHeight;
        int top = row * stride - padding, left = column * stride - padding;
        int h0 = Hlsl.Max(top, 0), h1 = Hlsl.Min(top + kernel, height), w0 = Hlsl.Max(left, 0), w1 = Hlsl.Min(left + kernel, width);
        int origin = xOffset + plane * height * width, best = h0 * width + w0;
        float largest = x[origin + best];
        for (int h = h0; h < h1; h++)
        {
            for (int w = w0; w < w1; w++)
            {
                float value = x[origin + h * width + w];
                if (value > largest)
                {
                    largest = value;
                    best = h * width + w;
                }
            }
        }
        y[yOffset + i] = largest;
        argmax[argmaxOffset + i] = best;
    }
}

/// <summary>dx, one input a thread: it gathers from the windows whose maximum it was, always in the same order.</summary>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct MaxPool2dGradient(
    ReadWriteBuffer<float> dy, ReadWriteBuffer<int> argmax, ReadWriteBuffer<float> dx, int dyOffset, int argmaxOffset, int dxOffset,
    int first, int height, int width, int outHeight, int outWidth, int kernel, int stride, int padding) : IComputeShader
{
    public void Execute()
    {
        int i = first + ThreadIds.X, column = i % width, row = i / width % height, plane = i / width / height;
        // Output row o covers the input rows o * stride - padding to that + kernel - 1.
        int h0 = Hlsl.Max(row + padding - kernel + stride, 0) / stride, h1 = Hlsl.Min((row + padding) / stride, outHeight - 1);
        int w0 = Hlsl.Max(column + padding - kernel + stride, 0) / stride, w1 = Hlsl.Min((column + padding) / stride, outWidth - 1);
        int position = row * width + column;
        float sum = 0;
        for (int h = h0; h <= h1; h++)
        {
            for (int w = w0; w <= w1; w++)
            {
                int window = (plane * outHeight + h) * outWidth + w;
                if (argmax[argmaxOffset + window] == position) sum += dy[dyOffset + window];
            }
        }
        dx[dxOffset + i] = sum;
    }
}
