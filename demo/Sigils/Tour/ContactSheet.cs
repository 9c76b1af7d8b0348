using System.Globalization;
using SkiaSharp;

namespace OnDeviceLearning.Demo;

/// <summary>The picture of the tour: the game's screens, and how its four players fared.</summary>
internal sealed class ContactSheet
{
    private const int Columns = 2, Margin = 44, Gutter = 26, Width = 1160, ScreenWidth = (Width - 2 * Margin - Gutter) / Columns, ScreenHeight = ScreenWidth * 9 / 16;
    private const float Title = 170, Caption = 44, Chart = 250, Footer = 64;

    private readonly Scribe scribe;
    private readonly Tour tour;

    private ContactSheet(Scribe scribe, Tour tour)
    {
        this.scribe = scribe;
        this.tour = tour;
    }

    /// <summary>Draws the sheet and writes it as a PNG.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(Tour tour, IReadOnlyList<(string Caption, SKBitmap Picture)> screens, string file)
    {
        int rows = (screens.Count + Columns - 1) / Columns;
        var height = (int)(Title + Chart + rows * (ScreenHeight + Caption) + Footer);
        using var picture = new SKBitmap(new SKImageInfo(Width, height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        using (var canvas = new SKCanvas(picture))
        using (var lettering = new Lettering())
        {
            Parchment.Lay(canvas, Width, height, 1);
            new ContactSheet(new Scribe(canvas, lettering, 1), tour).Draw(screens, height);
        }
        File.WriteAllBytes(file, PalettePng.Write(picture));
    }

    private void Draw(IReadOnlyList<(string Caption, SKBitmap Picture)> screens, int height)
    {
        const float middle = Width / 2f;
        scribe.Capitals("A Grimoire of Sigils", middle, 86, 66, Parchment.Ink, SKTextAlign.Center);
        scribe.Italic("described in words, read at first sight, learnt by correction", middle, 124, 26, Parchment.Faded, SKTextAlign.Center);
        scribe.Rule(middle, 150, 280);
        DrawPlayers(Title);
        for (int i = 0; i < screens.Count; i++)
        {
            float x = Margin + i % Columns * (ScreenWidth + Gutter), y = Title + Chart + i / Columns * (ScreenHeight + Caption);
            var box = SKRect.Create(x, y, ScreenWidth, ScreenHeight);
            using (SKImage image = SKImage.FromBitmap(screens[i].Picture))
                scribe.Canvas.DrawImage(image, box, new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear), null);
            scribe.Border(SKRect.Inflate(box, 2, 2), i + 3, Parchment.Ink);
            scribe.Italic(screens[i].Caption, box.MidX, box.Bottom + 27, 21, Parchment.Ink, SKTextAlign.Center);
        }
        var adapt = new Distribution(tour.Frames.AdaptMilliseconds);
        scribe.Italic(FormattableString.Invariant($"{tour.Device} · learning takes {Milliseconds(adapt.Median)} of a frame, {Milliseconds(adapt.P99)} at the 99th percentile"),
            middle, height - 26, 21, Parchment.Ink, SKTextAlign.Center);
    }

    /// <summary>A bar a duel and player: ink for casts read right, red outline for those corrected.</summary>
    private void DrawPlayers(float top)
    {
        float width = (Width - 2 * Margin) / (float)tour.Players.Count;
        using var missed = new SKPaint { Color = Parchment.Red, IsAntialias = true, Style = SKPaintStyle.Stroke, StrokeWidth = 1.4f };
        for (int p = 0; p < tour.Players.Count; p++)
        {
            ScriptedGame player = tour.Players[p];
            float left = Margin + p * width, bar = width - 78;
            scribe.Rubric(Named(player.Script.Name), left, top + 36, 30, Parchment.Ink);
            for (int d = 0; d < player.Duels.Count; d++)
            {
                DuelResult duel = player.Duels[d];
                float y = top + 62 + 40 * d, right = bar * (float)duel.Accuracy;
                scribe.Italic($"{d + 1}", left, y + 18, 22, Parchment.Faded);
                scribe.HandBar(left + 18, y, right, 20, Parchment.Ink, 7 * p + d);
                if (duel.Misread > 0) scribe.Canvas.DrawRect(left + 18 + right, y, bar - right, 20, missed);
                scribe.Capitals($"{duel.Right}/{duel.Casts}", left + 22 + bar, y + 18, 19, duel.Misread > 0 ? Parchment.Red : Parchment.Ink);
            }
        }
        scribe.Italic("casts read right in three duels; learnt from what was corrected and what was let stand; the rewriter mends one description halfway", Width / 2f, top + 212, 22, Parchment.Faded, SKTextAlign.Center);
    }

    private static string Named(string name) => string.Create(name.Length, name, (target, n) =>
    {
        n.CopyTo(target);
        target[0] = char.ToUpperInvariant(target[0]);
    });

    private static string Milliseconds(double value) => value < 0.1
        ? (value * 1000).ToString("0", CultureInfo.InvariantCulture) + " µs"
        : value.ToString("0.0#", CultureInfo.InvariantCulture) + " ms";
}
