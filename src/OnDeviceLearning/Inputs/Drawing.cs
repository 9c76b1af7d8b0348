using System.Numerics;

namespace OnDeviceLearning;

/// <summary>
/// A line drawing: pen strokes in any coordinate system with y pointing down, as a mouse, pen or touch delivers them.
/// Immutable and safe to share between threads.
/// </summary>
public sealed class Drawing : ClassifierInput
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
        var copied = new List<Vector2[]>();
        int points = 0, index = -1;
        foreach (IReadOnlyList<Vector2> stroke in strokes)
        {
            index++;
            if (stroke is null) throw new ArgumentException($"Drawing: stroke {index} is null.", nameof(strokes));
            if (stroke.Count > MaxPoints - points)
                throw new ArgumentException($"Drawing: more than {MaxPoints} points.", nameof(strokes));
            points += stroke.Count;
            foreach (Vector2 p in stroke)
                if (!float.IsFinite(p.X) || !float.IsFinite(p.Y))
                    throw new ArgumentException($"Drawing: stroke {index} holds the point ({p.X}, {p.Y}); coordinates must be finite.", nameof(strokes));
            if (stroke.Count > 0) copied.Add([.. stroke]);
        }
        this.strokes = [.. copied];
        Strokes = [.. copied.Select(stroke => Array.AsReadOnly(stroke))];
        PenWidth = penWidth;
    }

    /// <summary>The strokes, each a list of points.</summary>
    public IReadOnlyList<IReadOnlyList<Vector2>> Strokes { get; }

    /// <summary>Pen width as a fraction of the longer side; 0 means the default.</summary>
    public float PenWidth { get; }

    internal override InputKinds Kind => InputKinds.Drawings;

    internal ReadOnlySpan<Vector2[]> StrokeSpans => strokes;
}
