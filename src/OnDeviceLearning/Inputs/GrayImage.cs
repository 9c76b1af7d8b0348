namespace OnDeviceLearning;

/// <summary>A grey image: row-major pixels from 0 (paper) to 1 (ink). Immutable as long as its pixels are left alone.</summary>
public sealed class GrayImage : ClassifierInput
{
    /// <summary>The longest side an image may have.</summary>
    public const int MaxSide = 8192;

    /// <summary>Refers to the pixels without copying them; they must not change while the image is in use.</summary>
    /// <param name="width">Width in pixels, 1 to <see cref="MaxSide"/>.</param>
    /// <param name="height">Height in pixels, 1 to <see cref="MaxSide"/>.</param>
    /// <param name="pixels">width * height values of 0 (paper) to 1 (ink), row by row.</param>
    /// <exception cref="ArgumentException">
    /// A side is out of range, there are more or fewer pixels, or a pixel is NaN or outside 0 to 1; the message says which.
    /// </exception>
    public GrayImage(int width, int height, ReadOnlyMemory<float> pixels)
    {
        if (width is < 1 or > MaxSide) throw new ArgumentOutOfRangeException(nameof(width), $"GrayImage: width is {width}; expected 1 to {MaxSide}.");
        if (height is < 1 or > MaxSide) throw new ArgumentOutOfRangeException(nameof(height), $"GrayImage: height is {height}; expected 1 to {MaxSide}.");
        if (pixels.Length != width * height)
            throw new ArgumentException($"GrayImage: {pixels.Length} pixels; expected {width * height} for {width}x{height}.", nameof(pixels));
        ReadOnlySpan<float> values = pixels.Span;
        for (int i = 0; i < values.Length; i++)
            if (!(values[i] is >= 0 and <= 1))
                throw new ArgumentException($"GrayImage: pixel ({i % width}, {i / width}) is {values[i]}; expected 0 (paper) to 1 (ink).", nameof(pixels));
        Width = width;
        Height = height;
        Pixels = pixels;
    }

    /// <summary>Width in pixels.</summary>
    public int Width { get; }

    /// <summary>Height in pixels.</summary>
    public int Height { get; }

    /// <summary>The pixels, row by row.</summary>
    public ReadOnlyMemory<float> Pixels { get; }

    internal override InputKinds Kind => InputKinds.GrayImages;

    /// <summary>
    /// Stretches the image over <paramref name="width"/> x <paramref name="height"/> pixels; each target pixel is the mean
    /// of the area it covers, so that the mean grey stays. Allocates nothing. The same size copies the pixels bit for bit.
    /// </summary>
    /// <param name="width">Target width, 1 to <see cref="MaxSide"/>.</param>
    /// <param name="height">Target height, 1 to <see cref="MaxSide"/>.</param>
    /// <param name="target">width * height values, overwritten.</param>
    /// <exception cref="ArgumentException">A side is out of range, or the target has another length.</exception>
    public void Resize(int width, int height, Span<float> target)
    {
        if (width is < 1 or > MaxSide) throw new ArgumentOutOfRangeException(nameof(width), $"Resize: width is {width}; expected 1 to {MaxSide}.");
        if (height is < 1 or > MaxSide) throw new ArgumentOutOfRangeException(nameof(height), $"Resize: height is {height}; expected 1 to {MaxSide}.");
        if (target.Length != width * height)
            throw new ArgumentException($"Resize: target has {target.Length} values; expected {width * height} for {width}x{height}.", nameof(target));
        ReadOnlySpan<float> source = Pixels.Span;
        if (width == Width && height == Height)
        {
            source.CopyTo(target);
            return;
        }
        AreaAverage.Resize(source, 0, 1, 1.0, Width, Height, width, height, target);
    }
}
