using SkiaSharp;

namespace OnDeviceLearning.Demo;

/// <summary>The window into the night where a duel is fought: dusk above, a drawn circle on the ground, a few stars.</summary>
internal static class Night
{
    public static void Fall(SKCanvas canvas, SKRect field)
    {
        using (SKShader dusk = SKShader.CreateLinearGradient(new SKPoint(0, field.Top), new SKPoint(0, field.Bottom), [Palette.NightTop, Palette.NightMiddle, Palette.NightBottom], [0, 0.45f, 1], SKShaderTileMode.Clamp))
        using (var paint = new SKPaint { Shader = dusk })
            canvas.DrawRect(field, paint);
        var horizon = new SKPoint(field.MidX, field.Top + 70);
        using (SKShader glow = SKShader.CreateRadialGradient(horizon, 560, [new SKColor(0x52, 0x62, 0x92, 120), new SKColor(0x3A, 0x46, 0x70, 50), new SKColor(0x20, 0x28, 0x44, 0)], [0, 0.4f, 1], SKShaderTileMode.Clamp))
        using (var paint = new SKPaint { Shader = glow })
            canvas.DrawRect(field, paint);
        var random = new Random(5);
        using (var star = new SKPaint { IsAntialias = true })
            for (int i = 0; i < 110; i++)
            {
                star.Color = Palette.Cream.WithAlpha((byte)random.Next(30, 150));
                float depth = random.NextSingle();
                canvas.DrawCircle(field.Left + random.NextSingle() * field.Width, field.Top + depth * depth * 0.62f * field.Height, 0.5f + 1.1f * random.NextSingle() * random.NextSingle(), star);
            }
        Circle(canvas, new SKPoint(field.MidX, field.Bottom + 40));
        using SKShader edge = SKShader.CreateRadialGradient(new SKPoint(field.MidX, field.MidY), 0.62f * field.Width, [new SKColor(0, 0, 0, 0), new SKColor(0, 0, 0, 0), new SKColor(0, 0, 0, 150)], [0, 0.7f, 1], SKShaderTileMode.Clamp);
        using var vignette = new SKPaint { Shader = edge };
        canvas.DrawRect(field, vignette);
    }

    /// <summary>The circle around the player, seen from within: flat ellipses and spokes.</summary>
    private static void Circle(SKCanvas canvas, SKPoint middle)
    {
        using var line = new SKPaint { IsAntialias = true, Style = SKPaintStyle.Stroke, StrokeWidth = 1.4f, Color = Palette.Gold.WithAlpha(64) };
        foreach (float radius in new[] { 300f, 316f, 470f, 640f })
            canvas.DrawOval(middle.X, middle.Y, radius, radius * 0.34f, line);
        line.Color = Palette.Gold.WithAlpha(38);
        for (int i = 0; i < 24; i++)
        {
            float angle = (i + 0.5f) * MathF.Tau / 24, x = MathF.Cos(angle), y = 0.34f * MathF.Sin(angle);
            canvas.DrawLine(middle.X + 316 * x, middle.Y + 316 * y, middle.X + 470 * x, middle.Y + 470 * y, line);
        }
    }
}
