using System.Buffers.Binary;
using System.Numerics;
using OnDeviceLearning.Learning;
using OnDeviceLearning.Models;

namespace OnDeviceLearning.Classification;

/// <summary>
/// What an example was made from, small enough to be kept: pen strokes in 16 bits a coordinate, or the encoder's image in 8
/// bits a value. An encoder that has moved embeds it anew; learning looks at it a little bent each time. Immutable.
/// </summary>
/// <remarks>
/// The bytes: 1, then the pen width (float), the number of strokes (u16) and for each the number of its points (u16) and
/// x and y of each (u16 each); or 2 and the values. Strokes that take more bytes than the image, or more than u16 counts, are kept as the image.
/// </remarks>
internal sealed class CompactInput
{
    private const byte StrokesKind = 1, ImageKind = 2;

    // How far strokes are bent: a turn, and the stretching of a side against the other, in both directions.
    private const double MaxTurn = 0.2, MaxStretch = 0.15;

    private readonly Vector2[][]? strokes;
    private readonly float penWidth;
    private readonly int size, channels;

    private CompactInput(byte[] bytes, int size, int channels, Vector2[][]? strokes, float penWidth)
    {
        (Bytes, this.size, this.channels, this.strokes, this.penWidth) = (bytes, size, channels, strokes, penWidth);
    }

    /// <summary>As a save holds it.</summary>
    public byte[] Bytes { get; }

    /// <summary>The most bytes an input takes where the encoder reads [channels, size, size].</summary>
    public static int MaxBytes(int size, int channels) => 1 + channels * size * size;

    /// <summary>Keeps an input that the encoder reads.</summary>
    public static CompactInput Of(ClassifierInput input, ImagePreprocessing preprocessing)
    {
        if (input is Drawing drawing) return Of(drawing, preprocessing.Size);
        var pixels = new float[preprocessing.Length];
        preprocessing.WriteValues(input, pixels);
        return Of(pixels, preprocessing.Size, preprocessing.Channels);
    }

    /// <summary>Keeps strokes, where the encoder reads grey images of a size.</summary>
    public static CompactInput Of(Drawing drawing, int size)
    {
        int points = 0, longest = 0;
        foreach (IReadOnlyList<Vector2> stroke in drawing.Strokes) (points, longest) = (points + stroke.Count, Math.Max(longest, stroke.Count));
        int length = 7 + 2 * drawing.Strokes.Count + 4 * points;
        if (length > MaxBytes(size, 1) || drawing.Strokes.Count > ushort.MaxValue || longest > ushort.MaxValue)
        {
            var pixels = new float[size * size];
            DrawingRasterizer.Rasterize(drawing, size, pixels);
            return Of(pixels, size, 1);
        }
        Vector2 low = new(float.MaxValue), high = new(float.MinValue);
        foreach (IReadOnlyList<Vector2> stroke in drawing.Strokes)
            foreach (Vector2 p in stroke) (low, high) = (Vector2.Min(low, p), Vector2.Max(high, p));
        double extent = Math.Max((double)high.X - low.X, (double)high.Y - low.Y), scale = extent > 0 ? ushort.MaxValue / extent : 0;
        var bytes = new byte[length];
        bytes[0] = StrokesKind;
        BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(1), drawing.PenWidth);
        int at = 5;
        Put(drawing.Strokes.Count);
        foreach (IReadOnlyList<Vector2> stroke in drawing.Strokes)
        {
            Put(stroke.Count);
            foreach (Vector2 p in stroke)
            {
                Put((int)Math.Round(((double)p.X - low.X) * scale));
                Put((int)Math.Round(((double)p.Y - low.Y) * scale));
            }
        }
        return Read(bytes, size, 1);

        void Put(int value)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(at), (ushort)value);
            at += 2;
        }
    }

    /// <summary>Keeps the encoder's image, values 0 to 1 of [channels, size, size].</summary>
    public static CompactInput Of(ReadOnlySpan<float> pixels, int size, int channels)
    {
        var bytes = new byte[MaxBytes(size, channels)];
        bytes[0] = ImageKind;
        for (int i = 0; i < pixels.Length; i++) bytes[1 + i] = (byte)Math.Round(255 * Math.Clamp(pixels[i], 0, 1));
        return new CompactInput(bytes, size, channels, null, 0);
    }

    /// <summary>Reads the bytes of a save.</summary>
    /// <exception cref="ModelFormatException">They are no input of such an encoder.</exception>
    public static CompactInput Read(byte[] bytes, int size, int channels)
    {
        if (bytes.Length == 0 || bytes.Length > MaxBytes(size, channels))
            throw new ModelFormatException($"Save: an input has {bytes.Length} bytes; expected 1 to {MaxBytes(size, channels)}.");
        if (bytes[0] == ImageKind)
        {
            if (bytes.Length != MaxBytes(size, channels))
                throw new ModelFormatException($"Save: an image has {bytes.Length} bytes; expected {MaxBytes(size, channels)} for {channels} x {size} x {size}.");
            return new CompactInput(bytes, size, channels, null, 0);
        }
        if (bytes[0] != StrokesKind || channels != 1) throw new ModelFormatException($"Save: an input is of kind {bytes[0]}; this backbone reads {(channels == 1 ? "1 and 2" : "2")}.");
        if (bytes.Length < 7) throw CutShort();
        float penWidth = BinaryPrimitives.ReadSingleLittleEndian(bytes.AsSpan(1));
        if (!(penWidth is >= 0 and <= 1)) throw new ModelFormatException($"Save: the pen width of an input is {penWidth}; expected 0 to 1.");
        int at = 5;
        var strokes = new Vector2[Next()][];
        for (int s = 0; s < strokes.Length; s++)
        {
            int points = Next();
            if (points == 0 || at + 4 * points > bytes.Length) throw CutShort();
            strokes[s] = new Vector2[points];
            for (int i = 0; i < points; i++) strokes[s][i] = new Vector2(Next(), Next());
        }
        if (at != bytes.Length) throw CutShort();
        return new CompactInput(bytes, size, 1, strokes, penWidth);

        int Next()
        {
            if (at + 2 > bytes.Length) throw CutShort();
            at += 2;
            return BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(at - 2));
        }
        ModelFormatException CutShort() => new($"Save: the {bytes.Length} bytes of an input end within its strokes or behind them.");
    }

    /// <summary>Writes values 0 to 1, [channels, size, size].</summary>
    public void Write(Span<float> pixels)
    {
        if (strokes is not null) DrawingRasterizer.Rasterize(new Drawing(strokes, penWidth), size, pixels);
        else for (int i = 0; i < pixels.Length; i++) pixels[i] = Bytes[1 + i] / 255f;
    }

    /// <summary>Writes values 0 to 1, bent as a number of a stream says: strokes turned and stretched, an image moved by up to a sixteenth.</summary>
    public void WriteBent(ulong stream, ulong number, Span<float> pixels)
    {
        double Between(ulong draw, double reach) => reach * (2 * CountedRandom.Uniform(stream + draw, number) - 1);
        if (strokes is null)
        {
            int reach = size / 16, dx = (int)Math.Round(Between(0, reach)), dy = (int)Math.Round(Between(1, reach));
            for (int c = 0; c < channels; c++)
                for (int y = 0; y < size; y++)
                    for (int x = 0; x < size; x++)
                        pixels[(c * size + y) * size + x] = Bytes[1 + (c * size + Math.Clamp(y - dy, 0, size - 1)) * size + Math.Clamp(x - dx, 0, size - 1)] / 255f;
            return;
        }
        double turn = Between(0, MaxTurn), stretch = Math.Exp(Between(1, MaxStretch)), shear = Between(2, MaxStretch);
        double sin = Math.Sin(turn), cos = Math.Cos(turn);
        var bent = new Vector2[strokes.Length][];
        for (int s = 0; s < strokes.Length; s++)
        {
            bent[s] = new Vector2[strokes[s].Length];
            for (int i = 0; i < bent[s].Length; i++)
            {
                double x = strokes[s][i].X * stretch + shear * strokes[s][i].Y, y = strokes[s][i].Y / stretch;
                bent[s][i] = new Vector2((float)(cos * x - sin * y), (float)(sin * x + cos * y));
            }
        }
        DrawingRasterizer.Rasterize(new Drawing(bent, penWidth), size, pixels);
    }
}
