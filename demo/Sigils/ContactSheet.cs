using System.Globalization;
using OnDeviceLearning.Sigils;
using SkiaSharp;

namespace OnDeviceLearning.Demo;

/// <summary>The picture of the tour: every spell's drawing with the words it was matched by, before and after.</summary>
internal sealed class ContactSheet
{
    private const int Columns = 4, Margin = 92, Gutter = 34, Width = 1800;
    private const float CardWidth = (Width - 2 * Margin - (Columns - 1) * Gutter) / (float)Columns;
    private const float FirstCard = 574, SecondCard = 646, RowGap = 40, SectionGap = 34, SectionHead = 142, Title = 312, Footer = 150;

    private readonly SKCanvas canvas;
    private readonly Lettering lettering;
    private readonly InkPen pen;
    private readonly Tour tour;
    private readonly int seed;

    private ContactSheet(SKCanvas canvas, Lettering lettering, Tour tour, int seed)
    {
        this.canvas = canvas;
        this.lettering = lettering;
        this.tour = tour;
        this.seed = seed;
        pen = new InkPen(canvas);
    }

    /// <summary>Draws the sheet and writes it as a PNG.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(Tour tour, int seed, string file)
    {
        float height = Title + SectionHead + Rows(tour.First) * (FirstCard + RowGap) + SectionGap + SectionHead + Rows(tour.Second) * (SecondCard + RowGap) + Footer;
        var info = new SKImageInfo(Width, (int)height, SKColorType.Rgba8888, SKAlphaType.Opaque);
        using SKSurface surface = SKSurface.Create(info);
        using var lettering = new Lettering();
        Parchment.Lay(surface.Canvas, info.Width, info.Height, seed);
        new ContactSheet(surface.Canvas, lettering, tour, seed).Draw(info.Height);
        using SKPixmap pixels = surface.PeekPixels()!;
        using SKData png = pixels.Encode(new SKPngEncoderOptions(SKPngEncoderFilterFlags.AllFilters, 7))!;
        using FileStream stream = File.Create(file);
        png.SaveTo(stream);
    }

    private static int Rows(SpellSet set) => (set.Spells.Length + Columns - 1) / Columns;

    private void Draw(int height)
    {
        DrawTitle();
        float y = Title;
        DrawSectionHead(y, "I", "Read at First Sight",
            "Eight spells in the player’s own words. The book was shown",
            $"no example of any, and read {Count(tour.First.Before)} drawings right.");
        y += SectionHead;
        for (int s = 0; s < tour.First.Spells.Length; s++)
            DrawFirstCard(Place(s, y, FirstCard), tour.First, s);
        y += Rows(tour.First) * (FirstCard + RowGap) + SectionGap;
        DrawSectionHead(y, "II", "Learnt by Correction",
            "Eight easily mistaken, from a careless hand, one hardly described at all.",
            $"{Count(tour.Second.Before)} read right; {Count(tour.Second.After)} after {tour.Corrections} corrections and {tour.Confirmations} confirmations.");
        y += SectionHead;
        for (int s = 0; s < tour.Second.Spells.Length; s++)
            DrawSecondCard(Place(s, y, SecondCard), tour.Second, s);
        DrawFooter(height);
    }

    private static string Count(Reading[][] readings) => $"{readings.Sum(r => r.Count(x => x.Right))} of {readings.Sum(r => r.Length)}";

    private static SKRect Place(int index, float top, float cardHeight) =>
        SKRect.Create(Margin + index % Columns * (CardWidth + Gutter), top + index / Columns * (cardHeight + RowGap), CardWidth, cardHeight);

    private void DrawTitle()
    {
        const float middle = Width / 2f;
        using SKFont large = lettering.Capitals(104), small = lettering.Italic(38);
        Text("A Grimoire of Sigils", middle, 158, large, Parchment.Ink, SKTextAlign.Center);
        Text("described in words, read at first sight, learnt by correction", middle, 222, small, Parchment.Faded, SKTextAlign.Center);
        // Drawn by the same hand as the spells.
        var random = new Random(seed);
        HandStyle hand = HandStyle.Careful(random);
        float reach = large.MeasureText("A Grimoire of Sigils") / 2 + 118;
        pen.Draw(SigilArtist.Draw(new Term(Primitive.Sun), hand, random), new SKPoint(middle - reach, 130), new SKSize(104, 104), 4.4f, Parchment.Red, seed);
        pen.Draw(SigilArtist.Draw(new Term(Primitive.Crescent), hand, random), new SKPoint(middle + reach, 130), new SKSize(104, 104), 4.4f, Parchment.Red, seed + 1);
        Rule(middle, 262, 420);
    }

    private void DrawSectionHead(float top, string number, string title, string line, string second)
    {
        using SKFont heading = lettering.Capitals(58), text = lettering.Italic(30);
        float y = top + 54;
        float width = heading.MeasureText(number + "  ");
        Text(number, Margin, y, heading, Parchment.Red, SKTextAlign.Left);
        Text(title, Margin + width, y, heading, Parchment.Ink, SKTextAlign.Left);
        Text(line, Width - Margin, y - 26, text, Parchment.Ink, SKTextAlign.Right);
        Text(second, Width - Margin, y + 12, text, Parchment.Ink, SKTextAlign.Right);
        HandLine(Margin, y + 38, Width - Margin, y + 38, 2.6f, Parchment.Ink, 11);
        HandLine(Margin, y + 45, Width - Margin, y + 45, 1.1f, Parchment.Ink, 12);
    }

    private void DrawFirstCard(SKRect card, SpellSet set, int s)
    {
        Reading[] readings = set.Before[s];
        float y = DrawHead(card, set, s, readings[0].Drawing);
        y = DrawReading(card, y, "", readings[0], 0);
        // The other times it was drawn.
        float step = (card.Width - 60) / (readings.Length - 1);
        for (int i = 1; i < readings.Length; i++)
            pen.Draw(readings[i].Drawing, new SKPoint(card.Left + 30 + (i - 0.5f) * step, card.Bottom - 48), new SKSize(68, 52), 2.2f,
                readings[i].Right ? Parchment.Faded : Parchment.Red, seed + 31 * s + i);
    }

    private void DrawSecondCard(SKRect card, SpellSet set, int s)
    {
        Reading[] before = set.Before[s], after = set.After[s];
        // The first that was misread, if any was; the tally below tells how typical it is.
        int shown = Math.Max(0, Array.FindIndex(before, r => !r.Right));
        float y = DrawHead(card, set, s, before[shown].Drawing);
        y = DrawReading(card, y, "before", before[shown], 1);
        DrawReading(card, y, "after", after[shown], 2);
        DrawTally(card, before, after);
    }

    /// <summary>Frame, drawing, name and words; returns where the card goes on.</summary>
    private float DrawHead(SKRect card, SpellSet set, int s, Drawing drawing)
    {
        Spell spell = set.Spells[s];
        Frame(card, s + 17);
        pen.Draw(drawing, new SKPoint(card.MidX, card.Top + 146), new SKSize(264, 200), 7f, Parchment.Ink, seed + 101 * s);

        using SKFont name = lettering.Capitals(46), words = lettering.Italic(29);
        float y = card.Top + 308;
        // A rubricated initial.
        string initial = spell.Name[..1];
        float start = card.MidX - name.MeasureText(spell.Name) / 2;
        Text(initial, start, y, name, Parchment.Red, SKTextAlign.Left);
        Text(spell.Name[1..], start + name.MeasureText(initial), y, name, Parchment.Ink, SKTextAlign.Left);
        List<string> lines = Lettering.Wrap($"“{spell.Description}”", words, card.Width - 44);
        y += 48 + (lines.Count == 1 ? 14 : 0);
        foreach (string line in lines.Take(2))
        {
            Text(line, card.MidX, y, words, Parchment.Ink, SKTextAlign.Center);
            y += 34;
        }
        return card.Top + 444;
    }

    /// <summary>What it was matched with, and a bar: ink for the spell that was meant, red for the one it was taken for.</summary>
    private float DrawReading(SKRect card, float y, string when, Reading reading, int variety)
    {
        using SKFont label = lettering.Capitals(25), italic = lettering.Italic(25);
        float left = card.Left + 26, right = card.Right - 26;
        SKColor colour = reading.Right ? Parchment.Ink : Parchment.Red;
        string taken = when.Length == 0 ? "read as " : when + ": ";
        Text(taken, left, y, italic, Parchment.Faded, SKTextAlign.Left);
        Text(reading.Label, left + italic.MeasureText(taken), y, label, colour, SKTextAlign.Left);
        Text(Percent(reading.Probability), right, y, label, colour, SKTextAlign.Right);

        float top = y + 12, width = right - left;
        const float thick = 11;
        float meant = width * Math.Clamp(reading.Confidence, 0, 1);
        float wrong = reading.Right ? 0 : width * Math.Clamp(reading.Probability, 0, 1);
        HandBar(left, top, wrong, thick, Parchment.Red, variety + 1);
        HandBar(left + wrong, top, meant, thick, Parchment.Ink, variety + 2);
        HandLine(left, top + thick, right, top + thick, 1.2f, Parchment.Ink, variety + 3);
        return y + 58;
    }

    private void DrawTally(SKRect card, Reading[] before, Reading[] after)
    {
        using SKFont label = lettering.Italic(25);
        float y = card.Bottom - 22, left = card.Left + 26, right = card.Right - 26;
        float half = (right - left - 40) / 2;
        Pips(left, y - 8, half, before);
        Pips(right - half, y - 8, half, after);
        Text(Count([before]), left + half / 2, y - 30, label, Parchment.Ink, SKTextAlign.Center);
        Text(Count([after]), right - half / 2, y - 30, label, Parchment.Ink, SKTextAlign.Center);
        HandLine(card.MidX - 11, y - 8, card.MidX + 9, y - 8, 1.6f, Parchment.Faded, 5);
        HandLine(card.MidX + 2, y - 14, card.MidX + 10, y - 8, 1.6f, Parchment.Faded, 6);
        HandLine(card.MidX + 2, y - 2, card.MidX + 10, y - 8, 1.6f, Parchment.Faded, 7);
    }

    /// <summary>A mark for each test drawing: a dot of ink if it was read right, a red ring if not.</summary>
    private void Pips(float left, float y, float width, Reading[] readings)
    {
        float step = width / readings.Length;
        using var right = new SKPaint { Color = Parchment.Ink, IsAntialias = true };
        using var wrong = new SKPaint { Color = Parchment.Red, IsAntialias = true, Style = SKPaintStyle.Stroke, StrokeWidth = 1.8f };
        for (int i = 0; i < readings.Length; i++)
            canvas.DrawCircle(left + (i + 0.5f) * step, y, readings[i].Right ? 4.6f : 3.9f, readings[i].Right ? right : wrong);
    }

    private void DrawFooter(int height)
    {
        using SKFont text = lettering.Italic(29);
        var adapt = new Distribution(tour.Frames.AdaptMilliseconds);
        Rule(Width / 2f, height - 124, 300);
        Text(FormattableString.Invariant($"{tour.Device} · learning takes {Milliseconds(adapt.Median)} of a frame, {Milliseconds(adapt.P99)} at the 99th percentile · first prediction after {tour.ColdStartMilliseconds:F0} ms"),
            Width / 2f, height - 68, text, Parchment.Ink, SKTextAlign.Center);
    }

    private static string Milliseconds(double value) => value < 0.1
        ? (value * 1000).ToString("0", CultureInfo.InvariantCulture) + " µs"
        : value.ToString("0.0#", CultureInfo.InvariantCulture) + " ms";

    private static string Percent(float value) => (100 * value).ToString("0", CultureInfo.InvariantCulture) + "%";

    private void Text(string text, float x, float y, SKFont font, SKColor colour, SKTextAlign align)
    {
        using var paint = new SKPaint { Color = colour, IsAntialias = true };
        canvas.DrawText(text, x, y, align, font, paint);
    }

    /// <summary>A page on the page: slightly lighter, ruled twice by hand, with a lozenge at each corner.</summary>
    private void Frame(SKRect r, int variety)
    {
        using SKMaskFilter soft = SKMaskFilter.CreateBlur(SKBlurStyle.Normal, 9);
        using (var light = new SKPaint { Color = Parchment.Paper.WithAlpha(120), MaskFilter = soft })
            canvas.DrawRect(r, light);
        foreach ((float inset, float width) in new[] { (0f, 2.2f), (7f, 1f) })
        {
            SKRect f = SKRect.Inflate(r, -inset, -inset);
            HandLine(f.Left, f.Top, f.Right, f.Top, width, Parchment.Ink, variety);
            HandLine(f.Right, f.Top, f.Right, f.Bottom, width, Parchment.Ink, variety + 1);
            HandLine(f.Right, f.Bottom, f.Left, f.Bottom, width, Parchment.Ink, variety + 2);
            HandLine(f.Left, f.Bottom, f.Left, f.Top, width, Parchment.Ink, variety + 3);
        }
        foreach ((float x, float y) in new[] { (r.Left, r.Top), (r.Right, r.Top), (r.Right, r.Bottom), (r.Left, r.Bottom) }) Lozenge(x, y, 9, Parchment.Red);
    }

    private void Rule(float x, float y, float half)
    {
        HandLine(x - half, y, x - 26, y, 1.8f, Parchment.Ink, 21);
        HandLine(x + 26, y, x + half, y, 1.8f, Parchment.Ink, 22);
        Lozenge(x, y, 9, Parchment.Red);
        Lozenge(x - 18, y, 4, Parchment.Ink);
        Lozenge(x + 18, y, 4, Parchment.Ink);
    }

    private void Lozenge(float x, float y, float reach, SKColor colour)
    {
        using var builder = new SKPathBuilder();
        builder.MoveTo(x, y - reach);
        builder.LineTo(x + reach, y);
        builder.LineTo(x, y + reach);
        builder.LineTo(x - reach, y);
        builder.Close();
        using SKPath path = builder.Detach();
        using var paint = new SKPaint { Color = colour, IsAntialias = true };
        canvas.DrawPath(path, paint);
    }

    private void HandLine(float x0, float y0, float x1, float y1, float width, SKColor colour, int variety)
    {
        using SKPathEffect tremble = SKPathEffect.CreateDiscrete(24, 0.7f, (uint)(seed + variety));
        using var paint = new SKPaint { Color = colour.WithAlpha(215), IsAntialias = true, Style = SKPaintStyle.Stroke, StrokeWidth = width, PathEffect = tremble };
        canvas.DrawLine(x0, y0, x1, y1, paint);
    }

    private void HandBar(float x, float y, float width, float height, SKColor colour, int variety)
    {
        if (width < 1) return;
        using SKPathEffect rough = SKPathEffect.CreateDiscrete(9, 0.9f, (uint)(seed + variety));
        using var paint = new SKPaint { Color = colour.WithAlpha(225), IsAntialias = true, PathEffect = rough };
        canvas.DrawRect(x, y, width, height, paint);
    }
}
