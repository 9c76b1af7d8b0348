using SkiaSharp;

namespace OnDeviceLearning.Demo;

/// <summary>At most 255 colours that stand for all of some pictures, by median cut; index 255 is left for what is transparent.</summary>
internal sealed class ColourTable
{
    public const int Transparent = 255;
    private const int Bits = 6, Levels = 1 << Bits, Cells = 1 << (3 * Bits);
    // The finest order in which a square of 4 by 4 pixels can darken: bands of a slow gradient become grain.
    private static readonly sbyte[] grain = [-8, 0, -6, 2, 4, -4, 6, -2, -5, 3, -7, 1, 7, -1, 5, -3];
    private readonly short[] nearest = new short[Cells];

    public ColourTable(IEnumerable<SKBitmap> pictures)
    {
        var counts = new int[Cells];
        foreach (SKBitmap picture in pictures)
        {
            ReadOnlySpan<byte> pixels = picture.GetPixelSpan();
            for (int i = 0; i < pixels.Length; i += 4) counts[Cell(pixels[i], pixels[i + 1], pixels[i + 2])]++;
        }
        List<int> used = [.. Enumerable.Range(0, Cells).Where(c => counts[c] > 0)];
        var boxes = new List<List<int>> { used };
        while (boxes.Count < Transparent)
        {
            int widest = -1, channel = 0;
            double most = 0;
            for (int b = 0; b < boxes.Count; b++)
            {
                if (boxes[b].Count < 2) continue;
                double weight = Math.Pow(boxes[b].Sum(c => (double)counts[c]), 0.35);
                for (int axis = 0; axis < 3; axis++)
                {
                    int low = boxes[b].Min(c => Level(c, axis)), high = boxes[b].Max(c => Level(c, axis));
                    if ((high - low) * weight <= most) continue;
                    most = (high - low) * weight;
                    (widest, channel) = (b, axis);
                }
            }
            if (widest < 0) break;
            List<int> box = [.. boxes[widest].OrderBy(c => Level(c, channel)).ThenBy(c => c)];
            long half = box.Sum(c => (long)counts[c]) / 2, sum = 0;
            int cut = 1;
            for (; cut < box.Count - 1 && (sum += counts[box[cut - 1]]) < half; cut++) { }
            boxes[widest] = box[..cut];
            boxes.Add(box[cut..]);
        }
        Colours = [.. boxes.Select(box => Mean(box, counts))];
        Array.Fill(nearest, (short)-1);
    }

    public SKColor[] Colours { get; }

    /// <summary>A picture as indices, row by row.</summary>
    public byte[] Index(SKBitmap picture)
    {
        ReadOnlySpan<byte> pixels = picture.GetPixelSpan();
        var indices = new byte[pixels.Length / 4];
        for (int i = 0; i < indices.Length; i++)
        {
            // Bands show in the dark; paper has a grain of its own.
            bool dark = pixels[4 * i] + pixels[4 * i + 1] + pixels[4 * i + 2] < 210;
            int shift = dark ? grain[(i / picture.Width & 3) * 4 + (i % picture.Width & 3)] / 2 : 0;
            int cell = Cell(Shifted(pixels[4 * i], shift), Shifted(pixels[4 * i + 1], shift), Shifted(pixels[4 * i + 2], shift));
            if (nearest[cell] < 0) nearest[cell] = Nearest(cell);
            indices[i] = (byte)nearest[cell];
        }
        return indices;
    }

    private static byte Shifted(byte value, int shift) => (byte)Math.Clamp(value + shift, 0, 255);

    private short Nearest(int cell)
    {
        int best = int.MaxValue;
        short index = 0;
        for (short k = 0; k < Colours.Length; k++)
        {
            int r = Value(cell, 0) - Colours[k].Red, g = Value(cell, 1) - Colours[k].Green, b = Value(cell, 2) - Colours[k].Blue, distance = 3 * r * r + 6 * g * g + b * b;
            if (distance >= best) continue;
            best = distance;
            index = k;
        }
        return index;
    }

    private static int Cell(byte r, byte g, byte b) => (r >> (8 - Bits)) << (2 * Bits) | (g >> (8 - Bits)) << Bits | b >> (8 - Bits);

    private static int Level(int cell, int axis) => cell >> ((2 - axis) * Bits) & (Levels - 1);

    private static int Value(int cell, int axis) => Level(cell, axis) * 255 / (Levels - 1);

    private static SKColor Mean(List<int> box, int[] counts)
    {
        double sum = 0;
        Span<double> means = stackalloc double[3];
        means.Clear();
        foreach (int cell in box)
        {
            sum += counts[cell];
            for (int axis = 0; axis < 3; axis++) means[axis] += (double)counts[cell] * Value(cell, axis);
        }
        return new SKColor((byte)Math.Round(means[0] / sum), (byte)Math.Round(means[1] / sum), (byte)Math.Round(means[2] / sum));
    }
}
