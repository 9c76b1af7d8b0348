using System.Globalization;
using SkiaSharp;

namespace OnDeviceLearning.Demo;

/// <summary>F1: what frames and learning cost, on what, and how much memory there is in use.</summary>
internal sealed class StatusOverlay(Scribe scribe, Game game)
{
    private const float Left = 796, Top = 74, Width = 440, Height = 330;
    private readonly SKCanvas canvas = scribe.Canvas;

    public void Draw()
    {
        using (var dark = new SKPaint { Color = Palette.NightBottom.WithAlpha(225), IsAntialias = true })
            canvas.DrawRoundRect(Left, Top, Width, Height, 8, 8, dark);
        float y = Top + 32;
        float budget = (float)Spellbook.Budget.TotalMilliseconds;
        Row("frame", $"{Ms(game.FrameTime.Latest)}   p99 {Ms(game.FrameTime.Percentile(0.99))}", ref y);
        DrawGraph(game.FrameTime, new SKRect(Left + 18, y - 8, Left + Width - 18, y + 40), 1000f / Duel.TicksPerSecond, 40, Palette.Sky);
        y += 70;
        Row("learning", $"{Ms(game.LearningTime.Latest)}   p99 {Ms(game.LearningTime.Percentile(0.99))} of {Ms(budget)}", ref y);
        DrawGraph(game.LearningTime, new SKRect(Left + 18, y - 8, Left + Width - 18, y + 40), budget, 1.25f * budget, Palette.Gold);
        y += 70;
        Row("the book", game.LearningReport.Status switch
        {
            AdaptStatus.Running => $"learning, {game.LearningReport.Progress:P0}",
            AdaptStatus.Published => "has just learnt",
            _ => "at rest",
        }, ref y);
        Row("read by", game.IsSwitching ? "opening another device…" : Short(game.Grimoire.Book.Device), ref y);
        Row("memory", string.Create(CultureInfo.InvariantCulture, $"{GC.GetTotalMemory(false) >> 20} MB managed, {Environment.WorkingSet >> 20} MB in all"), ref y);
    }

    private void Row(string what, string value, ref float y)
    {
        scribe.Capitals(what, Left + 18, y, 21, Palette.Mist);
        scribe.Italic(value, Left + Width - 18, y, 21, Palette.Cream, SKTextAlign.Right);
        y += 26;
    }

    /// <summary>The latest values as bars; the line is what they should stay below.</summary>
    private void DrawGraph(Meter meter, SKRect box, float limit, float full, SKColor colour)
    {
        using var bar = new SKPaint { Color = colour };
        float width = box.Width / Meter.Length;
        for (int i = 0; i < meter.Count; i++)
        {
            float height = Math.Clamp(meter[i] / full, 0.012f, 1) * box.Height;
            bar.Color = meter[i] > 1.02f * limit ? Palette.Vermilion : colour;
            canvas.DrawRect(box.Right - (meter.Count - i) * width, box.Bottom - height, width, height, bar);
        }
        using var line = new SKPaint { Color = Palette.Cream.WithAlpha(170), IsAntialias = true, StrokeWidth = 1.2f, Style = SKPaintStyle.Stroke };
        using SKPathEffect dashes = SKPathEffect.CreateDash([6, 5], 0);
        line.PathEffect = dashes;
        float y = box.Bottom - limit / full * box.Height;
        canvas.DrawLine(box.Left, y, box.Right, y, line);
    }

    private static string Ms(float value) => value.ToString(value < 0.1f ? "0.000" : value < 10 ? "0.00" : "0.0", CultureInfo.InvariantCulture) + " ms";

    private static string Short(string device) => device.Length <= 38 ? device : device[..37] + "…";
}
