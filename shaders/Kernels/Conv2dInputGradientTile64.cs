using ComputeSharp;

namespace OnDeviceLearning.Kernels;

/// <summary>
/// Gradient of a convolution's input as a product that is never laid out: rows are input channels of one group, columns
/// input pixels, k runs over (output channel, kernel row, kernel column). Only pixels and taps of one phase of the stride
/// meet: the dispatch takes the pixels whose row + padding is <c>phaseRow</c> modulo the stride, and of the taps those that
/// fit, <c>firstTapRow</c>, + <c>tapStep</c>, ...; so nothing is multiplied with zeros between the outputs. Grid as in
/// <see cref="Conv2dTile64"/>.
/// </summary>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct Conv2dInputGradientTile64(
    ReadWriteBuffer<float> w, ReadWriteBuffer<float> dy, ReadWriteBuffer<float> dx, int wOffset, int dyOffset, int dxOffset,
    int firstX, int firstY, int firstZ, int pixels, int phaseHeight, int phaseWidth, int firstRow, int firstColumn, int firstTapRow, int firstTapColumn, int tapRows, int tapColumns, int tapStep,
    int channels, int height, int width, int outChannels, int outHeight, int outWidth, int taps, int kernelWidth,
    int stride, int padding, int dilation, int groups) : IComputeShader
{
    private const int Side = 16;

    private const int Width = Side + 1;

    [GroupShared(Side * Width)]
    private static readonly Float4[] wTile = null!;

    [GroupShared(Side * Width)]
    private static readonly Float4[] dyTile = null!;

    public void Execute()
    {
        int thread = GroupIds.X, tx = thread % Side, ty = thread / Side, gridX = GridIds.X, gridY = GridIds.Y, gridZ = GridIds.Z;
        int row0 = (firstY + gridY) * 4 * Side, pixel0 = (firstX + gridX) * 4 * Side + tx, group = firstZ + gridZ;
        int groupChannels = channels / groups, groupOut = outChannels / groups, phaseTaps = tapRows * tapColumns, depth = groupOut * phaseTaps;
        int outArea = outHeight * outWidth, phaseArea = phaseHeight * phaseWidth, out0 = group * groupOut;

        // The four pixels whose outputs this thread loads: the image's first output and the output that tap 0 of the phase meets.
        int pixelA = Hlsl.Min(pixel0, pixels - 1), pixelB = Hlsl.Min(pixel0 + Side, pixels - 1), pixelC = Hlsl.Min(pixel0 + 2 * Side, pixels - 1), pixelD = Hlsl.Min(pixel0 + 3 * Side, pixels - 1);
        int imageA = dyOffset + (pixelA / phaseArea * outChannels + out0) * outArea, imageB = dyOffset + (pixelB / phaseArea * outChannels + out0) * outArea;
        int imageC = dyOffset + (pixelC / phaseArea * outChannels + out0) * outArea, imageD = dyOffset + (pixelD / phaseArea * outChannels + out0) * outArea;
        int topA = Corner(firstRow, pixelA % phaseArea / phaseWidth, firstTapRow), leftA = Corner(firstColumn, pixelA % phaseWidth, firstTapColumn);
        int topB = Corner(firstRow, pixelB % phaseArea / phaseWidth, firstTapRow), leftB = Corner(firstColumn, pixelB % phaseWidth, firstTapColumn);
        int topC = Corner(firstRow, pixelC % phaseArea / phaseWidth, firstTapRow), leftC = Corner(firstColumn, pixelC % phaseWidth, firstTapColumn);
        int topD = Corner(firstRow, pixelD % phaseArea / phaseWidth, firstTapRow), leftD = Corner(firstColumn, pixelD % phaseWidth, firstTapColumn);
        int tapDistance = tapStep * dilation / stride;

        Float4 sum0 = 0f, sum1 = 0f, sum2 = 0f, sum3 = 0f;
        for (int k0 = 0; k0 < depth; k0 += Side)
        {
            Float4 weights = 0f, gradients = 0f;
            int wk = k0 + tx, k = k0 + ty;
            if (wk < depth)
            {
                int tap = wk % phaseTaps, last = groupChannels - 1, row = row0 + ty;
                int at = wOffset + (out0 + wk / phaseTaps) * groupChannels * taps + (firstTapRow + tap / tapColumns * tapStep) * kernelWidth + firstTapColumn + tap % tapColumns * tapStep;
                weights.X = w[at + Hlsl.Min(row, last) * taps];
                weights.Y = w[at + Hlsl.Min(row + Side, last) * taps];
                weights.Z = w[at + Hlsl.Min(row + 2 * Side, last) * taps];
                weights.W = w[at + Hlsl.Min(row + 3 * Side, last) * taps];
            }
            if (k < depth)
            {
                int tap = k % phaseTaps, plane = k / phaseTaps * outArea, up = tap / tapColumns * tapDistance, left = tap % tapColumns * tapDistance;
                gradients.X = Gradient(imageA + plane, topA - up, leftA - left);
                gradients.Y = Gradient(imageB + plane, topB - up, leftB - left);
                gradients.Z = Gradient(imageC + plane, topC - up, leftC - left);
                gradients.W = Gradient(imageD + plane, topD - up, leftD - left);
            }
            Hlsl.GroupMemoryBarrierWithGroupSync();
            wTile[tx * Width + ty] = weights;
            dyTile[ty * Width + tx] = gradients;
            Hlsl.GroupMemoryBarrierWithGroupSync();
            for (int step = 0; step < Side; step++)
            {
                Float4 u = wTile[step * Width + ty], v = dyTile[step * Width + tx];
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
            if (row < groupChannels)
            {
                for (int j = 0; j < 4; j++) Store(group * groupChannels + row, pixel0 + j * Side, sums[j]);
            }
        }
    }

    // The output row that meets the phase's row i at the phase's first tap: a multiple of the stride wherever the phase has taps.
    private int Corner(int first, int i, int firstTap) => (first + i * stride + padding - firstTap * dilation) / stride;

    private float Gradient(int plane, int row, int column)
    {
        float value = 0;
        if (row >= 0 && row < outHeight && column >= 0 && column < outWidth) value = dy[plane + row * outWidth + column];
        return value;
    }

    private void Store(int channel, int pixel, float sum)
    {
        if (pixel < pixels)
        {
            int phaseArea = phaseHeight * phaseWidth, row = firstRow + pixel % phaseArea / phaseWidth * stride, column = firstColumn + pixel % phaseWidth * stride;
            dx[dxOffset + ((pixel / phaseArea * channels + channel) * height + row) * width + column] = sum;
        }
    }
}
