using ComputeSharp;

namespace OnDeviceLearning.Kernels;

/// <summary>
/// A picture of a game as grey from 0 (paper) to 1 (ink), one target pixel a thread: the mean of the area that it covers,
/// as GrayImage.Resize has it. Pixels of one byte lie four to a word, those of four bytes one.
/// </summary>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct ImageToGrey(
    ReadWriteBuffer<int> image, ReadWriteBuffer<float> y, int imageOffset, int yOffset,
    int first, int width, int height, int targetWidth, int targetHeight, int format, int darkIsInk) : IComputeShader
{
    public void Execute()
    {
        int i = first + ThreadIds.X, row = i / targetWidth, column = i % targetWidth;
        float value = 0;
        if (width == targetWidth && height == targetHeight)
        {
            value = Ink(i);
        }
        else
        {
            // In units of 1/targetWidth of a source pixel a target pixel covers exactly width of them.
            int left = column * width, right = left + width, top = row * height, bottom = top + height;
            for (int sourceRow = top / targetHeight; sourceRow * targetHeight < bottom; sourceRow++)
            {
                int rows = Hlsl.Min(bottom, (sourceRow + 1) * targetHeight) - Hlsl.Max(top, sourceRow * targetHeight);
                float line = 0;
                for (int sourceColumn = left / targetWidth; sourceColumn * targetWidth < right; sourceColumn++)
                {
                    int columns = Hlsl.Min(right, (sourceColumn + 1) * targetWidth) - Hlsl.Max(left, sourceColumn * targetWidth);
                    line += columns * Ink(sourceRow * width + sourceColumn);
                }
                value += rows * (line / width);
            }
            value /= height;
        }
        y[yOffset + i] = value;
    }

    // Formats: 0 one byte, 1 red green blue alpha, 2 blue green red alpha, 3 a float.
    private float Ink(int pixel)
    {
        float grey = 0;
        if (format == 0)
        {
            grey = ((image[imageOffset + pixel / 4] >> (pixel % 4 * 8)) & 255) / 255f;
        }
        else
        {
            int word = image[imageOffset + pixel];
            if (format == 3)
            {
                float stored = Hlsl.AsFloat(word);
                if (stored > 0) grey = Hlsl.Min(stored, 1f);
            }
            else
            {
                int low = word & 255, middle = (word >> 8) & 255, high = (word >> 16) & 255;
                float red = format == 1 ? low : high, blue = format == 1 ? high : low;
                grey = Hlsl.Min((0.2126f * red + 0.7152f * middle + 0.0722f * blue) / 255f, 1f);
            }
        }
        if (darkIsInk != 0) grey = 1 - grey;
        return grey;
    }
}
