using System.Numerics;

namespace OnDeviceLearning.Sigils;

/// <summary>Draws the outline of a shape dashed, doubled or filled.</summary>
internal static class StyleInk
{
    public static Sketch Apply(Sketch s, Style style, Random r) => style switch
    {
        Style.Dashed => Dash(s, r),
        Style.Doubled => Double(s, r),
        Style.Filled => Fill(s, r),
        _ => s,
    };

    private static Sketch Dash(Sketch s, Random r)
    {
        var result = new Sketch();
        SketchStroke outline = s.Strokes[0];
        ReadOnlySpan<Vector2> path = s.Of(outline);
        int sides = outline.Kind == StrokeKind.Closed ? path.Length : path.Length - 1;
        float length = 0;
        for (int i = 0; i < sides; i++) length += Vector2.Distance(path[i], path[(i + 1) % path.Length]);
        // Long outlines get more dashes, so that a dash keeps about the same length.
        int dashes = Math.Clamp((int)(length / r.Between(0.3f, 0.65f)), 5, 22);
        float pitch = length / dashes, duty = r.Between(0.45f, 0.68f), travelled = 0;
        float dashEnd = pitch * duty * r.Between(0.7f, 1.15f), nextStart = pitch;
        bool down = true;
        result.Points.Add(path[0]);
        for (int i = 0; i < sides; i++)
        {
            Vector2 a = path[i], b = path[(i + 1) % path.Length];
            float side = Vector2.Distance(a, b), at = 0;
            while (true)
            {
                float change = (down ? dashEnd : nextStart) - travelled;
                if (at + change > side) break;
                at += change;
                travelled += change;
                result.Points.Add(a + (b - a) * (at / Math.Max(side, 1e-6f)));
                if (down) result.End(StrokeKind.Mark);
                else
                {
                    dashEnd = nextStart + pitch * duty * r.Between(0.75f, 1.2f);
                    nextStart += pitch * r.Between(0.9f, 1.1f);
                }
                down = !down;
            }
            travelled += side - at;
            if (down) result.Points.Add(b);
        }
        result.End(StrokeKind.Mark);
        // What is left, such as an arrow's head, stays whole.
        for (int i = 1; i < s.Strokes.Count; i++)
        {
            foreach (Vector2 p in s.Of(s.Strokes[i])) result.Points.Add(p);
            result.End(s.Strokes[i].Kind);
        }
        return result;
    }

    private static Sketch Double(Sketch s, Random r)
    {
        SketchStroke outline = s.Strokes[0];
        (Vector2 centre, _) = PrimitiveShapes.Interior(s);
        float scale = r.Maybe(0.75f) ? r.Between(0.55f, 0.78f) : r.Between(1.28f, 1.65f);
        var second = new Sketch();
        foreach (Vector2 p in s.Of(outline)) second.Points.Add(centre + (p - centre) * scale);
        second.End(outline.Kind);
        // The inner outline comes first: it bounds what may stand inside.
        if (scale > 1)
        {
            s.Append(second);
            return s.Fit(Vector2.Zero, 1);
        }
        second.Append(s);
        return second;
    }

    private static Sketch Fill(Sketch s, Random r)
    {
        ReadOnlySpan<Vector2> outline = s.Of(s.Strokes[0]);
        float kind = r.NextSingle(), angle = r.Maybe(0.5f) ? MathF.PI / 4 * r.Sign() + r.Tilt(8) : r.Maybe(0.5f) ? r.Tilt(6) : r.Angle();
        // Hatching, a scribble, or lines so dense that they run together.
        bool scribble = kind is > 0.35f and < 0.85f;
        float pitch = kind > 0.7f ? r.Between(0.06f, 0.09f) : r.Between(0.13f, 0.24f);
        Matrix3x2 turn = Matrix3x2.CreateRotation(-angle), back = Matrix3x2.CreateRotation(angle);
        Span<Vector2> flat = outline.Length <= 64 ? stackalloc Vector2[outline.Length] : new Vector2[outline.Length];
        float low = float.MaxValue, high = float.MinValue;
        for (int i = 0; i < flat.Length; i++)
        {
            flat[i] = Vector2.Transform(outline[i], turn);
            low = Math.Min(low, flat[i].Y);
            high = Math.Max(high, flat[i].Y);
        }
        var ink = new Sketch();
        Span<float> crossings = stackalloc float[16];
        bool flip = false;
        Vector2 last = default;
        bool joined = false;
        for (float y = low + 0.5f * pitch; y < high; y += pitch * r.Between(0.75f, 1.25f))
        {
            int n = 0;
            for (int i = 0, j = flat.Length - 1; i < flat.Length && n < crossings.Length; j = i++)
                if (flat[j].Y <= y != flat[i].Y <= y)
                    crossings[n++] = flat[j].X + (y - flat[j].Y) / (flat[i].Y - flat[j].Y) * (flat[i].X - flat[j].X);
            crossings[..n].Sort();
            // A five-line star counts as one area: its middle is filled too.
            if (n == 4 && flat.Length == 5) (crossings[1], n) = (crossings[3], 2);
            for (int i = 0; i + 1 < n; i += 2)
            {
                float ragged = Math.Min(0.05f, 0.2f * (crossings[i + 1] - crossings[i]));
                float x0 = crossings[i] + r.Around(ragged), x1 = crossings[i + 1] + r.Around(ragged);
                Vector2 a = Vector2.Transform(new Vector2(flip ? x1 : x0, y), back), b = Vector2.Transform(new Vector2(flip ? x0 : x1, y + (scribble ? 0.3f * pitch : 0)), back);
                if (!scribble || n > 2 || joined && Vector2.Distance(last, a) > 0.6f)
                {
                    ink.End(StrokeKind.Mark);
                }
                ink.Points.Add(a);
                ink.Points.Add(b);
                last = b;
                joined = true;
                if (!scribble || n > 2) ink.End(StrokeKind.Mark);
            }
            if (scribble) flip = !flip;
        }
        ink.End(StrokeKind.Mark);
        s.Append(ink);
        return s;
    }
}
