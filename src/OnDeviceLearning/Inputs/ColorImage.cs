namespace OnDeviceLearning;

/// <summary>A colour image of 8 bits a channel, as a screenshot or a camera delivers it. Immutable as long as its pixels are left alone.</summary>
public sealed class ColorImage : ClassifierInput
{
    /// <summary>The longest side an image may have.</summary>
    public const int MaxSide = GrayImage.MaxSide;

    /// <summary>Refers to the pixels without copying them; they must not change while the image is in use.</summary>
    /// <param name="width">Width in pixels, 1 to <see cref="MaxSide"/>.</param>
    /// <param name="height">Height in pixels, 1 to <see cref="MaxSide"/>.</param>
    /// <param name="pixels">Red, green, blue (or red, green, blue, alpha) of each pixel, row by row; alpha is not looked at.</param>
    /// <param name="channels">Bytes a pixel: 3 or 4.</param>
    /// <exception cref="ArgumentException">A side or the number of channels is out of range, or there are more or fewer bytes; the message says which.</exception>
    public ColorImage(int width, int height, ReadOnlyMemory<byte> pixels, int channels = 3)
    {
        if (width is < 1 or > MaxSide) throw new ArgumentOutOfRangeException(nameof(width), $"ColorImage: width is {width}; expected 1 to {MaxSide}.");
        if (height is < 1 or > MaxSide) throw new ArgumentOutOfRangeException(nameof(height), $"ColorImage: height is {height}; expected 1 to {MaxSide}.");
        if (channels is not (3 or 4)) throw new ArgumentOutOfRangeException(nameof(channels), $"ColorImage: {channels} bytes a pixel; expected 3 or 4.");
        if (pixels.Length != (long)width * height * channels)
            throw new ArgumentException($"ColorImage: {pixels.Length} bytes; expected {(long)width * height * channels} for {width}x{height} of {channels}.", nameof(pixels));
        Width = width;
        Height = height;
        Channels = channels;
        Pixels = pixels;
    }

    /// <summary>Width in pixels.</summary>
    public int Width { get; }

    /// <summary>Height in pixels.</summary>
    public int Height { get; }

    /// <summary>Bytes a pixel: 3 or 4.</summary>
    public int Channels { get; }

    /// <summary>The bytes, row by row.</summary>
    public ReadOnlyMemory<byte> Pixels { get; }

    internal override InputKinds Kind => InputKinds.ColorImages;

    /// <summary>
    /// Stretches the image over <paramref name="width"/> x <paramref name="height"/> pixels, each the mean of the area it
    /// covers, in planes of red, green and blue from 0 to 1. Allocates nothing.
    /// </summary>
    /// <param name="width">Target width, 1 to <see cref="MaxSide"/>.</param>
    /// <param name="height">Target height, 1 to <see cref="MaxSide"/>.</param>
    /// <param name="target">[3, height, width], overwritten.</param>
    /// <exception cref="ArgumentException">A side is out of range, or the target has another length.</exception>
    public void Resize(int width, int height, Span<float> target)
    {
        if (width is < 1 or > MaxSide) throw new ArgumentOutOfRangeException(nameof(width), $"Resize: width is {width}; expected 1 to {MaxSide}.");
        if (height is < 1 or > MaxSide) throw new ArgumentOutOfRangeException(nameof(height), $"Resize: height is {height}; expected 1 to {MaxSide}.");
        if (target.Length != 3L * width * height)
            throw new ArgumentException($"Resize: target has {target.Length} values; expected {3L * width * height} for 3 planes of {width}x{height}.", nameof(target));
        for (int channel = 0; channel < 3; channel++)
            AreaAverage.Resize(Pixels.Span, channel, Channels, 1 / 255.0, Width, Height, width, height, target.Slice(channel * width * height, width * height));
    }
}
