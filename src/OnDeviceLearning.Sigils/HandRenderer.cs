using System.Numerics;
using System.Runtime.InteropServices;

namespace OnDeviceLearning.Sigils;

/// <summary>Turns the ideal strokes of a <see cref="Sketch"/> into the strokes of a hand.</summary>
internal sealed class HandRenderer(HandStyle style, Random random)
{
    private readonly List<Vector2> path = new(64);
    private readonly List<Vector2> dense = new(128);
    private readonly List<Vector2[]> drawn = new(32);
    private int points;
    private float coarseness = 1;

    public Drawing Render(Sketch sketch, float penWidth)
    {
        // Crowded drawings are small in their parts: those need fewer points.
        coarseness = sketch.Points.Count < 160 ? 1 : sketch.Points.Count < 300 ? 1.6f : 3;
        foreach (SketchStroke stroke in sketch.Strokes)
        {
            ReadOnlySpan<Vector2> ideal = sketch.Of(stroke);
            float size = Size(ideal);
            if (stroke.Kind == StrokeKind.Closed && ideal.Length <= 12 && random.Maybe(style.Split)) DrawInPieces(ideal, size);
            else DrawWhole(ideal, stroke.Kind, size);
        }
        return new Drawing(drawn, penWidth);
    }

    /// <summary>Half the longer side of a stroke, but not of tiny ones, which would come out too exact.</summary>
    private static float Size(ReadOnlySpan<Vector2> ideal)
    {
        Vector2 low = new(float.MaxValue), high = new(float.MinValue);
        foreach (Vector2 p in ideal)
        {
            low = Vector2.Min(low, p);
            high = Vector2.Max(high, p);
        }
        return Math.Max(0.5f * Math.Max(high.X - low.X, high.Y - low.Y), 0.04f);
    }

    private void DrawWhole(ReadOnlySpan<Vector2> ideal, StrokeKind kind, float size)
    {
        path.Clear();
        if (kind == StrokeKind.Closed)
        {
            // A polygon may be started at any of its corners.
            int first = ideal.Length <= 12 && random.Maybe(0.4f) ? random.Next(ideal.Length) : 0;
            path.AddRange(ideal[first..]);
            path.AddRange(ideal[..first]);
        }
        else path.AddRange(ideal);
        if (random.Maybe(0.25f)) path.Reverse();
        Misplace(size);
        if (kind == StrokeKind.Closed) Close(size);
        Emit(size, kind);
    }

    private void DrawInPieces(ReadOnlySpan<Vector2> ideal, float size)
    {
        int at = 0;
        while (at < ideal.Length)
        {
            // One or two sides, rarely more, before the pen is lifted.
            int sides = Math.Min(ideal.Length - at, random.Maybe(0.55f) ? 1 : random.Next(2, 4));
            path.Clear();
            for (int i = 0; i <= sides; i++) path.Add(ideal[(at + i) % ideal.Length]);
            at += sides;
            Misplace(size);
            Emit(size, StrokeKind.Open);
        }
    }

    /// <summary>Corners miss their place, the more the longer the sides beside them are; then the whole stroke does.</summary>
    private void Misplace(float size)
    {
        Vector2 shift = size * style.Misplacement * new Vector2(random.Around(0.6f), random.Around(0.6f));
        for (int i = 0; i < path.Count; i++)
        {
            float side = path.Count > 1 ? Vector2.Distance(path[i], path[i > 0 ? i - 1 : 1]) : 0;
            float miss = style.CornerJitter * Math.Min(size, 0.5f * side);
            path[i] += shift + new Vector2(random.Around(0.5f), random.Around(0.5f)) * miss;
        }
    }

    /// <summary>Comes back to the start, but for a gap or an overshoot.</summary>
    private void Close(float size)
    {
        float beyond = random.Around(style.Closure * 0.7f) * size;
        Vector2 start = path[0], off = new Vector2(random.Around(0.5f), random.Around(0.5f)) * style.Closure * 0.35f * size;
        path.Add(start + off);
        Vector2 along = path[1] - start;
        if (beyond > 0 && along.LengthSquared() > 1e-6f) path.Add(start + off + Vector2.Normalize(along) * Math.Min(beyond, 0.8f * along.Length() + 0.1f * size));
        else if (beyond < 0)
        {
            Vector2 back = path[^2] - path[^1];
            float length = back.Length();
            if (length > -beyond) path[^1] += back * (-beyond / length);
            else if (path.Count > 6) path.RemoveAt(path.Count - 1);
        }
    }

    private void Emit(float size, StrokeKind kind)
    {
        bool free = kind != StrokeKind.Mark;
        Resample(size, kind == StrokeKind.Smooth ? Math.Min(style.Step, 0.1f) : style.Step);
        Shake(size);
        Round(kind switch
        {
            StrokeKind.Jagged => 0.45f * style.CornerRounding,
            StrokeKind.Smooth => Math.Max(0.6f, style.CornerRounding),
            _ => style.CornerRounding,
        });
        if (free && dense.Count > 1 && coarseness < 2)
        {
            if (random.Maybe(style.Hook)) Hook(size, start: true);
            if (random.Maybe(style.Hook)) Hook(size, start: false);
            if (random.Maybe(style.Retrace) && dense.Count > 3) Retrace(size);
        }
        if (points > 220 && dense.Count > 5) Thin();
        if (points > 340 && dense.Count > 3) Thin();
        points += dense.Count;
        // Only a short way over is drawn by mistake.
        if (free && drawn.Count > 0 && Vector2.Distance(drawn[^1][^1], dense[0]) < 0.7f && random.Maybe(style.Join)) drawn[^1] = [.. drawn[^1], .. dense];
        else drawn.Add(dense.ToArray());
    }

    /// <summary>Puts points between distant ones, for the wobble to move; corners stay where they are.</summary>
    private void Resample(float size, float stepOfHand)
    {
        dense.Clear();
        dense.Add(path[0]);
        float step = Math.Max(stepOfHand * MathF.Sqrt(size), 0.03f) * 2 * coarseness;
        for (int i = 1; i < path.Count; i++)
        {
            Vector2 a = path[i - 1], b = path[i];
            float length = Vector2.Distance(a, b);
            // Points of a curve closer than the step are skipped as a fast hand does, but never corners.
            if (length < 0.5f * step && i + 1 < path.Count && Vector2.Dot(b - a, path[i + 1] - b) > 0.93f * length * Vector2.Distance(b, path[i + 1])
                && Vector2.Distance(dense[^1], b) < 0.6f * step) continue;
            int pieces = Math.Clamp((int)MathF.Ceiling(length / step), 1, 24);
            for (int k = 1; k <= pieces; k++) dense.Add(a + (b - a) * ((float)k / pieces));
        }
    }

    private void Shake(float size)
    {
        float slow = style.Wobble * size, fast = style.Tremor * size;
        if (slow + fast < 1e-5f || dense.Count < 2) return;
        float px = random.Angle(), py = random.Angle(), qx = random.Angle(), qy = random.Angle();
        float f = random.Between(0.6f, 1.6f) * MathF.PI / size, g = 2.3f * f, travelled = 0;
        float sx = slow * random.Between(0.3f, 0.7f), sy = slow * random.Between(0.3f, 0.7f);
        Span<Vector2> all = CollectionsMarshal.AsSpan(dense);
        Vector2 last = all[0];
        for (int i = 0; i < all.Length; i++)
        {
            travelled += Vector2.Distance(last, all[i]);
            last = all[i];
            float t = travelled * f, u = travelled * g;
            all[i] += new Vector2(
                sx * (MathF.Sin(t + px) + 0.4f * MathF.Sin(u + qx)) + fast * (random.NextSingle() - 0.5f) * 2,
                sy * (MathF.Sin(t + py) + 0.4f * MathF.Sin(u + qy)) + fast * (random.NextSingle() - 0.5f) * 2);
        }
    }

    private void Round(float rounding)
    {
        if (rounding < 0.03f || dense.Count < 4) return;
        Span<Vector2> all = CollectionsMarshal.AsSpan(dense);
        int passes = rounding > 0.6f ? 2 : 1;
        float pull = 0.5f * Math.Min(1, rounding * 1.3f);
        for (int pass = 0; pass < passes; pass++)
        {
            Vector2 before = all[0];
            for (int i = 1; i + 1 < all.Length; i++)
            {
                Vector2 here = all[i];
                all[i] = here + pull * (0.5f * (before + all[i + 1]) - here);
                before = here;
            }
        }
    }

    private void Hook(float size, bool start)
    {
        Vector2 end = start ? dense[0] : dense[^1], inward = (start ? dense[1] : dense[^2]) - end;
        if (inward.LengthSquared() < 1e-8f) return;
        Vector2 tip = end + Vector2.Transform(Vector2.Normalize(inward), Matrix3x2.CreateRotation(random.Sign() * random.Between(0.4f, 1.6f))) * size * random.Between(0.04f, 0.16f);
        if (start) dense.Insert(0, tip);
        else dense.Add(tip);
    }

    private void Retrace(float size)
    {
        int back = random.Next(2, Math.Min(dense.Count - 1, 14));
        Vector2 shift = new Vector2(random.Around(0.03f), random.Around(0.03f)) * size;
        for (int i = 0, from = dense.Count - 2; i < back; i++) dense.Add(dense[from - i] + shift);
    }

    /// <summary>Halves the points of a stroke where a drawing grows too long.</summary>
    private void Thin()
    {
        int kept = 0;
        for (int i = 0; i < dense.Count; i++)
            if (i % 2 == 0 || i == dense.Count - 1) dense[kept++] = dense[i];
        dense.RemoveRange(kept, dense.Count - kept);
    }
}
