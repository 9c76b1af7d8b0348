using System.Numerics;

namespace OnDeviceLearning.Sigils;

/// <summary>What a stroke of a <see cref="Sketch"/> stands for, so that the hand knows what it may do to it.</summary>
internal enum StrokeKind
{
    Open,
    /// <summary>An open line that is nothing without its corners: no hand draws them round.</summary>
    Jagged,
    /// <summary>An open line that is nothing without its curves: no hand cuts them to chords.</summary>
    Smooth,
    /// <summary>Returns to its first point, which is not repeated.</summary>
    Closed,
    /// <summary>A dash, a hatching line or a tiny detail: drawn without hooks or joins.</summary>
    Mark,
}

internal readonly record struct SketchStroke(int Start, int Count, StrokeKind Kind);

/// <summary>
/// Ideal strokes before a hand draws them, y down. All points lie in one list so that moving and scaling parts allocates nothing.
/// The first stroke of a shape is its outline, where it has one.
/// </summary>
internal sealed class Sketch
{
    public List<Vector2> Points { get; } = new(96);

    public List<SketchStroke> Strokes { get; } = new(12);

    /// <summary>Adds the points since the last stroke as a stroke.</summary>
    public void End(StrokeKind kind = StrokeKind.Open)
    {
        int start = Strokes.Count == 0 ? 0 : Strokes[^1].Start + Strokes[^1].Count;
        if (Points.Count > start) Strokes.Add(new SketchStroke(start, Points.Count - start, kind));
    }

    public void To(float x, float y) => Points.Add(new Vector2(x, y));

    public void Polar(float radius, float angle) => Points.Add(new Vector2(radius * MathF.Cos(angle), radius * MathF.Sin(angle)));

    public void Line(params ReadOnlySpan<float> xy) => Poly(StrokeKind.Open, xy);

    public void Poly(StrokeKind kind, params ReadOnlySpan<float> xy)
    {
        for (int i = 0; i + 1 < xy.Length; i += 2) To(xy[i], xy[i + 1]);
        End(kind);
    }

    public void Arc(float x, float y, float radiusX, float radiusY, float from, float to, int steps)
    {
        for (int i = 0; i <= steps; i++)
        {
            float a = from + (to - from) * i / steps;
            To(x + radiusX * MathF.Cos(a), y + radiusY * MathF.Sin(a));
        }
    }

    public void Ring(float x, float y, float radiusX, float radiusY, float from, int steps, StrokeKind kind = StrokeKind.Closed)
    {
        Arc(x, y, radiusX, radiusY, from, from + MathF.Tau * (steps - 1) / steps, steps - 1);
        End(kind);
    }

    /// <summary>A cubic curve from the last point.</summary>
    public void Cubic(Vector2 a, Vector2 b, Vector2 end, int steps)
    {
        Vector2 start = Points[^1];
        for (int i = 1; i <= steps; i++)
        {
            float t = (float)i / steps, u = 1 - t;
            Points.Add(u * u * u * start + 3 * u * u * t * a + 3 * u * t * t * b + t * t * t * end);
        }
    }

    /// <summary>A quadratic curve from the last point.</summary>
    public void Quad(float ax, float ay, float x, float y, int steps)
    {
        Vector2 start = Points[^1], a = new(ax, ay), end = new(x, y);
        for (int i = 1; i <= steps; i++)
        {
            float t = (float)i / steps, u = 1 - t;
            Points.Add(u * u * start + 2 * u * t * a + t * t * end);
        }
    }

    /// <summary>A smooth curve through the points (Catmull-Rom), as one stroke.</summary>
    public void Through(ReadOnlySpan<Vector2> via, int steps, StrokeKind kind = StrokeKind.Open)
    {
        int n = via.Length;
        bool closed = kind == StrokeKind.Closed;
        int spans = closed ? n : n - 1;
        for (int i = 0; i < spans; i++)
        {
            Vector2 p0 = via[closed ? (i + n - 1) % n : Math.Max(0, i - 1)], p1 = via[i];
            Vector2 p2 = via[(i + 1) % n], p3 = via[closed ? (i + 2) % n : Math.Min(n - 1, i + 2)];
            for (int k = 0; k < steps; k++)
            {
                float t = (float)k / steps;
                Points.Add(0.5f * (2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t * t + (3 * p1 - p0 - 3 * p2 + p3) * t * t * t));
            }
        }
        if (!closed) Points.Add(via[^1]);
        End(kind);
    }

    public void Append(Sketch other)
    {
        int offset = Points.Count;
        Points.AddRange(other.Points);
        foreach (SketchStroke stroke in other.Strokes) Strokes.Add(stroke with { Start = stroke.Start + offset });
    }

    public Sketch Copy()
    {
        var copy = new Sketch();
        copy.Append(this);
        return copy;
    }

    public void Clear()
    {
        Points.Clear();
        Strokes.Clear();
    }

    public ReadOnlySpan<Vector2> Of(SketchStroke stroke) =>
        System.Runtime.InteropServices.CollectionsMarshal.AsSpan(Points).Slice(stroke.Start, stroke.Count);

    public Sketch Transform(in Matrix3x2 by)
    {
        foreach (ref Vector2 p in System.Runtime.InteropServices.CollectionsMarshal.AsSpan(Points)) p = Vector2.Transform(p, by);
        return this;
    }

    public Sketch Rotate(float angle) => Transform(Matrix3x2.CreateRotation(angle));

    public Sketch Stretch(float x, float y) => Transform(Matrix3x2.CreateScale(x, y));

    public (Vector2 Low, Vector2 High) Bounds()
    {
        Vector2 low = new(float.MaxValue), high = new(float.MinValue);
        foreach (Vector2 p in Points)
        {
            low = Vector2.Min(low, p);
            high = Vector2.Max(high, p);
        }
        return Points.Count == 0 ? (default, default) : (low, high);
    }

    /// <summary>Moves the middle of the bounds to <paramref name="centre"/> and makes half the longer side <paramref name="half"/>.</summary>
    public Sketch Fit(Vector2 centre, float half)
    {
        (Vector2 low, Vector2 high) = Bounds();
        float extent = Math.Max(high.X - low.X, high.Y - low.Y);
        float scale = extent > 1e-4f ? 2 * half / extent : 1;
        return Transform(Matrix3x2.CreateTranslation(-0.5f * (low + high)) * Matrix3x2.CreateScale(scale) * Matrix3x2.CreateTranslation(centre));
    }
}
