using SkiaSharp;

namespace OnDeviceLearning.Demo;

/// <summary>
/// The open spellbook: all spells on the left; in the middle the page with its words, drawings and confidence; on the right
/// what is confused with what, and a field to try a sigil in.
/// </summary>
internal sealed class BookPage(Scribe scribe, Lettering lettering, GlyphCache glyphs, float scale, Game game)
{
    private const float Left = 336, Right = 900, Aside = 936, AsideRight = 1226, Bottom = 640;
    private const double HalfUnderstood = 0.5;
    private readonly SKCanvas canvas = scribe.Canvas;
    private readonly IReadOnlyList<SpellPage> pages = game.Grimoire.Pages;
    private readonly SpellPage page = game.Grimoire.Pages[Math.Min(game.Selected, game.Grimoire.Pages.Count - 1)];
    private readonly bool isNew = game.Page == Page.Edit && game.Editing is EditField.NewName or EditField.NewWords;
    private readonly bool isWriting = game.Page == Page.Edit;

    public void Draw()
    {
        scribe.Capitals("The Spellbook", 44, 76, 50, Parchment.Ink);
        scribe.HandLine(44, 96, Game.Width - 44, 96, 2.2f, Parchment.Ink, 11);
        scribe.HandLine(44, 102, Game.Width - 44, 102, 0.9f, Parchment.Ink, 12);
        DrawList();
        float y = DrawName();
        y = DrawWords(y);
        DrawDrawings(MathF.Max(y + 8, 348));
        DrawConfidence(MathF.Max(y + 150, 498));
        DrawConfusions();
        DrawTrial();
        DrawKeys();
    }

    private void DrawList()
    {
        for (int k = 0; k < pages.Count; k++)
        {
            (float x, float y) = Game.ListLine(k);
            bool open = k == game.Selected && !isNew;
            if (open)
            {
                using var light = new SKPaint { Color = Parchment.Paper.WithAlpha(170) };
                canvas.DrawRect(SKRect.Create(x - 20, y - 36, 262, 52), light);
                scribe.Lozenge(x - 20, y - 10, 7, Parchment.Red);
            }
            scribe.Key($"{k + 1}", x, y, Parchment.Ink);
            scribe.Capitals(pages[k].Name, x + 36, y + 1, 27, Parchment.Ink);
            if (pages[k].Latest is { } drawing) glyphs.Ink(canvas, scale, drawing, SKRect.Create(x + 176, y - 32, 60, 42), 2, Parchment.Faded);
        }
    }

    private float DrawName()
    {
        string name = isNew ? game.Editing == EditField.NewName ? game.Draft : game.NewName : game.Page == Page.Edit && game.Editing == EditField.Name ? game.Draft : page.Name;
        bool named = isWriting && game.Editing is EditField.Name or EditField.NewName;
        if (name.Length > 0) scribe.Rubric(name, Left, 152, 46, Parchment.Ink);
        else if (named) scribe.Italic("its name", Left, 152, 36, Parchment.Faded.WithAlpha(140));
        if (named) DrawCaret(Left + lettering.CapitalsOf(46).MeasureText(name.AsSpan(0, Math.Min(game.Caret, name.Length))), 152, 40);
        else if (!isNew && page.Casts > 0) scribe.Italic($"{page.Casts} casts, {page.Misread} misread", Right, 150, 22, Parchment.Faded, SKTextAlign.Right);
        return 166;
    }

    /// <summary>The words, with what the book does not know underlined; returns the y below them.</summary>
    private float DrawWords(float top)
    {
        bool written = isWriting && game.Editing is EditField.Words or EditField.NewWords;
        string text = written ? game.Draft : isNew ? "" : page.Words;
        SKFont font = lettering.ItalicOf(26);
        var block = new TextBlock(text, font, Right - Left - 24);
        float height = 31 * Math.Max(1, block.LineCount) + 18;
        if (written)
        {
            using var light = new SKPaint { Color = Parchment.Paper.WithAlpha(190) };
            canvas.DrawRect(SKRect.Create(Left - 6, top, Right - Left + 12, height), light);
            scribe.Border(SKRect.Create(Left - 6, top, Right - Left + 12, height), 90, Parchment.Ink);
        }
        float first = top + 32;
        for (int i = 0; i < block.LineCount; i++) scribe.Italic(block.Line(i).ToString(), Left + 6, first + 31 * i, 26, Parchment.Ink);
        if (text.Length == 0 && isWriting) scribe.Italic("what does its sigil look like?", Left + 6, first, 26, Parchment.Faded.WithAlpha(140));
        DescriptionReading? reading = written ? game.DraftReading : isNew ? null : page.Reading;
        if (reading is not null)
            foreach ((WordReading word, int start, int length) in TextBlock.Find(text, reading)) Underline(block, word, start, length, first);
        if (written)
        {
            (int line, float x) = block.Place(Math.Min(game.Caret, text.Length));
            DrawCaret(Left + 6 + x, first + 31 * line, 26);
        }
        return reading is null ? top + height + 22 : DrawUnderstood(reading, top + height + 22);
    }

    private void Underline(TextBlock block, WordReading word, int start, int length, float first)
    {
        bool unknown = word.Certainty <= 0, half = word.Certainty < HalfUnderstood || word.ReadAs is not null;
        if (!unknown && !half) return;
        (int line, float x) = block.Place(start);
        (int lastLine, float end) = block.Place(start + length);
        if (lastLine != line) end = x + 30;
        float y = first + 31 * line + 6;
        using var paint = new SKPaint { Color = unknown ? Parchment.Red : Palette.PageBlue, IsAntialias = true, Style = SKPaintStyle.Stroke, StrokeWidth = 2.2f };
        if (!unknown)
        {
            // Half understood: dotted.
            using SKPathEffect dots = SKPathEffect.CreateDash([2.5f, 4], 0);
            paint.PathEffect = dots;
            canvas.DrawLine(Left + 6 + x, y, Left + 6 + end, y, paint);
            return;
        }
        using var builder = new SKPathBuilder();
        builder.MoveTo(Left + 6 + x, y);
        for (float step = 4, up = -3; x + step <= end + 2; step += 4, up = -up) builder.LineTo(Left + 6 + x + step, y + up);
        using SKPath wave = builder.Detach();
        canvas.DrawPath(wave, paint);
    }

    private float DrawUnderstood(DescriptionReading reading, float y)
    {
        string[] unknown = [.. reading.Words.Where(w => w.Certainty <= 0).Select(w => w.Word).Distinct()];
        string[] others = [.. reading.Words.Where(w => w.ReadAs is not null).Select(w => $"{w.Word} as {w.ReadAs}").Distinct()];
        float x = Left + scribe.Italic($"understood {reading.Understood:P0}", Left, y, 21, Parchment.Faded) + 14;
        using (var rule = new SKPaint { Color = Parchment.Ink.WithAlpha(120), IsAntialias = true, Style = SKPaintStyle.Stroke })
            canvas.DrawRect(x, y - 12, 110, 10, rule);
        scribe.HandBar(x, y - 12, 110 * (float)reading.Understood, 10, Parchment.Ink, 5);
        x += 128;
        string said = string.Join("; ", new[] { unknown.Length > 0 ? "not known: " + string.Join(", ", unknown) : "", others.Length > 0 ? "read: " + string.Join(", ", others) : "" }.Where(s => s.Length > 0));
        if (said.Length > 0) scribe.Italic(Fit(said, 21, Right - x), x, y, 21, Parchment.Red);
        return y + 8;
    }

    private void DrawDrawings(float top)
    {
        if (isNew) return;
        scribe.Capitals("drawings it learnt from", Left, top + 14, 24, Parchment.Ink);
        if (page.Drawings.Count == 0) scribe.Italic("none yet: it is known by its words alone", Left, top + 56, 23, Parchment.Faded);
        int n = page.Drawings.Count, columns = Math.Max(8, (n + 1) / 2);
        float cell = (Right - Left) / columns;
        for (int i = 0; i < n; i++)
            glyphs.Ink(canvas, scale, page.Drawings[i], SKRect.Create(Left + i % columns * cell + 4, top + 24 + i / columns * 54, cell - 8, 50), 2.4f, Parchment.Ink);
    }

    private void DrawConfidence(float top)
    {
        if (isNew) return;
        scribe.Capitals("how sure the book was", Left, top + 14, 24, Parchment.Ink);
        var chart = new SKRect(Left, top + 26, Right, Bottom - 6);
        using (var rule = new SKPaint { Color = Parchment.Ink.WithAlpha(90), IsAntialias = true, Style = SKPaintStyle.Stroke, StrokeWidth = 1 })
            foreach (float share in new[] { 0f, 0.5f, 1f }) canvas.DrawLine(chart.Left, chart.Bottom - share * chart.Height, chart.Right, chart.Bottom - share * chart.Height, rule);
        IReadOnlyList<float> sure = page.Confidence;
        if (sure.Count == 0)
        {
            scribe.Italic("not cast yet", chart.MidX, chart.MidY + 7, 23, Parchment.Faded, SKTextAlign.Center);
            return;
        }
        float step = sure.Count < 2 ? 0 : MathF.Min(40, chart.Width / (sure.Count - 1));
        using var line = new SKPaint { Color = Parchment.Ink, IsAntialias = true, Style = SKPaintStyle.Stroke, StrokeWidth = 2 };
        using var right = new SKPaint { Color = Parchment.Ink, IsAntialias = true };
        using var wrong = new SKPaint { Color = Parchment.Red, IsAntialias = true, Style = SKPaintStyle.Stroke, StrokeWidth = 2.2f };
        for (int i = 0; i < sure.Count; i++)
        {
            var at = new SKPoint(chart.Left + 6 + i * step, chart.Bottom - sure[i] * chart.Height);
            if (i > 0) canvas.DrawLine(chart.Left + 6 + (i - 1) * step, chart.Bottom - sure[i - 1] * chart.Height, at.X, at.Y, line);
            if (sure[i] >= 0.5f) canvas.DrawCircle(at, 4, right);
            else canvas.DrawCircle(at, 4.5f, wrong);
        }
    }

    /// <summary>A row for each spell that was drawn, a column for each it may be taken for; the larger the dot, the likelier.</summary>
    private void DrawConfusions()
    {
        const float top = 150, grid = 176;
        scribe.Capitals("taken for one another", Aside, 132, 24, Parchment.Ink);
        int n = pages.Count;
        float cell = grid / n, left = AsideRight - grid;
        using var rule = new SKPaint { Color = Parchment.Ink.WithAlpha(50), IsAntialias = true, Style = SKPaintStyle.Stroke, StrokeWidth = 1 };
        using var dot = new SKPaint { IsAntialias = true };
        for (int row = 0; row < n; row++)
        {
            float y = top + (row + 0.5f) * cell;
            bool open = row == game.Selected;
            scribe.Italic(Fit(pages[row].Name, 19, left - Aside - 8), left - 8, y + 6, 19, open ? Parchment.Red : Parchment.Ink, SKTextAlign.Right);
            canvas.DrawLine(left, y, AsideRight, y, rule);
            for (int column = 0; column < n; column++)
            {
                float share = game.Notes[row, column], x = left + (column + 0.5f) * cell;
                if (row == 0)
                {
                    canvas.DrawLine(x, top, x, top + grid, rule);
                    scribe.Capitals($"{column + 1}", x, top + grid + 16, 16, Parchment.Faded, SKTextAlign.Center);
                }
                dot.Style = game.Notes.IsFromDrawings(row) ? SKPaintStyle.Fill : SKPaintStyle.Stroke;
                dot.StrokeWidth = 1.6f;
                dot.Color = row == column ? Parchment.Ink : Parchment.Red;
                if (share > 0.02f) canvas.DrawCircle(x, y, 0.46f * cell * MathF.Sqrt(share), dot);
            }
        }
        scribe.Italic(game.Notes.IsCurrent ? "filled: by drawings · hollow: by words" : "reading the drawings again…", AsideRight, top + grid + 38, 18, Parchment.Faded, SKTextAlign.Right);
    }

    private void DrawTrial()
    {
        (float left, float top, float right, float bottom) = Game.TrialField;
        var field = new SKRect(left, top, right, bottom);
        scribe.Frame(field, 31, 150);
        if (game.Trial is { } trial && game.Quill.IsEmpty)
        {
            using (SKPath path = GlyphCache.PathOf(trial.Drawing.Strokes))
            using (var ink = new SKPaint { Color = Parchment.Ink, IsAntialias = true, Style = SKPaintStyle.Stroke, StrokeWidth = 4, StrokeCap = SKStrokeCap.Round, StrokeJoin = SKStrokeJoin.Round })
                canvas.DrawPath(path, ink);
            if (trial.Spell >= 0 && trial.Spell < pages.Count)
                scribe.Italic($"read as {pages[trial.Spell].Name}, {trial.Sure:P0} sure", field.MidX, bottom - 14, 22, trial.Unknown ? Parchment.Red : Parchment.Ink, SKTextAlign.Center);
        }
        else if (game.Quill.IsEmpty) scribe.Italic("try a sigil here", field.MidX, field.MidY, 24, Parchment.Faded, SKTextAlign.Center);
        if (!game.Quill.IsEmpty)
        {
            using SKPath path = GlyphCache.PathOf(game.Quill.Strokes);
            using var ink = new SKPaint { Color = Parchment.Ink, IsAntialias = true, Style = SKPaintStyle.Stroke, StrokeWidth = 4.4f, StrokeCap = SKStrokeCap.Round, StrokeJoin = SKStrokeJoin.Round };
            canvas.DrawPath(path, ink);
        }
        if (!game.BrushIsOut) return;
        using var ring = new SKPaint { Color = Parchment.Red, IsAntialias = true, Style = SKPaintStyle.Stroke, StrokeWidth = 1.6f };
        canvas.DrawCircle(game.Brush.X, game.Brush.Y, game.Quill.IsDown ? 4 : 8, ring);
    }

    private void DrawKeys()
    {
        scribe.HandLine(44, Bottom + 20, Game.Width - 44, Bottom + 20, 0.9f, Parchment.Ink, 13);
        if (isWriting) scribe.Keys(62, 692, Parchment.Ink, ("Enter", "write it down"), ("Esc", "leave it as it was"), ("Home", "first letter"), ("End", "last letter"));
        else scribe.Keys(62, 692, Parchment.Ink, ("Up Down", "turn"), ("Enter", "rewrite"), ("R", "rename"), ("N", "new spell"), ("Del", "take out"), ("Left Right", "brush"), ("1–9", "it was"), ("Esc", "close"));
    }

    private void DrawCaret(float x, float y, float height)
    {
        if (game.Ticks / 30 % 2 == 1) return;
        using var caret = new SKPaint { Color = Parchment.Red, IsAntialias = true, StrokeWidth = 2.4f, Style = SKPaintStyle.Stroke };
        canvas.DrawLine(x + 1, y - 0.8f * height, x + 1, y + 0.22f * height, caret);
    }

    private string Fit(string text, float size, float width)
    {
        SKFont font = lettering.ItalicOf(size);
        if (font.MeasureText(text) <= width) return text;
        while (text.Length > 1 && font.MeasureText(text + "…") > width) text = text[..^1];
        return text + "…";
    }
}
