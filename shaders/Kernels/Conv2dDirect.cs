using ComputeSharp;

namespace OnDeviceLearning.Kernels;

/// <summary>Convolution, one output a thread: for depthwise and other narrow groups, where a tile would be mostly empty.</summary>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct Conv2dDirect(
    ReadWriteBuffer<float> x, ReadWriteBuffer<float> w, ReadWriteBuffer<float> bias, ReadWriteBuffer<float> residual, ReadWriteBuffer<float> y,
    int xOffset, int wOffset, int biasOffset, int residualOffset, int yOffset,
    int first, int channels, int height, int width, int outChannels, int outHeight, int outWidth, int kernelHeight, int kernelWidth,
    int stride, int padding, int dilation, int groups, int hasBias, int hasResidual, int activation) : IComputeShader
{
    public void Execute()
    {
        int i = first + ThreadIds.X, column = i % outWidth, row = i / outWidth % outHeight, plane = i / outWidth / outHeight;
        int channel = plane % outChannels, image = plane / outChannels, groupChannels = channels / groups, group = channel / (outChannels / groups);
        int top = row * stride - padding, left = column * stride - padding, origin = xOffset + (image * channels + group * groupChannels) * height * width;
        int weights = wOffset + channel * groupChannels * kernelHeight * kernelWidth;
        float sum = 0;
        for (int c = 0; c < groupChannels; c++)
        {
            for (int kh = 0; kh < kernelHeight; kh++)
            {
                int h = top + kh * dilation;
                if (h >= 0 && h < height)
                {
                    for (int kw = 0; kw < kernelWidth; kw++)
                    {
                        int at = left + kw * dilation;
                        if (at >= 0 && at < width) sum += x[origin + (c * height + h) * width + at] * w[weights + (c * kernelHeight + kh) * kernelWidth + kw];
                    }
                }
            }
        }
        if (hasBias != 0) sum += bias[biasOffset + channel];
        if (hasResidual != 0) sum += residual[residualOffset + i];
        y[yOffset + i] = ActivationFunctions.Value(activation, sum);
    }
}

/// <summary>Gradient of a narrow group's input, one input a thread.</summary>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct Conv2dInputGradientDirect(
    ReadWriteBuffer<float> w, ReadWriteBuffer<float> dy, ReadWriteBuffer<float> dx, int wOffset, int dyOffset, int dxOffset,
    int first, int channels, int height, int width, int outChannels, int outHeight, int outWidth, int kernelHeight, int kernelWidth,
    int stride, int padding, int dilation, int groups) : IComputeShader
{
    public void Execute()
    {
        int i = first + ThreadIds.X, column = i % width, row = i / width % height, plane = i / width / height;
        int channel = plane % channels, image = plane / channels, groupChannels = channels / groups, groupOut = outChannels / groups, group = channel / groupChannels;
        float sum = 0;
        for (int o = 0; o < groupOut; o++)
        {
            int outChannel = group * groupOut + o, gradients = dyOffset + (image * outChannels + outChannel) * outHeight * outWidth;
            int weights = wOffset + (outChannel * groupChannels + channel % groupChannels) * kernelHeight * kernelWidth;
            for (int kh = 0; kh < kernelHeight; kh++)
            {
                int down = row + padding - kh * dilation;
                if (down >= 0 && down % stride == 0 && down / stride < outHeight)
                {
                    for (int kw = 0; kw < kernelWidth; kw++)
                    {
                        int right = column + padding - kw * dilation;
                        if (right >= 0 && right % stride == 0 && right / stride < outWidth)
                            sum += w[weights + kh * kernelWidth + kw] * dy[gradients + down / stride * outWidth + right / stride];
                    }
                }
            }
        }
        dx[dxOffset + i] = sum;
    }
}

/// <summary>Gradient of a narrow group's weight: a group of threads sums one weight (x) over the output pixels of all images.</summary>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct Conv2dWeightGradientDirect(
    ReadWriteBuffer<float> x, ReadWriteBuffer<float> dy, ReadWriteBuffer<float> dw, int xOffset, int dyOffset, int dwOffset,
    int firstWeight, int pixels, int channels, int height, int width, int outChannels, int outHeight, int outWidth, int kernelHeight, int kernelWidth,
    int stride, int padding, int dilation, int groups) : IComputeShader
{
    [GroupShared(256)]
    private static readonly float[] sums = null!;

    public void Execute()
    {
        int thread = GroupIds.X, grid = GridIds.X, weight = firstWeight + grid, taps = kernelHeight * kernelWidth, groupChannels = channels / groups;
        int tap = weight % taps, c = weight / taps % groupChannels, channel = weight / taps / groupChannels, group = channel / (outChannels / groups);
        int down = tap / kernelWidth * dilation - padding, right = tap % kernelWidth * dilation - padding, outArea = outHeight * outWidth;
        float sum = 0;
        for (int pixel = thread; pixel < pixels; pixel += 256)
        {
            int image = pixel / outArea, inside = pixel % outArea, h = inside / outWidth * stride + down, at = inside % outWidth * stride + right;
            if (h >= 0 && h < height && at >= 0 && at < width)
                sum += x[xOffset + ((image * channels + group * groupChannels + c) * height + h) * width + at] * dy[dyOffset + (image * outChannels + channel) * outArea + inside];
        }
        sums[thread] = sum;
        for (int half = 128; half > 0; half /= 2)
        {
            Hlsl.GroupMemoryBarrierWithGroupSync();
            if (thread < half) sums[thread] += sums[thread + half];
        }
        if (thread == 0) dw[dwOffset + weight] += sums[0];
    }
}
