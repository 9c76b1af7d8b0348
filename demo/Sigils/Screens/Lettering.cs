using SkiaSharp;

namespace OnDeviceLearning.Demo;

/// <summary>The two bundled faces (IM Fell English, OFL), so that the sheet looks the same everywhere.</summary>
internal sealed class Lettering : IDisposable
{
    private readonly SKTypeface capitals = Load("IMFellEnglishSC-Regular.ttf"), italic = Load("IMFellEnglish-Italic.ttf");
    private readonly Dictionary<(float, bool), SKFont> fonts = [];

    /// <summary>Small capitals: titles, names, labels.</summary>
    public SKFont Capitals(float size) => new(capitals, size) { Edging = SKFontEdging.Antialias, Subpixel = true };

    /// <summary>Italic: what the player wrote.</summary>
    public SKFont Italic(float size) => new(italic, size) { Edging = SKFontEdging.Antialias, Subpixel = true };

    /// <summary>The same font each time; not to be disposed of.</summary>
    public SKFont CapitalsOf(float size) => Kept(size, isItalic: false);

    /// <inheritdoc cref="CapitalsOf"/>
    public SKFont ItalicOf(float size) => Kept(size, isItalic: true);

    private SKFont Kept(float size, bool isItalic)
    {
        if (!fonts.TryGetValue((size, isItalic), out SKFont? font)) fonts[(size, isItalic)] = font = isItalic ? Italic(size) : Capitals(size);
        return font;
    }

    /// <summary>Breaks a text into lines no wider than <paramref name="width"/>, as even as they can be.</summary>
    public static List<string> Wrap(string text, SKFont font, float width)
    {
        List<string> lines = Fill(text, font, width);
        // The narrowest measure that needs no more lines leaves no word alone on the last.
        for (float narrower = width - 4; narrower > width / 2; narrower -= 4)
        {
            List<string> tighter = Fill(text, font, narrower);
            if (tighter.Count > lines.Count || tighter.Any(line => font.MeasureText(line) > narrower)) break;
            lines = tighter;
        }
        return lines;
    }

    private static List<string> Fill(string text, SKFont font, float width)
    {
        var lines = new List<string>();
        string line = "";
        foreach (string word in text.Split(' '))
        {
            string longer = line.Length == 0 ? word : line + " " + word;
            if (line.Length > 0 && font.MeasureText(longer) > width)
            {
                lines.Add(line);
                line = word;
            }
            else line = longer;
        }
        lines.Add(line);
        return lines;
    }

    private static SKTypeface Load(string name)
    {
        using Stream stream = typeof(Lettering).Assembly.GetManifestResourceStream(name)!;
        using SKData data = SKData.Create(stream);
        return SKTypeface.FromData(data);
    }

    public void Dispose()
    {
        foreach (SKFont font in fonts.Values) font.Dispose();
        capitals.Dispose();
        italic.Dispose();
    }
}
