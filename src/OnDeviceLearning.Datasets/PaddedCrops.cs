namespace OnDeviceLearning.Datasets;

/// <summary>
/// The usual variation of photographs while a network learns from them: each image is cropped out of itself with a margin of
/// blank pixels, that is shifted by at most that many each way, and mirrored half of the time. From one thread at a time.
/// </summary>
/// <param name="padding">Pixels of the margin, 0 or more.</param>
/// <param name="mirrors">Whether images are mirrored; not where left and right differ in meaning, as in letters.</param>
public sealed class PaddedCrops(int padding, bool mirrors)
{
    private readonly int padding = padding >= 0 ? padding : throw new ArgumentOutOfRangeException(nameof(padding), $"PaddedCrops: padding is {padding}; expected 0 or more.");
    private float[] source = [];

    /// <summary>Writes an image as it is seen this time.</summary>
    /// <param name="images">Where it is from.</param>
    /// <param name="image">0 to the number of images - 1.</param>
    /// <param name="random">Asked for the shift and, where images are mirrored, for the side.</param>
    /// <param name="target">Overwritten: [channels, height, width], values from 0 to 1.</param>
    /// <exception cref="ArgumentException">There is no such image, or the target has another length.</exception>
    public void Write(LabelledImages images, int image, Random random, Span<float> target)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(random);
        if (target.Length != images.Size) throw new ArgumentException($"PaddedCrops: target has {target.Length} values; expected {images.Size}.", nameof(target));
        if (source.Length != images.Size) source = new float[images.Size];
        images.CopyTo(image, source);
        int shiftX = random.Next(2 * padding + 1) - padding, shiftY = random.Next(2 * padding + 1) - padding;
        bool mirrored = mirrors && random.Next(2) == 0;
        int height = images.Height, width = images.Width;
        target.Clear();
        for (int c = 0; c < images.Channels; c++)
            for (int y = 0; y < height; y++)
            {
                int from = y + shiftY;
                if (from < 0 || from >= height) continue;
                ReadOnlySpan<float> row = source.AsSpan((c * height + from) * width, width);
                Span<float> to = target.Slice((c * height + y) * width, width);
                for (int x = 0; x < width; x++)
                {
                    int at = x + shiftX;
                    if (at >= 0 && at < width) to[x] = row[mirrored ? width - 1 - at : at];
                }
            }
    }
}
