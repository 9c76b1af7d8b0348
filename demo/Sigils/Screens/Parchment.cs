using SkiaSharp;

namespace OnDeviceLearning.Demo;

/// <summary>Old paper and iron-gall ink.</summary>
internal static class Parchment
{
    public static readonly SKColor Ink = new(0x2A, 0x1E, 0x17), Faded = new(0x7A, 0x63, 0x4B), Red = new(0x9C, 0x2B, 0x1F), Paper = new(0xF0, 0xE4, 0xCB);

    /// <summary>Covers the canvas with paper: uneven tone, darker towards the edges, a few stains.</summary>
    public static void Lay(SKCanvas canvas, int width, int height, int seed)
    {
        var middle = new SKPoint(width / 2f, height / 2f);
        using (var paint = new SKPaint())
        {
            using SKShader tone = SKShader.CreateLinearGradient(new SKPoint(0, 0), new SKPoint(width, height),
                [new SKColor(0xF2, 0xE7, 0xD0), new SKColor(0xEE, 0xE1, 0xC6), new SKColor(0xE9, 0xDA, 0xBB)], SKShaderTileMode.Clamp);
            paint.Shader = tone;
            canvas.DrawPaint(paint);
        }
        Clouds(canvas, 0.0022f, 4, seed, new SKColor(0x9A, 0x6F, 0x3A), 0.55f);
        Clouds(canvas, 0.012f, 3, seed + 7, new SKColor(0x8A, 0x66, 0x3C), 0.20f);
        Fibres(canvas, width, height, seed);
        Stains(canvas, width, height, seed);
        // Light falls on the middle; edges have been touched for centuries.
        using (var paint = new SKPaint { BlendMode = SKBlendMode.Multiply })
        {
            using SKShader vignette = SKShader.CreateRadialGradient(middle, MathF.Sqrt(width * (float)width + height * (float)height) / 2,
                [SKColors.White, new SKColor(0xFB, 0xF4, 0xE6), new SKColor(0xDB, 0xBF, 0x93)], [0, 0.62f, 1], SKShaderTileMode.Clamp);
            paint.Shader = vignette;
            canvas.DrawPaint(paint);
        }
        BurntEdge(canvas, width, height, seed);
    }

    /// <summary>Slow noise as a wash of one colour; <paramref name="strength"/> is the wash where the noise is full.</summary>
    private static void Clouds(SKCanvas canvas, float frequency, int octaves, int seed, SKColor colour, float strength)
    {
        using SKShader noise = SKShader.CreatePerlinNoiseFractalNoise(frequency, frequency, octaves, seed);
        // Noise in red becomes the alpha of one colour; values below 0.42 are clear.
        float r = colour.Red / 255f, g = colour.Green / 255f, b = colour.Blue / 255f;
        using SKColorFilter wash = SKColorFilter.CreateColorMatrix(
        [
            0, 0, 0, 0, r,
            0, 0, 0, 0, g,
            0, 0, 0, 0, b,
            strength * 1.6f, 0, 0, 0, -strength * 0.67f,
        ]);
        using var paint = new SKPaint { Shader = noise, ColorFilter = wash };
        canvas.DrawPaint(paint);
    }

    private static void Fibres(SKCanvas canvas, int width, int height, int seed)
    {
        var random = new Random(seed);
        using var paint = new SKPaint { IsAntialias = true, Style = SKPaintStyle.Stroke, StrokeWidth = 0.8f };
        for (int i = 0; i < width * height / 5000; i++)
        {
            float x = random.NextSingle() * width, y = random.NextSingle() * height, turn = random.NextSingle() * MathF.Tau, length = 5 + 22 * random.NextSingle();
            paint.Color = (random.Next(3) == 0 ? SKColors.White : new SKColor(0x6A, 0x4A, 0x28)).WithAlpha((byte)random.Next(10, 26));
            using var builder = new SKPathBuilder();
            builder.MoveTo(x, y);
            builder.QuadTo(x + length * MathF.Cos(turn), y + length * MathF.Sin(turn),
                x + 1.6f * length * MathF.Cos(turn + 0.5f), y + 1.6f * length * MathF.Sin(turn + 0.5f));
            using SKPath path = builder.Detach();
            canvas.DrawPath(path, paint);
        }
    }

    private static void Stains(SKCanvas canvas, int width, int height, int seed)
    {
        var random = new Random(seed + 3);
        for (int i = 0; i < 9; i++)
        {
            var at = new SKPoint(random.NextSingle() * width, random.NextSingle() * height);
            float radius = 40 + 190 * random.NextSingle() * random.NextSingle();
            using SKShader blot = SKShader.CreateRadialGradient(at, radius,
                [new SKColor(0x8F, 0x62, 0x30, 16), new SKColor(0x8F, 0x62, 0x30, 20), new SKColor(0x7A, 0x4E, 0x22, 34), new SKColor(0x7A, 0x4E, 0x22, 0)],
                [0, 0.8f, 0.93f, 1], SKShaderTileMode.Clamp);
            using SKPathEffect rim = SKPathEffect.CreateDiscrete(26, 5, (uint)(seed + i));
            using var paint = new SKPaint { Shader = blot, IsAntialias = true, PathEffect = rim };
            canvas.DrawCircle(at, radius, paint);
        }
        using var speck = new SKPaint { IsAntialias = true };
        for (int i = 0; i < 150; i++)
        {
            speck.Color = new SKColor(0x5A, 0x3A, 0x1C, (byte)random.Next(20, 70));
            canvas.DrawCircle(random.NextSingle() * width, random.NextSingle() * height, 0.6f + 1.8f * random.NextSingle() * random.NextSingle(), speck);
        }
    }

    private static void BurntEdge(SKCanvas canvas, int width, int height, int seed)
    {
        using SKPathEffect ragged = SKPathEffect.CreateDiscrete(16, 7, (uint)seed);
        foreach ((float stroke, float blur, byte alpha) in new[] { (140f, 44f, (byte)56), (40f, 13f, (byte)74), (10f, 3.5f, (byte)100) })
        {
            using SKMaskFilter soft = SKMaskFilter.CreateBlur(SKBlurStyle.Normal, blur);
            using var paint = new SKPaint
            {
                Style = SKPaintStyle.Stroke,
                StrokeWidth = stroke,
                Color = new SKColor(0x5C, 0x36, 0x14, alpha),
                MaskFilter = soft,
                PathEffect = ragged,
            };
            canvas.DrawRect(SKRect.Create(0, 0, width, height), paint);
        }
    }
}
