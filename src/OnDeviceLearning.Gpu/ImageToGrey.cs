using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Gpu;

/// <summary>How the pixels of a picture lie in memory; the numbers are the kernel's.</summary>
internal enum PixelFormat
{
    /// <summary>One byte, four pixels to a word.</summary>
    R8,
    /// <summary>A word of red, green, blue and alpha, red lowest.</summary>
    Rgba8,
    /// <summary>A word of blue, green, red and alpha, blue lowest.</summary>
    Bgra8,
    /// <summary>A float.</summary>
    R32Float,
}

/// <summary>
/// A picture [Height, Width] as grey y [TargetHeight, TargetWidth] from 0 (paper) to 1 (ink), each target pixel the mean of
/// the area it covers (<see cref="GrayImage.Resize"/>). Colours count by their luma (Rec. 709), as stored; floats are held
/// between 0 and 1.
/// </summary>
internal sealed record ImageToGrey(int Width, int Height, int TargetWidth, int TargetHeight, PixelFormat Format, bool DarkIsInk) : Operation
{
    /// <summary>Words of the picture.</summary>
    public int Words => Format == PixelFormat.R8 ? (Width * Height + 3) / 4 : Width * Height;

    public override IReadOnlyList<Operand> Operands =>
        [new("image", Words, OperandAccess.Read, ElementType.Int32), new("y", TargetWidth * TargetHeight, OperandAccess.Write)];

    // Each source pixel is looked at about once, or once for each target pixel that it is stretched over.
    public override long Flops => 8L * Math.Max((long)Width * Height, (long)TargetWidth * TargetHeight);

    public override void Reference(OperandSpans operands)
    {
        ReadOnlySpan<int> words = operands.Int32(0);
        float[] pixels = new float[Width * Height];
        for (int i = 0; i < pixels.Length; i++) pixels[i] = Ink(words, i);
        new GrayImage(Width, Height, pixels).Resize(TargetWidth, TargetHeight, operands[1]);
    }

    protected override void Validate()
    {
        foreach (int side in (int[])[Width, Height, TargetWidth, TargetHeight])
            if (side is < 1 or > GrayImage.MaxSide) throw Error($"a side is {side}; expected 1 to {GrayImage.MaxSide}.");
    }

    private float Ink(ReadOnlySpan<int> words, int pixel)
    {
        float grey;
        switch (Format)
        {
            case PixelFormat.R8:
                grey = ((words[pixel / 4] >> (pixel % 4 * 8)) & 255) / 255f;
                break;
            case PixelFormat.R32Float:
                float stored = BitConverter.Int32BitsToSingle(words[pixel]);
                grey = stored > 0 ? Math.Min(stored, 1) : 0; // not a number is paper
                break;
            default:
                int low = words[pixel] & 255, green = (words[pixel] >> 8) & 255, high = (words[pixel] >> 16) & 255;
                (int red, int blue) = Format == PixelFormat.Rgba8 ? (low, high) : (high, low);
                grey = Math.Min(1, (0.2126f * red + 0.7152f * green + 0.0722f * blue) / 255f);
                break;
        }
        return DarkIsInk ? 1 - grey : grey;
    }
}
