using SkiaSharp;

namespace OnDeviceLearning.Demo;

/// <summary>Letters, rules and frames as a hand would make them, on whatever canvas is given.</summary>
internal sealed class Scribe(SKCanvas canvas, Lettering lettering, int seed)
{
    public SKCanvas Canvas => canvas;

    /// <summary>Text in small capitals; returns its width.</summary>
    public float Capitals(string text, float x, float y, float size, SKColor colour, SKTextAlign align = SKTextAlign.Left) =>
        Write(text, x, y, lettering.CapitalsOf(size), colour, align);

    /// <summary>Text in italics; returns its width.</summary>
    public float Italic(string text, float x, float y, float size, SKColor colour, SKTextAlign align = SKTextAlign.Left) =>
        Write(text, x, y, lettering.ItalicOf(size), colour, align);

    /// <summary>A name with a rubricated initial, centred or from the left; returns its width.</summary>
    public float Rubric(string name, float x, float y, float size, SKColor colour, SKTextAlign align = SKTextAlign.Left)
    {
        SKFont font = lettering.CapitalsOf(size);
        int initial = name.Length > 1 && char.IsSurrogatePair(name, 0) ? 2 : 1;
        float width = font.MeasureText(name), start = align == SKTextAlign.Center ? x - width / 2 : x;
        Write(name[..initial], start, y, font, Parchment.Red, SKTextAlign.Left);
        Write(name[initial..], start + font.MeasureText(name[..initial]), y, font, colour, SKTextAlign.Left);
        return width;
    }

    /// <summary>Italic lines, centred or from the left; returns the y of the line after.</summary>
    public float Lines(string text, float x, float y, float size, float width, SKColor colour, SKTextAlign align, int most)
    {
        SKFont font = lettering.ItalicOf(size);
        foreach (string line in Lettering.Wrap(text, font, width).Take(most))
        {
            Write(line, x, y, font, colour, align);
            y += 1.17f * size;
        }
        return y;
    }

    /// <summary>A key's name in a small box; returns the width of all.</summary>
    public float Key(string key, float x, float y, SKColor colour)
    {
        SKFont font = lettering.CapitalsOf(17);
        float width = MathF.Max(24, font.MeasureText(key) + 14);
        using var box = new SKPaint { Color = colour.WithAlpha(170), IsAntialias = true, Style = SKPaintStyle.Stroke, StrokeWidth = 1.3f };
        canvas.DrawRoundRect(x, y - 18, width, 24, 5, 5, box);
        Write(key, x + width / 2, y - 0.5f, font, colour, SKTextAlign.Center);
        return width;
    }

    /// <summary>A line of keys with what they do.</summary>
    public void Keys(float x, float y, SKColor colour, params (string Key, string Does)[] keys)
    {
        foreach ((string key, string does) in keys)
        {
            x += Key(key, x, y, colour) + 7;
            x += Italic(does, x, y, 19, colour) + 22;
        }
    }

    /// <summary>A page on the page: slightly lighter, ruled twice by hand, with a lozenge at each corner.</summary>
    public void Frame(SKRect r, int variety, byte light = 110)
    {
        using SKMaskFilter soft = SKMaskFilter.CreateBlur(SKBlurStyle.Normal, 6);
        using (var paper = new SKPaint { Color = Parchment.Paper.WithAlpha(light), MaskFilter = soft })
            canvas.DrawRect(r, paper);
        Border(r, variety, Parchment.Ink);
        foreach ((float x, float y) in new[] { (r.Left, r.Top), (r.Right, r.Top), (r.Right, r.Bottom), (r.Left, r.Bottom) }) Lozenge(x, y, 6, Parchment.Red);
    }

    public void Border(SKRect r, int variety, SKColor colour)
    {
        foreach ((float inset, float width) in new[] { (0f, 1.8f), (5f, 0.9f) })
        {
            SKRect f = SKRect.Inflate(r, -inset, -inset);
            HandLine(f.Left, f.Top, f.Right, f.Top, width, colour, variety);
            HandLine(f.Right, f.Top, f.Right, f.Bottom, width, colour, variety + 1);
            HandLine(f.Right, f.Bottom, f.Left, f.Bottom, width, colour, variety + 2);
            HandLine(f.Left, f.Bottom, f.Left, f.Top, width, colour, variety + 3);
        }
    }

    /// <summary>A rule with a lozenge in its middle.</summary>
    public void Rule(float x, float y, float half)
    {
        HandLine(x - half, y, x - 20, y, 1.5f, Parchment.Ink, 21);
        HandLine(x + 20, y, x + half, y, 1.5f, Parchment.Ink, 22);
        Lozenge(x, y, 7, Parchment.Red);
        Lozenge(x - 14, y, 3, Parchment.Ink);
        Lozenge(x + 14, y, 3, Parchment.Ink);
    }

    public void Lozenge(float x, float y, float reach, SKColor colour)
    {
        using var paint = new SKPaint { Color = colour, IsAntialias = true };
        canvas.Save();
        canvas.Translate(x, y);
        canvas.RotateDegrees(45);
        float half = reach * 0.7071f;
        canvas.DrawRect(-half, -half, 2 * half, 2 * half, paint);
        canvas.Restore();
    }

    public void HandLine(float x0, float y0, float x1, float y1, float width, SKColor colour, int variety)
    {
        using SKPathEffect tremble = SKPathEffect.CreateDiscrete(24, 0.6f, (uint)(seed + variety));
        using var paint = new SKPaint { Color = colour.WithAlpha((byte)(colour.Alpha * 215 / 255)), IsAntialias = true, Style = SKPaintStyle.Stroke, StrokeWidth = width, PathEffect = tremble };
        canvas.DrawLine(x0, y0, x1, y1, paint);
    }

    /// <summary>A bar of ink.</summary>
    public void HandBar(float x, float y, float width, float height, SKColor colour, int variety)
    {
        if (width < 1) return;
        using SKPathEffect rough = SKPathEffect.CreateDiscrete(9, 0.7f, (uint)(seed + variety));
        using var paint = new SKPaint { Color = colour.WithAlpha(225), IsAntialias = true, PathEffect = rough };
        canvas.DrawRect(x, y, width, height, paint);
    }

    private float Write(string text, float x, float y, SKFont font, SKColor colour, SKTextAlign align)
    {
        using var paint = new SKPaint { Color = colour, IsAntialias = true };
        canvas.DrawText(text, x, y, align, font, paint);
        return font.MeasureText(text);
    }
}
