using System.Numerics;

namespace OnDeviceLearning;

/// <summary>Resizing of one channel: each target pixel is the mean of the area it covers.</summary>
internal static class AreaAverage
{
    /// <param name="source">Pixel i of the channel is at offset + i * step.</param>
    /// <param name="offset">See <paramref name="source"/>.</param>
    /// <param name="step">See <paramref name="source"/>.</param>
    /// <param name="unit">What values are multiplied with.</param>
    /// <param name="sourceWidth">Columns of the source.</param>
    /// <param name="sourceHeight">Rows of the source.</param>
    /// <param name="width">Columns of the target.</param>
    /// <param name="height">Rows of the target.</param>
    /// <param name="target">[height, width].</param>
    public static void Resize<T>(ReadOnlySpan<T> source, int offset, int step, double unit, int sourceWidth, int sourceHeight, int width, int height, Span<float> target)
        where T : unmanaged, INumberBase<T>
    {
        // In units of 1/width of a source pixel a target pixel covers exactly sourceWidth of them: whole numbers, no rounding of borders.
        double factor = unit / ((double)sourceWidth * sourceHeight);
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++)
            {
                long left = (long)x * sourceWidth, right = left + sourceWidth, top = (long)y * sourceHeight, bottom = top + sourceHeight;
                double sum = 0;
                for (int sy = (int)(top / height); (long)sy * height < bottom; sy++)
                {
                    long rows = Math.Min(bottom, (sy + 1L) * height) - Math.Max(top, (long)sy * height);
                    double line = 0;
                    for (int sx = (int)(left / width); (long)sx * width < right; sx++)
                    {
                        long columns = Math.Min(right, (sx + 1L) * width) - Math.Max(left, (long)sx * width);
                        line += columns * double.CreateTruncating(source[offset + (sy * sourceWidth + sx) * step]);
                    }
                    sum += rows * line;
                }
                target[y * width + x] = (float)(sum * factor);
            }
    }
}
