using ComputeSharp;

namespace OnDeviceLearning.Kernels;

/// <summary>
/// Convolution as a product that is never laid out: rows are output channels of one group, columns output pixels of all
/// images, k runs over (input channel, kernel row, kernel column). A group computes 64 channels (y) of 64 pixels (x); z is
/// convolution group and split of k. Tiles as in <see cref="MatMulTile64"/>. Where k is split, each split writes its plain
/// sums, <c>splitStride</c> apart, and SplitSum does the rest.
/// </summary>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct Conv2dTile64(
    ReadWriteBuffer<float> x, ReadWriteBuffer<float> w, ReadWriteBuffer<float> bias, ReadWriteBuffer<float> residual, ReadWriteBuffer<float> y,
    int xOffset, int wOffset, int biasOffset, int residualOffset, int yOffset,
    int firstX, int firstY, int firstZ, int pixels, int channels, int height, int width, int outChannels, int outHeight, int outWidth, int kernelHeight, int kernelWidth,
    int stride, int padding, int dilation, int groups, int splitLength, int splitStride, int hasBias, int hasResidual, int activation) : IComputeShader
{
    private const int Side = 16;

    private const int Width = Side + 1;

    [GroupShared(Side * Width)]
    private static readonly Float4[] wTile = null!;

    [GroupShared(Side * Width)]
    private static readonly Float4[] xTile = null!;

    public void Execute()
    {
        int thread = GroupIds.X, tx = thread % Side, ty = thread / Side, gridX = GridIds.X, gridY = GridIds.Y, gridZ = GridIds.Z, tileX = firstX + gridX, tileY = firstY + gridY, tileZ = firstZ + gridZ;
        int group = tileZ % groups, split = tileZ / groups, row0 = tileY * 4 * Side, pixel0 = tileX * 4 * Side + tx;
        int groupChannels = channels / groups, groupOut = outChannels / groups, taps = kernelHeight * kernelWidth, depth = groupChannels * taps;
        int start = split * splitLength, end = Hlsl.Min(start + splitLength, depth), outArea = outHeight * outWidth, area = height * width;

        // The four pixels whose inputs this thread loads: the image's first element and the window's corner.
        int pixelA = Hlsl.Min(pixel0, pixels - 1), pixelB = Hlsl.Min(pixel0 + Side, pixels - 1), pixelC = Hlsl.Min(pixel0 + 2 * Side, pixels - 1), pixelD = Hlsl.Min(pixel0 + 3 * Side, pixels - 1);
        int channel0 = group * groupChannels;
        int imageA = xOffset + (pixelA / outArea * channels + channel0) * area, imageB = xOffset + (pixelB / outArea * channels + channel0) * area;
        int imageC = xOffset + (pixelC / outArea * channels + channel0) * area, imageD = xOffset + (pixelD / outArea * channels + channel0) * area;
        int topA = pixelA % outArea / outWidth * stride - padding, leftA = pixelA % outWidth * stride - padding;
        int topB = pixelB % outArea / outWidth * stride - padding, leftB = pixelB % outWidth * stride - padding;
        int topC = pixelC % outArea / outWidth * stride - padding, leftC = pixelC % outWidth * stride - padding;
        int topD = pixelD % outArea / outWidth * stride - padding, leftD = pixelD % outWidth * stride - padding;

        Float4 sum0 = 0f, sum1 = 0f, sum2 = 0f, sum3 = 0f;
        for (int k0 = start; k0 < end; k0 += Side)
        {
            Float4 weights = LoadWeights(group * groupOut, groupOut, depth, row0 + ty, k0 + tx, end), inputs = 0f;
            int k = k0 + ty;
            if (k < end)
            {
                int tap = k % taps, plane = k / taps * area, down = tap / kernelWidth * dilation, right = tap % kernelWidth * dilation;
                inputs.X = Input(imageA + plane, topA + down, leftA + right);
                inputs.Y = Input(imageB + plane, topB + down, leftB + right);
                inputs.Z = Input(imageC + plane, topC + down, leftC + right);
                inputs.W = Input(imageD + plane, topD + down, leftD + right);
            }
            Hlsl.GroupMemoryBarrierWithGroupSync();
            wTile[tx * Width + ty] = weights;
            xTile[ty * Width + tx] = inputs;
            Hlsl.GroupMemoryBarrierWithGroupSync();
            for (int step = 0; step < Side; step++)
            {
                Float4 u = wTile[step * Width + ty], v = xTile[step * Width + tx];
                sum0 += u.X * v;
                sum1 += u.Y * v;
                sum2 += u.Z * v;
                sum3 += u.W * v;
            }
        }

        for (int i = 0; i < 4; i++)
        {
            int row = row0 + ty + i * Side;
            Float4 sums = Tiles.Pick(i, sum0, sum1, sum2, sum3);
            if (row < groupOut)
            {
                for (int j = 0; j < 4; j++) Store(split, group * groupOut + row, pixel0 + j * Side, sums[j]);
            }
        }
    }

    private Float4 LoadWeights(int first, int rows, int depth, int row, int k, int end)
    {
        Float4 weights = 0f;
        if (k < end)
        {
            int at = wOffset + first * depth + k, last = rows - 1;
            weights.X = w[at + Hlsl.Min(row, last) * depth];
            weights.Y = w[at + Hlsl.Min(row + Side, last) * depth];
            weights.Z = w[at + Hlsl.Min(row + 2 * Side, last) * depth];
            weights.W = w[at + Hlsl.Min(row + 3 * Side, last) * depth];
        }
        return weights;
    }

    private float Input(int plane, int row, int column)
    {
        float value = 0;
        if (row >= 0 && row < height && column >= 0 && column < width) value = x[plane + row * width + column];
        return value;
    }

    private void Store(int split, int channel, int pixel, float sum)
    {
        if (pixel < pixels)
        {
            int outArea = outHeight * outWidth, at = (pixel / outArea * outChannels + channel) * outArea + pixel % outArea;
            float value = sum;
            if (hasBias != 0) value += bias[biasOffset + channel];
            if (hasResidual != 0) value += residual[residualOffset + at];
            y[yOffset + split * splitStride + at] = ActivationFunctions.Value(activation, value);
        }
    }
}
