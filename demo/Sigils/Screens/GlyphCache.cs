using System.Numerics;
using SkiaSharp;

namespace OnDeviceLearning.Demo;

/// <summary>Drawings in ink or as glowing seals, drawn once for each size and kept as images.</summary>
internal sealed class GlyphCache : IDisposable
{
    private const int Most = 400;
    private readonly Dictionary<(object Of, int Width, int Height, uint Colour, int Kind), SKImage> images = [];

    /// <summary>A drawing in ink, in a box of page units.</summary>
    /// <param name="canvas">Scaled to the page already.</param>
    /// <param name="scale">Pixels a page unit.</param>
    public void Ink(SKCanvas canvas, float scale, Drawing drawing, SKRect box, float width, SKColor colour)
    {
        SKImage image = Get((drawing, (int)box.Width, (int)box.Height, (uint)colour, 0), box.Size, scale, c =>
            new InkPen(c).Draw(drawing, new SKPoint(box.Width / 2, box.Height / 2), box.Size, width, colour, drawing.Strokes.Count * 31 + 5));
        Put(canvas, image, box);
    }

    /// <summary>A rival's seal: a glowing ring around the drawing, or around an initial where there is no drawing yet.</summary>
    public void Seal(SKCanvas canvas, float scale, Lettering lettering, Drawing? drawing, string name, SKPoint centre, float radius, SKColor colour, bool isNear, byte alpha = 255)
    {
        const float r = 84, side = 2.9f * r;
        SKImage image = Get((drawing ?? (object)name, isNear ? 1 : 0, 0, (uint)colour, 1), new SKSize(side, side), scale, c =>
        {
            c.Translate(side / 2, side / 2);
            using (SKShader halo = SKShader.CreateRadialGradient(default, side / 2, [colour.WithAlpha(70), colour.WithAlpha(46), colour.WithAlpha(0)], [0, 0.6f, 1], SKShaderTileMode.Clamp))
            using (var paint = new SKPaint { Shader = halo })
                c.DrawCircle(0, 0, side / 2, paint);
            Rings(c, r, colour, isNear);
            if (drawing is not null)
            {
                using SKPath path = PathOf(drawing, new SKPoint(0, 0), new SKSize(1.14f * r, 1.14f * r));
                Glow(c, path, colour, 6);
                return;
            }
            SKFont font = lettering.CapitalsOf(74);
            using var letter = new SKPaint { Color = Palette.Cream, IsAntialias = true };
            c.DrawText(name[..1], 0, 25, SKTextAlign.Center, font, letter);
        });
        float reach = radius / r * side / 2;
        using var fade = new SKPaint { Color = SKColors.White.WithAlpha(alpha) };
        canvas.DrawImage(image, SKRect.Create(centre.X - reach, centre.Y - reach, 2 * reach, 2 * reach), new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear), fade);
    }

    /// <summary>A glowing line: wide and soft below, thin and bright above.</summary>
    public static void Glow(SKCanvas canvas, SKPath path, SKColor colour, float width)
    {
        using SKMaskFilter soft = SKMaskFilter.CreateBlur(SKBlurStyle.Normal, 1.5f * width);
        using var paint = new SKPaint { IsAntialias = true, Style = SKPaintStyle.Stroke, StrokeCap = SKStrokeCap.Round, StrokeJoin = SKStrokeJoin.Round, StrokeWidth = 2.2f * width, Color = colour.WithAlpha(150), MaskFilter = soft, BlendMode = SKBlendMode.Plus };
        canvas.DrawPath(path, paint);
        paint.MaskFilter = null;
        paint.StrokeWidth = width;
        paint.Color = colour;
        paint.BlendMode = SKBlendMode.SrcOver;
        canvas.DrawPath(path, paint);
        paint.StrokeWidth = 0.45f * width;
        paint.Color = Palette.Cream;
        canvas.DrawPath(path, paint);
    }

    /// <summary>Strokes as they lie on the page.</summary>
    public static SKPath PathOf(IReadOnlyList<IReadOnlyList<Vector2>> strokes)
    {
        using var builder = new SKPathBuilder();
        foreach (IReadOnlyList<Vector2> stroke in strokes)
        {
            builder.MoveTo(stroke[0].X, stroke[0].Y);
            // A dot is a line too short to see; its round ends are the dot.
            if (stroke.Count == 1) builder.LineTo(stroke[0].X + 0.1f, stroke[0].Y);
            for (int i = 1; i < stroke.Count; i++) builder.LineTo(stroke[i].X, stroke[i].Y);
        }
        return builder.Detach();
    }

    /// <summary>A drawing fitted into a box, its proportions kept.</summary>
    public static SKPath PathOf(Drawing drawing, SKPoint centre, SKSize size)
    {
        (Vector2 low, Vector2 high) = BoundsOf(drawing);
        Vector2 extent = Vector2.Max(high - low, new Vector2(1e-6f)), middle = 0.5f * (low + high), target = new(centre.X, centre.Y);
        float scale = MathF.Min(size.Width / extent.X, size.Height / extent.Y);
        return PathOf([.. drawing.Strokes.Select(stroke => (IReadOnlyList<Vector2>)[.. stroke.Select(p => target + scale * (p - middle))])]);
    }

    public static (Vector2 Low, Vector2 High) BoundsOf(Drawing drawing)
    {
        Vector2 low = new(float.MaxValue), high = new(float.MinValue);
        foreach (IReadOnlyList<Vector2> stroke in drawing.Strokes)
            foreach (Vector2 point in stroke)
            {
                low = Vector2.Min(low, point);
                high = Vector2.Max(high, point);
            }
        return (low, high);
    }

    public void Dispose() => Clear();

    public void Clear()
    {
        foreach (SKImage image in images.Values) image.Dispose();
        images.Clear();
    }

    private static void Rings(SKCanvas c, float r, SKColor colour, bool isNear)
    {
        using var ring = new SKPaint { Color = colour, IsAntialias = true, Style = SKPaintStyle.Stroke, StrokeWidth = 3.4f };
        c.DrawCircle(0, 0, r, ring);
        ring.StrokeWidth = 1.2f;
        c.DrawCircle(0, 0, r - 7, ring);
        using var tooth = new SKPaint { Color = colour, IsAntialias = true };
        for (int i = 0; i < 12; i++)
        {
            float angle = i * MathF.Tau / 12;
            c.DrawCircle((r + 9) * MathF.Cos(angle), (r + 9) * MathF.Sin(angle), 2.2f, tooth);
        }
        if (!isNear) return;
        // What is near bristles: told by shape as well as by colour.
        ring.StrokeWidth = 3.4f;
        for (int i = 0; i < 12; i++)
        {
            float angle = (i + 0.5f) * MathF.Tau / 12;
            c.DrawLine((r + 4) * MathF.Cos(angle), (r + 4) * MathF.Sin(angle), (r + 22) * MathF.Cos(angle), (r + 22) * MathF.Sin(angle), ring);
        }
    }

    private SKImage Get((object, int, int, uint, int) key, SKSize size, float scale, Action<SKCanvas> draw)
    {
        if (images.TryGetValue(key, out SKImage? image)) return image;
        if (images.Count >= Most) Clear();
        using SKSurface surface = SKSurface.Create(new SKImageInfo(Math.Max(1, (int)MathF.Ceiling(size.Width * scale)), Math.Max(1, (int)MathF.Ceiling(size.Height * scale)), SKColorType.Rgba8888, SKAlphaType.Premul));
        surface.Canvas.Scale(scale);
        draw(surface.Canvas);
        return images[key] = surface.Snapshot();
    }

    private static void Put(SKCanvas canvas, SKImage image, SKRect box) => canvas.DrawImage(image, box, new SKSamplingOptions(SKFilterMode.Linear), null);
}
