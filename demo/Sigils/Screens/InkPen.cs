using System.Numerics;
using SkiaSharp;

namespace OnDeviceLearning.Demo;

/// <summary>Goes over a drawing with a quill: smooth between the recorded points, sharp where the hand turned, thin where it lifts.</summary>
internal sealed class InkPen(SKCanvas canvas)
{
    /// <summary>Draws into a rectangle, keeping the proportions.</summary>
    /// <param name="drawing">The strokes.</param>
    /// <param name="centre">Middle of the rectangle.</param>
    /// <param name="size">Its width and height in pixels.</param>
    /// <param name="width">Width of the pen in pixels.</param>
    /// <param name="ink">The colour.</param>
    /// <param name="seed">Of the quill's unevenness.</param>
    public void Draw(Drawing drawing, SKPoint centre, SKSize size, float width, SKColor ink, int seed)
    {
        Vector2 low = new(float.MaxValue), high = new(float.MinValue);
        foreach (IReadOnlyList<Vector2> stroke in drawing.Strokes)
            foreach (Vector2 point in stroke)
            {
                low = Vector2.Min(low, point);
                high = Vector2.Max(high, point);
            }
        if (drawing.Strokes.Count == 0) return;
        Vector2 extent = Vector2.Max(high - low, new Vector2(1e-6f));
        float scale = MathF.Min((size.Width - width) / extent.X, (size.Height - width) / extent.Y);
        Vector2 middle = 0.5f * (low + high), target = new(centre.X, centre.Y);

        var random = new Random(seed);
        var blots = new List<Vector3>(); // x, y, radius
        foreach (IReadOnlyList<Vector2> stroke in drawing.Strokes)
            Follow([.. stroke.Select(p => target + scale * (p - middle))], width, random, blots);

        // The ink first soaks into the paper around the line, then dries dark with a few lighter flecks.
        SKRect bounds = SKRect.Create(centre.X - size.Width / 2, centre.Y - size.Height / 2, size.Width, size.Height);
        bounds.Inflate(2 * width, 2 * width);
        using (SKImageFilter blur = SKImageFilter.CreateBlur(0.3f * width, 0.3f * width))
        using (var soaking = new SKPaint { Color = SKColors.Black.WithAlpha(75), ImageFilter = blur })
        {
            canvas.SaveLayer(bounds, soaking);
            Blot(blots, ink);
            canvas.Restore();
        }
        canvas.SaveLayer(bounds, null);
        Blot(blots, ink);
        using (SKShader noise = SKShader.CreatePerlinNoiseFractalNoise(0.16f, 0.3f, 2, seed))
        using (SKColorFilter flecks = SKColorFilter.CreateColorMatrix([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.8f, 0, 0, 0, -0.33f]))
        using (var dry = new SKPaint { Shader = noise, ColorFilter = flecks, BlendMode = SKBlendMode.DstOut })
            canvas.DrawRect(bounds, dry);
        canvas.Restore();
    }

    private void Blot(List<Vector3> blots, SKColor ink)
    {
        using var paint = new SKPaint { Color = ink, IsAntialias = true };
        foreach (Vector3 blot in blots) canvas.DrawCircle(blot.X, blot.Y, blot.Z, paint);
    }

    private static void Follow(Vector2[] points, float width, Random random, List<Vector3> blots)
    {
        if (points.Length == 1)
        {
            blots.Add(new Vector3(points[0], width * 0.75f));
            return;
        }
        float length = 0;
        for (int i = 1; i < points.Length; i++) length += Vector2.Distance(points[i - 1], points[i]);
        if (length < width * 0.8f)
        {
            blots.Add(new Vector3(points[0], width * 0.75f));
            return;
        }
        float phase = random.NextSingle() * 100, done = 0;
        for (int i = 0; i + 1 < points.Length; i++)
        {
            Vector2 a = points[i], b = points[i + 1];
            float span = Vector2.Distance(a, b);
            Vector2 leaving = Tangent(points, i, span), arriving = Tangent(points, i + 1, span);
            int steps = Math.Max(1, (int)MathF.Ceiling(span / MathF.Max(0.7f, 0.15f * width)));
            for (int s = 0; s <= steps; s++)
            {
                float t = (float)s / steps, at = done + t * span;
                Vector2 place = Hermite(a, b, leaving, arriving, t);
                // A quill held at a slant: broad down to the right, narrow across; uneven pressure; lifted at both ends.
                Vector2 way = b - a;
                float angle = MathF.Atan2(way.Y, way.X);
                float nib = 0.86f + 0.2f * MathF.Abs(MathF.Sin(angle - 0.6f));
                float pressure = 1 + 0.10f * MathF.Sin(phase + at / 31) + 0.06f * MathF.Sin(2.3f * phase + at / 9);
                float lift = MathF.Min(1, 0.55f + 0.45f * MathF.Min(at, length - at) / (2.2f * width));
                blots.Add(new Vector3(place, 0.5f * width * nib * pressure * lift));
            }
            done += span;
        }
    }

    /// <summary>Direction of the line at a point, scaled to a span; straight on where the hand turned sharply.</summary>
    private static Vector2 Tangent(Vector2[] points, int i, float span)
    {
        if (i == 0 || i == points.Length - 1) return default;
        Vector2 before = points[i] - points[i - 1], after = points[i + 1] - points[i];
        float product = before.Length() * after.Length();
        if (product < 1e-4f || Vector2.Dot(before, after) < 0.62f * product) return default;
        return span * Vector2.Normalize(before / before.Length() + after / after.Length());
    }

    /// <summary>Cubic from a to b; a missing tangent (a corner or an end) points straight to the other end.</summary>
    private static Vector2 Hermite(Vector2 a, Vector2 b, Vector2 leaving, Vector2 arriving, float t)
    {
        if (leaving == default) leaving = b - a;
        if (arriving == default) arriving = b - a;
        float t2 = t * t, t3 = t2 * t;
        return (2 * t3 - 3 * t2 + 1) * a + (t3 - 2 * t2 + t) * leaving + (3 * t2 - 2 * t3) * b + (t3 - t2) * arriving;
    }
}
