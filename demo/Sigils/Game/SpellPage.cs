namespace OnDeviceLearning.Demo;

/// <summary>One spell's page: the player's words, the drawings learnt from, and how the casts went.</summary>
internal sealed class SpellPage(string name, string words)
{
    public const int MostDrawings = 12, MostConfidences = 64;

    private readonly List<Drawing> drawings = new(MostDrawings + 1);
    private readonly List<float> confidence = new(MostConfidences + 1);

    public string Name { get; set; } = name;

    public string Words { get; set; } = words;

    /// <summary>How the words were understood; null until the book has read them.</summary>
    public DescriptionReading? Reading { get; set; }

    /// <summary>The latest drawings that were learnt from, oldest first.</summary>
    public IReadOnlyList<Drawing> Drawings => drawings;

    /// <summary>The latest drawing of this spell, learnt from or not; null before the first.</summary>
    public Drawing? Latest { get; set; }

    /// <summary>How sure the book was of this spell when it was meant, cast by cast, 0 to 1.</summary>
    public IReadOnlyList<float> Confidence => confidence;

    public int Casts { get; set; }

    public int Misread { get; set; }

    public void Keep(Drawing drawing)
    {
        if (drawings.Count == MostDrawings) drawings.RemoveAt(0);
        drawings.Add(drawing);
        Latest = drawing;
    }

    public void Record(float sure)
    {
        if (confidence.Count == MostConfidences) confidence.RemoveAt(0);
        confidence.Add(Math.Clamp(sure, 0, 1));
    }
}
