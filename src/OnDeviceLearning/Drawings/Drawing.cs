using System.Numerics;

namespace OnDeviceLearning;

/// <summary>
/// A line drawing: pen strokes in any coordinate system with y pointing down, as a mouse, pen or touch delivers them.
/// Immutable and safe to share between threads.
/// </summary>
public sealed class Drawing
{
    /// <summary>The most points a drawing may hold; longer ones are refused rather than silently cut.</summary>
    public const int MaxPoints = 100_000;

    private readonly Vector2[][] strokes;

    /// <summary>Copies the strokes. A stroke of one point is a dot.</summary>
    /// <param name="strokes">Each stroke is the list of points the pen passed, in order.</param>
    /// <param name="penWidth">
    /// Pen width as a fraction of the drawing's longer side, or 0 for the width the backbone was trained with.
    /// </param>
    /// <exception cref="ArgumentException">A stroke is null, a coordinate is not finite, or there are more than <see cref="MaxPoints"/> points.</exception>
    public Drawing(IEnumerable<IReadOnlyList<Vector2>> strokes, float penWidth = 0)
    {
        ArgumentNullException.ThrowIfNull(strokes);
        if (!float.IsFinite(penWidth) || penWidth < 0 || penWidth > 1)
            throw new ArgumentException($"Drawing: penWidth is {penWidth}; expected 0 (default) to 1 (the drawing's longer side).", nameof(penWidth));
        strokes = strokes.Select((stroke, s) => stroke ?? throw new ArgumentException($"Drawing: stroke {s} is null.", nameof(strokes)));
        this.strokes = strokes.Where(stroke => stroke.Count > 0).Select(stroke => stroke.ToArray()).ToArray();
        int points = 0;
        for (int s = 0; s < this.strokes.Length; s++)
        {
            points += this.strokes[s].Length;
            if (points > MaxPoints)
                throw new ArgumentException($"Drawing: more than {MaxPoints} points.", nameof(strokes));
            foreach (Vector2 p in this.strokes[s])
                if (!float.IsFinite(p.X) || !float.IsFinite(p.Y))
                    throw new ArgumentException($"Drawing: stroke {s} holds the point ({p.X}, {p.Y}); coordinates must be finite.", nameof(strokes));
        }
        PenWidth = penWidth;
    }

    /// <summary>The strokes, each a list of points.</summary>
    public IReadOnlyList<IReadOnlyList<Vector2>> Strokes => strokes;

    /// <summary>Pen width as a fraction of the longer side; 0 means the default.</summary>
    public float PenWidth { get; }

    internal ReadOnlySpan<Vector2[]> StrokeSpans => strokes;
}
