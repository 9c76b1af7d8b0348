using System.Numerics;

namespace OnDeviceLearning;

/// <summary>
/// Turns a <see cref="Drawing"/> into the square grey image an encoder reads: scaled so that its longer side fills the
/// square but for a margin, centred, drawn with a round pen. Ink is 1, paper 0. Scale and position of the input do not
/// change the result.
/// </summary>
public static class DrawingRasterizer
{
    /// <summary>Pen width used where a drawing names none, as a fraction of its longer side.</summary>
    public const float DefaultPenWidth = 0.05f;

    /// <summary>Free border on each side, as a fraction of the image side.</summary>
    public const float Margin = 0.06f;

    /// <summary>Draws into <paramref name="pixels"/>, row by row; allocates nothing.</summary>
    /// <param name="drawing">What to draw; nothing at all gives blank paper.</param>
    /// <param name="size">Side of the image in pixels, 4 to 1024.</param>
    /// <param name="pixels">size * size values, overwritten with 0 (paper) to 1 (ink).</param>
    /// <exception cref="ArgumentException">The size is out of range or does not match the length of <paramref name="pixels"/>.</exception>
    public static void Rasterize(Drawing drawing, int size, Span<float> pixels)
    {
        ArgumentNullException.ThrowIfNull(drawing);
        if (size is < 4 or > 1024)
            throw new ArgumentException($"Rasterize: size is {size}; expected 4 to 1024.", nameof(size));
        if (pixels.Length != size * size)
            throw new ArgumentException($"Rasterize: pixels has {pixels.Length} values; expected {size * size} for {size}x{size}.", nameof(pixels));
        pixels.Clear();
        if (drawing.StrokeSpans.Length == 0) return;

        Vector2 low = new(float.MaxValue), high = new(float.MinValue);
        foreach (Vector2[] stroke in drawing.StrokeSpans)
            foreach (Vector2 p in stroke)
            {
                low = Vector2.Min(low, p);
                high = Vector2.Max(high, p);
            }
        // In double until scaled: coordinates may be as large as a float holds.
        double extent = Math.Max((double)high.X - low.X, (double)high.Y - low.Y);
        float penWidth = drawing.PenWidth > 0 ? drawing.PenWidth : DefaultPenWidth;
        float inner = size * (1 - 2 * Margin);
        float radius = Math.Max(0.5f, 0.5f * penWidth * inner);
        // The pen's own width stays inside the margin. A lone dot has no extent and is drawn in the middle.
        double scale = extent > 0 ? (inner - 2 * radius) / extent : 0;
        double middleX = 0.5 * ((double)low.X + high.X), middleY = 0.5 * ((double)low.Y + high.Y);

        foreach (Vector2[] stroke in drawing.StrokeSpans)
        {
            Vector2 from = Place(stroke[0]);
            if (stroke.Length == 1) DrawSegment(from, from, radius * (extent > 0 ? 1 : 1.5f), size, pixels);
            for (int i = 1; i < stroke.Length; i++)
            {
                Vector2 to = Place(stroke[i]);
                DrawSegment(from, to, radius, size, pixels);
                from = to;
            }
        }

        Vector2 Place(Vector2 p) => new(
            (float)((p.X - middleX) * scale + 0.5 * size),
            (float)((p.Y - middleY) * scale + 0.5 * size));
    }

    /// <summary>A capsule around a..b; each pixel takes the largest coverage any segment gives it.</summary>
    private static void DrawSegment(Vector2 a, Vector2 b, float radius, int size, Span<float> pixels)
    {
        float reach = radius + 0.5f;
        int x0 = Math.Max(0, (int)MathF.Floor(Math.Min(a.X, b.X) - reach));
        int x1 = Math.Min(size - 1, (int)MathF.Ceiling(Math.Max(a.X, b.X) + reach));
        int y0 = Math.Max(0, (int)MathF.Floor(Math.Min(a.Y, b.Y) - reach));
        int y1 = Math.Min(size - 1, (int)MathF.Ceiling(Math.Max(a.Y, b.Y) + reach));
        Vector2 along = b - a;
        float lengthSquared = along.LengthSquared();
        float inverse = lengthSquared > 0 ? 1 / lengthSquared : 0;
        for (int y = y0; y <= y1; y++)
            for (int x = x0; x <= x1; x++)
            {
                Vector2 p = new Vector2(x + 0.5f, y + 0.5f) - a;
                float t = Math.Clamp(Vector2.Dot(p, along) * inverse, 0, 1);
                float coverage = reach - (p - t * along).Length();
                if (coverage <= 0) continue;
                ref float pixel = ref pixels[y * size + x];
                pixel = Math.Max(pixel, Math.Min(coverage, 1));
            }
    }
}
