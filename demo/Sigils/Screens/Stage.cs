using System.Numerics;
using OnDeviceLearning.Sigils;
using SkiaSharp;

namespace OnDeviceLearning.Demo;

/// <summary>
/// Draws the game as it stands onto a canvas of any size: a page of 1280 by 720 units in its middle, parchment around it.
/// Keeps what is the same from frame to frame as images.
/// </summary>
internal sealed class Stage : IDisposable
{
    private readonly Lettering lettering = new();
    private readonly GlyphCache glyphs = new();
    private readonly Drawing sun, moon;
    private SKImage? parchment, night;
    private float scale;
    private (int Width, int Height) size;

    /// <summary>Ready to draw.</summary>
    public Stage()
    {
        var random = new Random(1);
        HandStyle hand = HandStyle.Careful(random);
        sun = SigilArtist.Draw(new Term(Primitive.Sun), hand, random);
        moon = SigilArtist.Draw(new Term(Primitive.Crescent), hand, random);
    }

    /// <summary>From pixels of a canvas to units of the page.</summary>
    public static Vector2 ToPage(float x, float y, int width, int height)
    {
        float scale = ScaleOf(width, height);
        return new Vector2((x - (width - Game.Width * scale) / 2) / scale, (y - (height - Game.Height * scale) / 2) / scale);
    }

    /// <summary>Draws all of it.</summary>
    public void Draw(SKCanvas canvas, int width, int height, Game game)
    {
        if (size != (width, height)) Resize(width, height);
        canvas.DrawImage(parchment, 0, 0, new SKSamplingOptions(SKFilterMode.Nearest), null);
        canvas.Save();
        canvas.Translate((width - Game.Width * scale) / 2, (height - Game.Height * scale) / 2);
        canvas.Scale(scale);
        var scribe = new Scribe(canvas, lettering, 1);
        switch (game.Page)
        {
            case Page.Title:
                DrawTitle(scribe, game);
                break;
            case Page.Book or Page.Edit:
                new BookPage(scribe, lettering, glyphs, scale, game).Draw();
                break;
            case Page.Verdict:
                DrawVerdict(scribe, game);
                break;
            default:
                new DuelPage(scribe, lettering, glyphs, scale, game, night!).Draw();
                if (game.Page == Page.Pause) DrawPause(scribe, game);
                break;
        }
        if (game.Notice is { } notice) DrawNotice(scribe, notice);
        if (game.ShowsOverlay) new StatusOverlay(scribe, game).Draw();
        canvas.Restore();
    }

    /// <summary>Draws into a bitmap of its own and encodes that as a PNG.</summary>
    public byte[] Png(int width, int height, Game game)
    {
        using SKBitmap picture = Picture(width, height, game);
        return PalettePng.Write(picture);
    }

    /// <summary>Draws into a bitmap, which is the caller's.</summary>
    public SKBitmap Picture(int width, int height, Game game)
    {
        var bitmap = new SKBitmap(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        using var canvas = new SKCanvas(bitmap);
        Draw(canvas, width, height, game);
        return bitmap;
    }

    public void Dispose()
    {
        parchment?.Dispose();
        night?.Dispose();
        glyphs.Dispose();
        lettering.Dispose();
    }

    private static float ScaleOf(int width, int height) => MathF.Max(0.01f, MathF.Min(width / Game.Width, height / Game.Height));

    private void Resize(int width, int height)
    {
        size = (width, height);
        scale = ScaleOf(width, height);
        glyphs.Clear();
        parchment?.Dispose();
        night?.Dispose();
        // Old paper is grainy at its own size: drawn for a page, then stretched.
        using (SKSurface surface = SKSurface.Create(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque)))
        {
            surface.Canvas.Scale(scale);
            Parchment.Lay(surface.Canvas, (int)MathF.Ceiling(width / scale), (int)MathF.Ceiling(height / scale), 1);
            parchment = surface.Snapshot();
        }
        (float left, float top, float right, float bottom) = Game.DuelField;
        using (SKSurface surface = SKSurface.Create(new SKImageInfo((int)MathF.Ceiling((right - left) * scale), (int)MathF.Ceiling((bottom - top) * scale), SKColorType.Rgba8888, SKAlphaType.Opaque)))
        {
            surface.Canvas.Scale(scale);
            surface.Canvas.Translate(-left, -top);
            Night.Fall(surface.Canvas, SKRect.Create(left, top, right - left, bottom - top));
            night = surface.Snapshot();
        }
    }

    private void DrawTitle(Scribe scribe, Game game)
    {
        const float middle = Game.Width / 2;
        glyphs.Ink(scribe.Canvas, scale, sun, SKRect.Create(middle - 62, 70, 124, 124), 5, Parchment.Red);
        scribe.Capitals("Sigils", middle, 282, 112, Parchment.Ink, SKTextAlign.Center);
        scribe.Italic("describe a spell in your own words, draw it, and be understood", middle, 330, 28, Parchment.Faded, SKTextAlign.Center);
        scribe.Rule(middle, 368, 300);
        // The player's own spells around the page.
        IReadOnlyList<SpellPage> pages = game.Grimoire.Pages;
        for (int k = 0; k < pages.Count; k++)
        {
            float x = k % 2 == 0 ? 150 : Game.Width - 150, y = 118 + k / 2 * 142;
            var box = SKRect.Create(x - 58, y - 44, 116, 78);
            if (pages[k].Latest is { } drawing) glyphs.Ink(scribe.Canvas, scale, drawing, box, 3.4f, Parchment.Faded);
            else scribe.Rubric(pages[k].Name[..1], x, y + 22, 64, Parchment.Faded, SKTextAlign.Center);
            scribe.Capitals(pages[k].Name, x, y + 60, 21, Parchment.Ink, SKTextAlign.Center);
        }
        string standing = game.Progress.Duels == 0 ? "a new book, eight spells, no example of any"
            : $"{game.Progress.Duels} {(game.Progress.Duels == 1 ? "duel" : "duels")} fought · best score {game.Progress.Best:N0}";
        scribe.Italic(standing, middle, 418, 24, Parchment.Ink, SKTextAlign.Center);
        DrawMenu(scribe, game, Parchment.Ink);
        scribe.Keys(330, 692, Parchment.Ink, ("Arrows", "choose"), ("Enter", "take"), ("F1", "what it costs"), ("F2", "another device"), ("F5", "save"));
    }

    private void DrawVerdict(Scribe scribe, Game game)
    {
        const float middle = Game.Width / 2;
        bool won = game.Progress.Won;
        glyphs.Ink(scribe.Canvas, scale, won ? sun : moon, SKRect.Create(middle - 56, 62, 112, 112), 5, Parchment.Red);
        scribe.Capitals(won ? "The Seals Held" : "The Seals are Broken", middle, 250, 76, Parchment.Ink, SKTextAlign.Center);
        if (game.Bout is { } bout)
        {
            scribe.Italic(won ? $"All {Duel.RivalCount} rivals met; {bout.Duel.Seals} of {Duel.FullSeals} seals whole." : $"{bout.Duel.Struck} rivals struck before the last seal broke.", middle, 300, 28, Parchment.Faded, SKTextAlign.Center);
            scribe.Rule(middle, 334, 300);
            (string What, string Number)[] sums = [("score", $"{bout.Duel.Score:N0}"), ("best", $"{game.Progress.Best:N0}"), ("sigils", $"{bout.Casts}"), ("corrected", $"{bout.Corrections}"), ("let stand", $"{bout.Confirmations}")];
            for (int i = 0; i < sums.Length; i++)
            {
                float x = middle + (i - (sums.Length - 1) / 2f) * 150;
                scribe.Capitals(sums[i].Number, x, 394, 40, i == 0 ? Parchment.Red : Parchment.Ink, SKTextAlign.Center);
                scribe.Italic(sums[i].What, x, 422, 22, Parchment.Faded, SKTextAlign.Center);
            }
        }
        DrawMenu(scribe, game, Parchment.Ink);
    }

    private void DrawPause(Scribe scribe, Game game)
    {
        using (var veil = new SKPaint { Color = Palette.NightBottom.WithAlpha(190) })
            scribe.Canvas.DrawRect(SKRect.Create(Game.DuelField.Left, Game.DuelField.Top, Game.DuelField.Right - Game.DuelField.Left, Game.DuelField.Bottom - Game.DuelField.Top), veil);
        scribe.Capitals("The Duel Waits", Game.Width / 2, 300, 72, Palette.Cream, SKTextAlign.Center);
        scribe.Italic("no rival comes nearer", Game.Width / 2, 346, 28, Palette.Mist, SKTextAlign.Center);
        DrawMenu(scribe, game, Palette.Cream, lift: 60);
    }

    private static void DrawMenu(Scribe scribe, Game game, SKColor colour, float lift = 0)
    {
        for (int line = 0; line < game.Menu.Count; line++)
        {
            (float x, float y, float _) = Game.MenuLine(line);
            // The pause stands higher, over the duel.
            y = y - lift + 11;
            float width = scribe.Capitals(game.Menu[line], x, y, 34, colour, SKTextAlign.Center);
            if (line != game.Choice) continue;
            scribe.Lozenge(x - width / 2 - 26, y - 10, 8, Parchment.Red);
            scribe.Lozenge(x + width / 2 + 26, y - 10, 8, Parchment.Red);
            scribe.HandLine(x - width / 2, y + 9, x + width / 2, y + 9, 1.6f, colour, 40 + line);
        }
    }

    private void DrawNotice(Scribe scribe, string notice)
    {
        List<string> lines = Lettering.Wrap(notice, lettering.ItalicOf(24), 860);
        float height = 24 + 29 * lines.Count, top = 92;
        var box = SKRect.Create(Game.Width / 2 - 470, top, 940, height);
        using (SKMaskFilter soft = SKMaskFilter.CreateBlur(SKBlurStyle.Normal, 7))
        using (var shadow = new SKPaint { Color = SKColors.Black.WithAlpha(90), MaskFilter = soft })
            scribe.Canvas.DrawRect(box, shadow);
        using (var paper = new SKPaint { Color = Parchment.Paper })
            scribe.Canvas.DrawRect(box, paper);
        scribe.Border(box, 77, Parchment.Red);
        for (int i = 0; i < lines.Count; i++) scribe.Italic(lines[i], Game.Width / 2, top + 33 + 29 * i, 24, Parchment.Ink, SKTextAlign.Center);
    }
}
