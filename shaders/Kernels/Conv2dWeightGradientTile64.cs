using ComputeSharp;

namespace OnDeviceLearning.Kernels;

/// <summary>
/// Gradient of a convolution's weight as a product that is never laid out: rows are output channels of one group (y),
/// columns (input channel, kernel row, kernel column) (x), k runs over the output pixels of all images, split among groups
/// (z: convolution group and split). Tiles as in <see cref="MatMulTile64"/>. Splits write their own sums,
/// <c>splitStride</c> apart; a single one adds to dw.
/// </summary>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct Conv2dWeightGradientTile64(
    ReadWriteBuffer<float> x, ReadWriteBuffer<float> dy, ReadWriteBuffer<float> dw, int xOffset, int dyOffset, int dwOffset,
    int firstX, int firstY, int firstZ, int pixels, int channels, int height, int width, int outChannels, int outHeight, int outWidth, int kernelHeight, int kernelWidth,
    int stride, int padding, int dilation, int groups, int splitLength, int splitStride, int firstSplit, int accumulate) : IComputeShader
{
    private const int Side = 16;

    private const int Width = Side + 1;

    [GroupShared(Side * Width)]
    private static readonly Float4[] dyTile = null!;

    [GroupShared(Side * Width)]
    private static readonly Float4[] xTile = null!;

    public void Execute()
    {
        int thread = GroupIds.X, tx = thread % Side, ty = thread / Side, gridX = GridIds.X, gridY = GridIds.Y, gridZ = GridIds.Z, tileX = firstX + gridX, tileY = firstY + gridY, tileZ = firstZ + gridZ;
        int group = tileZ % groups, split = tileZ / groups, row0 = tileY * 4 * Side, column0 = tileX * 4 * Side;
        int groupChannels = channels / groups, groupOut = outChannels / groups, taps = kernelHeight * kernelWidth, columns = groupChannels * taps;
        int start = (firstSplit + split) * splitLength, end = Hlsl.Min(start + splitLength, pixels), outArea = outHeight * outWidth, area = height * width;

        // The four columns whose inputs this thread loads: the channel's plane and how far the tap lies from the window's corner.
        int columnA = Hlsl.Min(column0 + ty, columns - 1), columnB = Hlsl.Min(column0 + ty + Side, columns - 1);
        int columnC = Hlsl.Min(column0 + ty + 2 * Side, columns - 1), columnD = Hlsl.Min(column0 + ty + 3 * Side, columns - 1);
        int planeA = columnA / taps * area, downA = columnA % taps / kernelWidth * dilation - padding, rightA = columnA % kernelWidth * dilation - padding;
        int planeB = columnB / taps * area, downB = columnB % taps / kernelWidth * dilation - padding, rightB = columnB % kernelWidth * dilation - padding;
        int planeC = columnC / taps * area, downC = columnC % taps / kernelWidth * dilation - padding, rightC = columnC % kernelWidth * dilation - padding;
        int planeD = columnD / taps * area, downD = columnD % taps / kernelWidth * dilation - padding, rightD = columnD % kernelWidth * dilation - padding;
        int rowA = Hlsl.Min(row0 + ty, groupOut - 1) * outArea, rowB = Hlsl.Min(row0 + ty + Side, groupOut - 1) * outArea;
        int rowC = Hlsl.Min(row0 + ty + 2 * Side, groupOut - 1) * outArea, rowD = Hlsl.Min(row0 + ty + 3 * Side, groupOut - 1) * outArea;

        Float4 sum0 = 0f, sum1 = 0f, sum2 = 0f, sum3 = 0f;
        for (int k0 = start; k0 < end; k0 += Side)
        {
            Float4 gradients = 0f, inputs = 0f;
            int pixel = k0 + tx;
            if (pixel < end)
            {
                int image = pixel / outArea, inside = pixel % outArea, top = inside / outWidth * stride, left = inside % outWidth * stride;
                int dyAt = dyOffset + (image * outChannels + group * groupOut) * outArea + inside, xAt = xOffset + (image * channels + group * groupChannels) * area;
                gradients = new Float4(dy[dyAt + rowA], dy[dyAt + rowB], dy[dyAt + rowC], dy[dyAt + rowD]);
                inputs.X = Input(xAt + planeA, top + downA, left + rightA);
                inputs.Y = Input(xAt + planeB, top + downB, left + rightB);
                inputs.Z = Input(xAt + planeC, top + downC, left + rightC);
                inputs.W = Input(xAt + planeD, top + downD, left + rightD);
            }
            Hlsl.GroupMemoryBarrierWithGroupSync();
            dyTile[tx * Width + ty] = gradients;
            xTile[tx * Width + ty] = inputs;
            Hlsl.GroupMemoryBarrierWithGroupSync();
            for (int step = 0; step < Side; step++)
            {
                Float4 u = dyTile[step * Width + ty], v = xTile[step * Width + tx];
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
                for (int j = 0; j < 4; j++) Store(split, group * groupOut + row, column0 + tx + j * Side, sums[j]);
            }
        }
    }

    private float Input(int plane, int row, int column)
    {
        float value = 0;
        if (row >= 0 && row < height && column >= 0 && column < width) value = x[plane + row * width + column];
        return value;
    }

    private void Store(int split, int channel, int column, float sum)
    {
        int columns = channels / groups * kernelHeight * kernelWidth;
        if (column < columns)
        {
            int at = dwOffset + split * splitStride + channel * columns + column;
            float before = 0;
            if (accumulate != 0) before = dw[at];
            dw[at] = before + sum;
        }
    }
}
