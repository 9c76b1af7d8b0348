using System.Numerics;
using System.Text.Json;

namespace OnDeviceLearning.Demo;

/// <summary>
/// What the game remembers beside the library's save: how far the player is, and on every page the words, the drawings and
/// how the casts went. From it alone the book can be written anew, for another backbone too.
/// </summary>
internal sealed record Journal(int Version, int Duels, int Best, bool Won, List<Journal.Page> Pages)
{
    public const int CurrentVersion = 1;
    private const int LargestFile = 4 << 20, MostDuels = 1_000_000;

    /// <summary>A page. Strokes are x, y, x, y, ...</summary>
    internal sealed record Page(string Name, string Words, int Casts, int Misread, List<float> Confidence, List<float[][]> Drawings);

    /// <summary>What is to be remembered of a grimoire.</summary>
    public static Journal Of(Grimoire grimoire, int duels, int best, bool won) => new(CurrentVersion, duels, best, won,
        [.. grimoire.Pages.Select(p => new Page(p.Name, p.Words, p.Casts, p.Misread, [.. p.Confidence], [.. p.Drawings.Select(Flatten)]))]);

    /// <summary>Writes it whole or not at all.</summary>
    /// <exception cref="IOException">It cannot be written; the file that was there stays.</exception>
    public void Save(string file)
    {
        string partial = file + ".new";
        File.WriteAllBytes(partial, JsonSerializer.SerializeToUtf8Bytes(this));
        File.Move(partial, file, overwrite: true);
    }

    /// <summary>Reads one; checked as if a stranger had written it.</summary>
    /// <exception cref="JsonException">It is damaged; the message says what is wrong.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static Journal Load(string file)
    {
        var info = new FileInfo(file);
        if (info.Length > LargestFile) throw new JsonException($"it has {info.Length:N0} bytes; expected at most {LargestFile:N0}");
        Journal journal = JsonSerializer.Deserialize<Journal>(File.ReadAllBytes(file)) ?? throw new JsonException("it is empty");
        if (journal.Version != CurrentVersion) throw new JsonException($"its version is {journal.Version}; expected {CurrentVersion}");
        if (journal.Duels is < 0 or > MostDuels || journal.Best < 0 || journal.Pages is null || journal.Pages.Count is < Grimoire.FewestSpells or > Grimoire.MostSpells) throw new JsonException("its counts are out of range");
        if (journal.Pages.Select(p => p?.Name?.ToLowerInvariant()).Distinct().Count() != journal.Pages.Count) throw new JsonException("two pages have the same name");
        foreach (Page page in journal.Pages)
        {
            if (page?.Name is null || page.Words is null || SpellText.NameComplaint(page.Name) is not null || SpellText.WordsComplaint(page.Words) is not null) throw new JsonException("a page has no name or no words, or such as no book can hold");
            if (page.Casts < 0 || page.Misread < 0 || page.Confidence is null || page.Drawings is null || page.Drawings.Count > SpellPage.MostDrawings) throw new JsonException($"the page of {page.Name} is out of range");
        }
        return journal;
    }

    /// <summary>The pages as the game has them.</summary>
    /// <exception cref="JsonException">A drawing is none.</exception>
    public IReadOnlyList<SpellPage> Restore()
    {
        var pages = new List<SpellPage>();
        foreach (Page saved in Pages)
        {
            var page = new SpellPage(saved.Name, saved.Words) { Casts = saved.Casts, Misread = saved.Misread };
            foreach (float sure in saved.Confidence) page.Record(float.IsFinite(sure) ? sure : 0);
            foreach (float[][] drawing in saved.Drawings) page.Keep(Unfold(drawing));
            pages.Add(page);
        }
        return pages;
    }

    private static float[][] Flatten(Drawing drawing)
    {
        // To a tenth of a unit of the page: finer than any hand.
        return [.. drawing.Strokes.Select(stroke => stroke.SelectMany(p => new[] { Round(p.X), Round(p.Y) }).ToArray())];

        static float Round(float value) => MathF.Abs(value) < 20 ? value : MathF.Round(value, 1);
    }

    private static Drawing Unfold(float[][] strokes)
    {
        try
        {
            if (strokes is null || strokes.Length == 0) throw new JsonException("a drawing has no strokes");
            return new Drawing(strokes.Select(stroke =>
            {
                if (stroke is null || stroke.Length == 0 || stroke.Length % 2 != 0) throw new JsonException("a stroke has half a point");
                var points = new Vector2[stroke.Length / 2];
                for (int i = 0; i < points.Length; i++) points[i] = new Vector2(stroke[2 * i], stroke[2 * i + 1]);
                return (IReadOnlyList<Vector2>)points;
            }));
        }
        catch (ArgumentException e)
        {
            throw new JsonException(e.Message, e);
        }
    }
}
