using StbImageSharp;

namespace OnDeviceLearning.Datasets;

/// <summary>PNG and JPEG files of any size to planes of one size.</summary>
internal static class ImageDecoding
{
    /// <summary>Decodes an image and averages it down (or stretches it) to a size.</summary>
    /// <param name="file">The encoded file.</param>
    /// <param name="name">The file's name, for messages.</param>
    /// <param name="channels">1 (grey) or 3 (red, green, blue); a transparent pixel is taken as what it is over white.</param>
    /// <param name="height">Height of the result.</param>
    /// <param name="width">Width of the result.</param>
    /// <param name="target">Overwritten: [channels, height, width], 0 (black) to 1 (white).</param>
    /// <exception cref="FormatException">The file is no whole image, or a side is longer than <see cref="GrayImage.MaxSide"/>.</exception>
    public static void Decode(byte[] file, string name, int channels, int height, int width, Span<float> target)
    {
        ImageResult image = Read(file, name);
        int pixels = image.Width * image.Height;
        var plane = new float[pixels];
        for (int c = 0; c < channels; c++)
        {
            for (int i = 0; i < pixels; i++)
            {
                ReadOnlySpan<byte> rgba = image.Data.AsSpan(4 * i, 4);
                float alpha = rgba[3] / 255f, value = channels == 3 ? rgba[c] / 255f : (rgba[0] + rgba[1] + rgba[2]) / 765f;
                plane[i] = Math.Clamp(alpha * value + 1 - alpha, 0, 1);
            }
            new GrayImage(image.Width, image.Height, plane).Resize(width, height, target.Slice(c * height * width, height * width));
        }
    }

    private static ImageResult Read(byte[] file, string name)
    {
        try
        {
            using var stream = new MemoryStream(file);
            // The size first: a few bytes may claim more memory than there is.
            if (ImageInfo.FromStream(stream) is { } info && (info.Width > GrayImage.MaxSide || info.Height > GrayImage.MaxSide))
                throw new FormatException($"{name}: the image is {info.Width}x{info.Height}; expected at most {GrayImage.MaxSide} a side.");
            return ImageResult.FromMemory(file, ColorComponents.RedGreenBlueAlpha);
        }
        catch (Exception e) when (e is not FormatException)
        {
            // The decoder throws whatever a damaged file leads it to.
            throw new FormatException($"{name}: {file.Length} bytes that are no whole PNG or JPEG image.", e);
        }
    }
}
