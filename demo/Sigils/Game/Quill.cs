using System.Numerics;

namespace OnDeviceLearning.Demo;

/// <summary>
/// Strokes as they are drawn, by mouse, pen or arrow keys, in the units of the page. A pause of the hand ends a sigil.
/// </summary>
internal sealed class Quill
{
    /// <summary>Sigils smaller than this, in page units, are slips of the hand.</summary>
    public const float SmallestSigil = 14;
    private const float Spacing = 1.5f;
    private const int PauseTicks = 48;
    private readonly List<List<Vector2>> strokes = [];
    private bool down;
    private int idle;

    /// <summary>The strokes so far.</summary>
    public IReadOnlyList<IReadOnlyList<Vector2>> Strokes => strokes;

    public bool IsDown => down;

    public bool IsEmpty => strokes.Count == 0;

    /// <summary>Whether the hand has rested long enough for the sigil to be meant as finished.</summary>
    public bool HasPaused => !down && strokes.Count > 0 && idle >= PauseTicks;

    public void Down(Vector2 at)
    {
        if (!IsPlace(at)) return;
        down = true;
        idle = 0;
        strokes.Add([at]);
    }

    public void Move(Vector2 to)
    {
        idle = 0;
        if (!down || !IsPlace(to) || Points() >= Drawing.MaxPoints / 4) return;
        if (Vector2.Distance(strokes[^1][^1], to) >= Spacing) strokes[^1].Add(to);
    }

    public void Up()
    {
        down = false;
        idle = 0;
    }

    public void Tick() => idle++;

    public void Clear()
    {
        strokes.Clear();
        down = false;
        idle = 0;
    }

    /// <summary>The finished sigil, and an empty quill. Null, with a sentence to the player, where there is nothing to read.</summary>
    public Drawing? Take(out string? complaint)
    {
        complaint = null;
        if (strokes.Count == 0) complaint = "There is no ink on the page yet. Draw the sigil first.";
        else if (Reach() < SmallestSigil) complaint = "A single dot is no sigil. Draw it larger.";
        Drawing? drawing = complaint is null ? new Drawing(strokes) : null;
        Clear();
        return drawing;
    }

    private static bool IsPlace(Vector2 at) => float.IsFinite(at.X) && float.IsFinite(at.Y);

    private int Points()
    {
        int count = 0;
        foreach (List<Vector2> stroke in strokes) count += stroke.Count;
        return count;
    }

    private float Reach()
    {
        Vector2 low = new(float.MaxValue), high = new(float.MinValue);
        foreach (List<Vector2> stroke in strokes)
            foreach (Vector2 point in stroke)
            {
                low = Vector2.Min(low, point);
                high = Vector2.Max(high, point);
            }
        return MathF.Max(high.X - low.X, high.Y - low.Y);
    }
}
