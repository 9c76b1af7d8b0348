using System.Numerics;
using SkiaSharp;

namespace OnDeviceLearning.Demo;

/// <summary>A duel: the night with its rivals, the sigil that is being drawn, what the last one was read as, the spells and their keys.</summary>
internal sealed class DuelPage(Scribe scribe, Lettering lettering, GlyphCache glyphs, float scale, Game game, SKImage night)
{
    private const int StruckTicks = 40, BrokeTicks = 50, FadingTicks = 70;
    private static readonly SKRect Field = new(Game.DuelField.Left, Game.DuelField.Top, Game.DuelField.Right, Game.DuelField.Bottom);
    private readonly SKCanvas canvas = scribe.Canvas;
    private readonly IReadOnlyList<SpellPage> pages = game.Grimoire.Pages;

    public void Draw()
    {
        if (game.Bout is not { } bout) return;
        DrawHead(bout.Duel);
        canvas.DrawImage(night, Field, new SKSamplingOptions(SKFilterMode.Linear), null);
        canvas.Save();
        canvas.ClipRect(Field);
        DrawRivals(bout.Duel);
        DrawLast(bout);
        DrawInk();
        canvas.Restore();
        scribe.Border(SKRect.Inflate(Field, 3, 3), 60, Parchment.Ink);
        DrawReading(bout);
        DrawShelf(bout);
    }

    private void DrawHead(Duel duel)
    {
        float x = 40;
        x += scribe.Capitals($"Duel {duel.Number}", x, 48, 32, Parchment.Ink) + 26;
        int left = Duel.RivalCount - duel.Struck - (Duel.FullSeals - duel.Seals);
        scribe.Italic($"{left} to come", x, 46, 24, Parchment.Faded);
        for (int i = 0; i < Duel.FullSeals; i++) DrawSealOfWax(Game.Width / 2 + (i - 1) * 56, 37, whole: i < duel.Seals);
        float right = Game.Width - 40;
        float width = scribe.Capitals($"{duel.Score:N0}", right, 48, 36, Parchment.Ink, SKTextAlign.Right);
        if (duel.Chain > 1) scribe.Italic($"×{duel.Chain}", right - width - 18, 47, 28, Parchment.Red, SKTextAlign.Right);
    }

    private void DrawSealOfWax(float x, float y, bool whole)
    {
        using var wax = new SKPaint { Color = whole ? Parchment.Red : Parchment.Faded.WithAlpha(150), IsAntialias = true, Style = whole ? SKPaintStyle.Fill : SKPaintStyle.Stroke, StrokeWidth = 1.8f };
        using SKPathEffect blobby = SKPathEffect.CreateDiscrete(9, 1.6f, 3);
        wax.PathEffect = blobby;
        canvas.DrawCircle(x, y, 18, wax);
        if (whole)
        {
            scribe.Lozenge(x, y, 9, Parchment.Paper.WithAlpha(190));
            scribe.Lozenge(x, y, 6, Parchment.Red);
        }
        else scribe.HandLine(x - 12, y + 12, x + 11, y - 13, 2, Parchment.Faded, 3);
    }

    /// <summary>Where a rival stands, and how large it is, by its distance.</summary>
    internal static (SKPoint At, float Radius) Place(in Rival rival)
    {
        float near = 1 - Math.Clamp(rival.Distance, 0, 1), walk = MathF.Pow(near, 1.35f);
        return (new SKPoint(Field.MidX + rival.Lane * (190 + 330 * walk), Field.Top + 92 + 276 * walk), 32 + 46 * walk);
    }

    private void DrawRivals(Duel duel)
    {
        int foremost = duel.Foremost();
        // Far ones first: near ones stand before them.
        for (int k = duel.Rivals.Length - 1; k >= 0; k--)
        {
            ref readonly Rival rival = ref duel.Rivals[k];
            int age = duel.Ticks - rival.Since;
            switch (rival.Fate)
            {
                case RivalFate.Approaching:
                    DrawRival(rival, k == foremost, age);
                    break;
                case RivalFate.Struck when age < StruckTicks:
                    DrawStruck(rival, age / (float)StruckTicks);
                    break;
                case RivalFate.BrokeThrough when age < BrokeTicks:
                    DrawBroke(rival, age / (float)BrokeTicks);
                    break;
            }
        }
    }

    private void DrawRival(in Rival rival, bool isForemost, int age)
    {
        if (rival.Spell >= pages.Count) return;
        SpellPage page = pages[rival.Spell];
        (SKPoint at, float radius) = Place(rival);
        at.Y += 3 * MathF.Sin((duelTicks + 40 * rival.Lane) / 23f);
        bool isNear = rival.Distance < 0.35f;
        byte alpha = (byte)(255 * Math.Clamp(age / 30f, 0, 1));
        glyphs.Seal(canvas, scale, lettering, page.Latest, page.Name, at, radius, isNear ? Palette.Vermilion : Palette.Sky, isNear, alpha);
        float below = at.Y + radius * 1.28f + 20;
        scribe.Capitals(page.Name, at.X, below, isForemost ? 27 : 22, Palette.Cream.WithAlpha(alpha), SKTextAlign.Center);
        if (isForemost) scribe.Lines($"“{page.Words}”", at.X, below + 25, 20, 330, Palette.Mist.WithAlpha(alpha), SKTextAlign.Center, most: 2);
    }

    private readonly int duelTicks = game.Ticks;

    private void DrawStruck(in Rival rival, float t)
    {
        (SKPoint at, float radius) = Place(rival);
        byte alpha = (byte)(255 * (1 - t) * (1 - t));
        if (rival.Spell < pages.Count) glyphs.Seal(canvas, scale, lettering, pages[rival.Spell].Latest, pages[rival.Spell].Name, at, radius * (1 + 0.25f * t), Palette.Gold, false, alpha);
        using var ring = new SKPaint { Color = Palette.Gold.WithAlpha(alpha), IsAntialias = true, Style = SKPaintStyle.Stroke, StrokeWidth = 5 * (1 - t) + 0.5f };
        canvas.DrawCircle(at, radius * (1.2f + 1.3f * t), ring);
        var random = new Random(rival.Since);
        using var spark = new SKPaint { Color = Palette.Cream.WithAlpha(alpha), IsAntialias = true };
        for (int i = 0; i < 18; i++)
        {
            float angle = random.NextSingle() * MathF.Tau, reach = radius * (1 + (0.6f + 1.6f * random.NextSingle()) * t);
            canvas.DrawCircle(at.X + reach * MathF.Cos(angle), at.Y + reach * MathF.Sin(angle) + 26 * t * t, 2.6f * (1 - t), spark);
        }
    }

    private void DrawBroke(in Rival rival, float t)
    {
        (SKPoint at, float radius) = Place(rival);
        using (SKShader flash = SKShader.CreateRadialGradient(at, 460, [Palette.Vermilion.WithAlpha((byte)(170 * (1 - t))), Palette.Vermilion.WithAlpha(0)], SKShaderTileMode.Clamp))
        using (var paint = new SKPaint { Shader = flash })
            canvas.DrawRect(Field, paint);
        using var cross = new SKPaint { Color = Palette.Vermilion.WithAlpha((byte)(255 * (1 - t))), IsAntialias = true, Style = SKPaintStyle.Stroke, StrokeWidth = 8, StrokeCap = SKStrokeCap.Round };
        float r = radius * (0.7f + 0.4f * t);
        canvas.DrawLine(at.X - r, at.Y - r, at.X + r, at.Y + r, cross);
        canvas.DrawLine(at.X - r, at.Y + r, at.X + r, at.Y - r, cross);
    }

    /// <summary>The sigil cast last: it fades where it was drawn, and a thread of light runs to what it struck.</summary>
    private void DrawLast(Bout bout)
    {
        if (bout.Last is not { } last || last.Glimpse.Drawing is null) return;
        float t = (bout.Duel.Ticks - last.Tick) / (float)FadingTicks;
        if (t >= 1) return;
        bool misread = last.Rival < 0 && last.Meant < 0;
        SKColor colour = misread ? Palette.Vermilion : Palette.Gold;
        byte alpha = (byte)(230 * (1 - t));
        using var layer = new SKPaint { Color = SKColors.White.WithAlpha(alpha) };
        canvas.SaveLayer(Field, layer);
        using (SKPath path = GlyphCache.PathOf(last.Glimpse.Drawing.Strokes)) GlyphCache.Glow(canvas, path, colour, 4.5f);
        canvas.Restore();
        if (last.Rival < 0 || t > 0.5f) return;
        (Vector2 low, Vector2 high) = GlyphCache.BoundsOf(last.Glimpse.Drawing);
        (SKPoint at, float _) = Place(bout.Duel.Rivals[last.Rival]);
        using var thread = new SKPaint { Color = Palette.Gold.WithAlpha((byte)(200 * (1 - 2 * t))), IsAntialias = true, Style = SKPaintStyle.Stroke, StrokeWidth = 3, BlendMode = SKBlendMode.Plus };
        using SKPathEffect crackle = SKPathEffect.CreateDiscrete(16, 5, (uint)(bout.Duel.Ticks / 3));
        thread.PathEffect = crackle;
        canvas.DrawLine((low.X + high.X) / 2, (low.Y + high.Y) / 2, at.X, at.Y, thread);
    }

    private void DrawInk()
    {
        if (!game.Quill.IsEmpty)
        {
            using SKPath path = GlyphCache.PathOf(game.Quill.Strokes);
            GlyphCache.Glow(canvas, path, Palette.Gold, 5.5f);
        }
        if (!game.BrushIsOut) return;
        using var ring = new SKPaint { Color = Palette.Cream, IsAntialias = true, Style = SKPaintStyle.Stroke, StrokeWidth = 1.6f };
        canvas.DrawCircle(game.Brush.X, game.Brush.Y, game.Quill.IsDown ? 5 : 9, ring);
    }

    private void DrawReading(Bout bout)
    {
        const float y = 552;
        if (bout.Last is { } last && (last.IsOpen || bout.Duel.Ticks - last.Tick < Bout.WindowTicks) && last.Glimpse.Spell >= 0 && last.Glimpse.Spell < pages.Count)
        {
            string read = pages[last.Glimpse.Spell].Name;
            if (last.Meant >= 0 && last.Meant != last.Glimpse.Spell && last.Meant < pages.Count)
                scribe.Italic($"it was {pages[last.Meant].Name}, not {read}: the book learns", Field.MidX, y, 25, Palette.Gold, SKTextAlign.Center);
            else if (last.Rival >= 0)
                scribe.Italic($"read as {read}, {last.Glimpse.Sure:P0} sure", Field.MidX, y, 25, Palette.Cream, SKTextAlign.Center);
            else
                scribe.Italic($"read as {read}, {last.Glimpse.Sure:P0} sure: none here. Press the number of what it was", Field.MidX, y, 25, Palette.Vermilion, SKTextAlign.Center);
        }
        else if (bout.Casts == 0 && game.Quill.IsEmpty)
            scribe.Italic("draw the nearest rival’s sigil, and lift the pen", Field.MidX, y, 25, Palette.Mist, SKTextAlign.Center);
    }

    private void DrawShelf(Bout bout)
    {
        const float top = 586, height = 112, gap = 8;
        float width = (Field.Width - gap * (pages.Count - 1)) / pages.Count;
        LastCast? last = bout.Last is { } l && bout.Duel.Ticks - l.Tick < Bout.WindowTicks ? l : null;
        for (int k = 0; k < pages.Count; k++)
        {
            var card = SKRect.Create(Field.Left + k * (width + gap), top, width, height);
            bool isRead = last?.Glimpse.Spell == k, isMeant = last is { Meant: >= 0 } && last.Meant == k;
            using (var paper = new SKPaint { Color = Parchment.Paper.WithAlpha((byte)(isRead || isMeant ? 230 : 120)) })
                canvas.DrawRect(card, paper);
            using (var edge = new SKPaint { Color = isMeant ? Palette.PageBlue : isRead ? Parchment.Red : Parchment.Ink.WithAlpha(150), IsAntialias = true, Style = SKPaintStyle.Stroke, StrokeWidth = isRead || isMeant ? 3 : 1.2f })
                canvas.DrawRect(card, edge);
            scribe.Key($"{k + 1}", card.Left + 8, card.Top + 27, Parchment.Ink);
            if (last is not null) scribe.Italic($"{last.Probabilities[k]:P0}", card.Right - 8, card.Top + 27, 19, Parchment.Faded, SKTextAlign.Right);
            if (pages[k].Latest is { } drawing) glyphs.Ink(canvas, scale, drawing, SKRect.Create(card.MidX - 40, card.Top + 32, 80, 46), 2.4f, Parchment.Ink);
            else scribe.Rubric(pages[k].Name[..1], card.MidX, card.Top + 70, 40, Parchment.Faded, SKTextAlign.Center);
            scribe.Capitals(pages[k].Name, card.MidX, card.Bottom - 11, MathF.Min(23, 2.1f * width / Math.Max(6, pages[k].Name.Length)), Parchment.Ink, SKTextAlign.Center);
        }
    }
}
