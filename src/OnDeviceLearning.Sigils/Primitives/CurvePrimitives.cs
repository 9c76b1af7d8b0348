using System.Numerics;

namespace OnDeviceLearning.Sigils;

/// <summary>Shapes with round outlines.</summary>
internal static class CurvePrimitives
{
    public static void Circle(Sketch s, Random r)
    {
        int steps = r.Next(14, 27);
        float from = r.Maybe(0.7f) ? -MathF.PI / 2 + r.Around(0.6f) : r.Angle(), direction = r.Maybe(0.6f) ? -1 : 1;
        float oval = r.Around(0.08f), egg = r.Around(0.06f), phase = r.Angle(), drift = r.Around(0.06f), boxy = r.Maybe(0.2f) ? r.Between(0, 0.07f) : 0;
        for (int i = 0; i < steps; i++)
        {
            float t = (float)i / steps, a = from + direction * MathF.Tau * t;
            s.Polar(1 + oval * MathF.Cos(2 * a + phase) + egg * MathF.Cos(3 * a + 2 * phase) - boxy * MathF.Cos(4 * a) + drift * t, a);
        }
        s.End(StrokeKind.Closed);
        if (r.Maybe(0.2f)) s.Stretch(1, r.Between(0.72f, 1.35f));
    }

    public static void Dot(Sketch s, Random r)
    {
        float kind = r.NextSingle();
        if (kind < 0.4f) s.Poly(StrokeKind.Mark, 0, 0);
        else if (kind < 0.8f)
        {
            // A small disc coloured in from the outside.
            int steps = r.Next(24, 34);
            float turns = r.Between(3, 4.4f) * r.Sign(), from = r.Angle();
            for (int i = 0; i < steps; i++) s.Polar(1 - 0.95f * i / (steps - 1), from + turns * MathF.Tau * i / (steps - 1));
            s.End(StrokeKind.Mark);
        }
        else
        {
            int n = r.Next(6, 12);
            for (int i = 0; i < n; i++) s.Polar(r.Between(0.5f, 1), i * 2.6f + r.Around(0.4f));
            s.End(StrokeKind.Mark);
        }
    }

    public static void Spiral(Sketch s, Random r)
    {
        float turns = r.Between(1.5f, 4.6f), power = r.Between(0.75f, 1.3f), from = r.Angle(), direction = r.Sign(), hole = r.Between(0, 0.12f);
        int steps = Math.Clamp((int)(turns * 14), 20, 60);
        for (int i = 0; i <= steps; i++)
        {
            float t = (float)i / steps;
            s.Polar(hole + (1 - hole) * MathF.Pow(t, power), from + direction * turns * MathF.Tau * t);
        }
        s.End();
        s.Stretch(1, r.Between(0.75f, 1.25f));
        if (r.Maybe(0.3f)) s.Points.Reverse();
    }

    /// <summary>Humps higher than this over their number can no longer be told from teeth on small paper, and people draw teeth that steep.</summary>
    private const float Steepest = 0.65f;

    public static void Wave(Sketch s, Random r)
    {
        float kind = r.NextSingle();
        if (kind < 0.12f)
        {
            // A telephone cord: loops along a line.
            float loops = r.Between(2, 7), across = r.Between(0.8f, 1.6f), radius = r.Between(0.25f, 0.6f), from = r.Angle(), turn = r.Sign();
            int steps = (int)(loops * 9);
            for (int i = 0; i <= steps; i++)
            {
                float t = (float)i / steps, a = from + turn * MathF.Tau * loops * t, size = radius * (1 + r.Around(0.12f));
                s.To(across * (2 * t - 1) + size * 0.8f * MathF.Cos(a), size * MathF.Sin(a));
            }
            s.End(StrokeKind.Smooth);
        }
        else if (kind < 0.25f)
        {
            // A tangle: on and on across the same spot.
            int n = r.Next(7, 22);
            Span<Vector2> via = stackalloc Vector2[21];
            float flat = r.Between(0.5f, 1), from = r.Angle();
            for (int i = 0; i < n; i++)
            {
                float a = from + i * r.Between(1.6f, 2.8f), d = r.Between(0.35f, 1);
                via[i] = new Vector2(d * MathF.Cos(a), flat * d * MathF.Sin(a));
            }
            s.Through(via[..n], 6, StrokeKind.Smooth);
        }
        else if (kind < 0.3f) Scrawl(s, r);
        else if (kind < 0.33f)
        {
            // Down some stairs, round at the edges.
            int n = r.Next(5, 9);
            Span<Vector2> via = stackalloc Vector2[8];
            float slope = r.Between(0.3f, 1.2f);
            for (int i = 0; i < n; i++) via[i] = new Vector2((i + 1) / 2 * 2f / n + r.Around(0.06f), slope * (i / 2 * 2f / n) + r.Around(0.06f));
            s.Through(via[..n], 5, StrokeKind.Smooth);
        }
        else if (kind < 0.42f)
        {
            // A line that wanders.
            int n = r.Next(4, 8);
            Span<Vector2> via = stackalloc Vector2[8];
            float reach = r.Between(0.25f, 0.8f);
            for (int i = 0; i < n; i++) via[i] = new Vector2(2f * i / (n - 1) - 1 + r.Around(0.3f), r.Around(reach));
            s.Through(via[..n], 8, StrokeKind.Smooth);
        }
        else if (kind < 0.7f)
        {
            float humps = r.Between(1.2f, 4.4f), height = r.Between(0.12f, 0.5f), phase = r.Maybe(0.6f) ? r.Next(2) * MathF.PI : r.Angle();
            height = Math.Min(height, Steepest / humps);
            float fade = r.Around(0.25f), uneven = r.Around(0.25f), lean = r.Maybe(0.3f) ? r.Around(0.3f) : 0;
            int steps = (int)(humps * 12) + 4;
            for (int i = 0; i <= steps; i++)
            {
                float t = (float)i / steps, a = phase + MathF.Tau * humps * (t + uneven * t * (1 - t));
                float y = MathF.Sin(a) * (1 + fade * (2 * t - 1)) * height;
                s.To(2 * t - 1 + lean * y, y);
            }
            s.End(StrokeKind.Smooth);
        }
        else
        {
            // A loose squiggle: humps of uneven width and height, sometimes falling over into loops.
            int n = r.Next(5, 11);
            Span<Vector2> via = stackalloc Vector2[13];
            float height = r.Between(0.2f, 0.7f), up = r.Sign(), loops = r.Maybe(0.25f) ? r.Between(0.2f, 0.6f) : r.Around(0.1f);
            height = Math.Min(height, 2 * Steepest / (n - 1));
            for (int i = 0; i < n; i++)
            {
                float x = 2f * (i + r.Around(0.14f)) / (n - 1) - 1;
                float side = i % 2 == 0 ? up : -up;
                via[i] = new Vector2(x - side * loops * 2 / n, side * height * r.Between(0.45f, 1.1f) + r.Around(0.08f));
            }
            s.Through(via[..n], 8, StrokeKind.Smooth);
        }
        PolygonPrimitives.Lie(s, r);
    }

    /// <summary>A line that runs along and turns a loop here and there, each of another size, as if one wrote; sometimes in several pieces.</summary>
    private static void Scrawl(Sketch s, Random r)
    {
        int turns = r.Next(1, 5);
        float x = 0, y = 0;
        s.To(x, y);
        for (int i = 0; i < turns; i++)
        {
            float stride = r.Between(0.4f, 1.1f), size = r.Between(0.12f, 0.45f), up = r.Maybe(0.7f) ? -1 : 1, way = MathF.PI / 2 * -up;
            s.Quad(x + 0.5f * stride, y + r.Around(0.3f), x + stride, y + r.Around(0.2f), 5);
            (x, y) = (s.Points[^1].X, s.Points[^1].Y);
            if (r.Maybe(0.85f)) s.Arc(x, y + up * size, size * r.Between(0.6f, 1), size, way, way + up * -MathF.Tau * r.Between(0.8f, 1.15f), 11);
            (x, y) = (s.Points[^1].X, s.Points[^1].Y);
            if (!r.Maybe(0.15f)) continue;
            s.End(StrokeKind.Smooth);
            x += r.Between(0.1f, 0.4f);
            y += r.Around(0.3f);
            s.To(x, y);
        }
        s.Quad(x + 0.3f, y + r.Around(0.4f), x + r.Between(0.3f, 0.9f), y + r.Around(0.3f), 5);
        s.End(StrokeKind.Smooth);
    }

    public static void Heart(Sketch s, Random r)
    {
        float w = r.Between(0.9f, 1.25f), dip = -r.Between(0.2f, 0.55f), top = -r.Between(1.1f, 1.45f), belly = r.Between(-0.15f, 0.3f), lop = r.Around(0.06f);
        float tip = 1 + r.Around(0.06f), tipX = r.Around(0.08f);
        bool fromTip = r.Maybe(0.3f);
        Vector2 low = new(tipX, tip), notch = new(lop, dip);
        // Each half is one cubic from the notch over the lobe to the tip.
        Vector2 a1 = new(-0.55f * w, top + lop), b1 = new(-1.75f * w, belly - 0.35f);
        Vector2 a2 = new(0.55f * w, top - lop), b2 = new(1.75f * w, belly - 0.35f + r.Around(0.08f));
        if (fromTip)
        {
            s.Points.Add(low);
            s.Cubic(b1, a1, notch, 11);
            s.Cubic(a2, b2, low, 10);
        }
        else
        {
            s.Points.Add(notch);
            s.Cubic(a1, b1, low, 11);
            s.Cubic(b2, a2, notch, 10);
        }
        s.Points.RemoveAt(s.Points.Count - 1);
        s.End(StrokeKind.Closed);
        if (r.Maybe(0.5f)) s.Stretch(-1, 1);
        s.Rotate(r.Maybe(0.1f) ? r.Tilt(20) : r.Tilt(6));
    }

    public static void Crescent(Sketch s, Random r, bool bare)
    {
        if (!bare && r.Maybe(0.16f))
        {
            FullMoon(s, r);
            return;
        }
        // Tips stand at +-open from the +x direction; the inner arc bulges towards -x by its own depth.
        // Openings narrower than this read as a bite out of a disc.
        float open = r.Between(0.65f, 1.55f), tipX = MathF.Cos(open), tipY = MathF.Sin(open);
        float thick = r.Between(0.28f, 0.85f) * (1 + tipX * 0.4f), depth = tipX + 1 - thick;
        bool blunt = r.Maybe(0.06f);
        s.Arc(0, 0, 1, 1, open, MathF.Tau - open, 15);
        bool apart = !bare && !blunt && r.Maybe(0.25f);
        if (apart)
        {
            // Outer and inner arc drawn one after the other.
            Vector2 first = s.Points[0], last = s.Points[^1];
            s.End();
            s.Points.Add(last);
            s.Cubic(new(tipX - 1.3f * depth, -tipY * 0.75f), new(tipX - 1.3f * depth, tipY * 0.75f), first, 9);
            s.End();
        }
        else
        {
            float inset = blunt ? 0.25f : 0;
            Vector2 upper = new(tipX + 0.3f * inset, -tipY * (1 - inset)), lower = new(tipX + 0.3f * inset, tipY * (1 - inset));
            if (blunt) s.Points.Add(upper);
            s.Cubic(new(tipX - 1.3f * depth, upper.Y * 0.75f), new(tipX - 1.3f * depth, lower.Y * 0.75f), lower, 9);
            if (!blunt) s.Points.RemoveAt(s.Points.Count - 1);
            s.End(StrokeKind.Closed);
        }
        s.Stretch(r.Between(0.75f, 1.05f), 1);
        if (r.Maybe(0.4f)) s.Stretch(-1, 1);
        s.Rotate(r.Maybe(0.1f) ? r.Angle() : r.Tilt(18));
        if (!bare && r.Maybe(0.05f))
        {
            // Both faces of it, so that there is no doubt.
            var full = new Sketch();
            FullMoon(full, r);
            s.Append(full.Fit(new Vector2(r.Sign() * r.Between(1.5f, 2.2f), r.Around(0.5f)), r.Between(0.6f, 0.9f)));
        }
    }

    /// <summary>Not the crescent of the name, but what some draw for "moon": a disc with craters.</summary>
    private static void FullMoon(Sketch s, Random r)
    {
        s.Ring(0, 0, 1, r.Between(0.85f, 1.1f), r.Angle(), 18);
        float from = r.Angle();
        if (r.Maybe(0.2f))
        {
            // The dark part's edge, hung up within the disc.
            float depth = r.Between(0.1f, 0.7f);
            s.Polar(0.97f, from - 1.2f);
            s.Quad(depth * MathF.Cos(from), depth * MathF.Sin(from), 0.97f * MathF.Cos(from + 1.2f), 0.97f * MathF.Sin(from + 1.2f), 7);
            s.End();
            return;
        }
        if (r.Maybe(0.3f))
        {
            // Only dots and ticks, as many or few as it takes.
            int marks = r.Next(1, 8);
            for (int i = 0; i < marks; i++)
            {
                float a = from + i * 2.4f, d = r.Between(0.1f, 0.7f), x = d * MathF.Cos(a), y = d * MathF.Sin(a), tick = r.Maybe(0.5f) ? 0 : 0.18f;
                s.Poly(StrokeKind.Mark, x, y, x + r.Around(tick), y + r.Around(tick));
            }
            return;
        }
        int craters = r.Next(2, 8);
        for (int i = 0; i < craters; i++)
        {
            float a = from + i * 2.4f, d = r.Between(0.15f, 0.68f), size = r.Between(0.06f, 0.2f);
            s.Ring(d * MathF.Cos(a), d * MathF.Sin(a), size, size * r.Between(0.7f, 1.2f), r.Angle(), 8);
        }
    }

    public static void Drop(Sketch s, Random r)
    {
        float w = r.Between(0.52f, 0.88f), shoulder = r.Between(-0.35f, 0.15f), lean = r.Maybe(0.2f) ? r.Around(0.3f) : r.Around(0.05f), bottom = r.Between(1.0f, 1.35f);
        s.To(lean, -1);
        s.Cubic(new(0.05f + lean * 0.5f, shoulder - 0.3f), new(w, shoulder + 0.1f), new(w, 0.4f), 7);
        s.Cubic(new(w, bottom), new(-w, bottom), new(-w, 0.4f), 9);
        s.Cubic(new(-w, shoulder + 0.1f), new(-0.05f + lean * 0.5f, shoulder - 0.3f), new(lean, -1), 7);
        s.Points.RemoveAt(s.Points.Count - 1);
        s.End(StrokeKind.Closed);
        if (r.Maybe(0.4f)) s.Stretch(-1, 1);
        s.Rotate(r.Maybe(0.06f) ? MathF.PI / 4 * r.Sign() : r.Tilt(6));
    }

    public static void Cloud(Sketch s, Random r)
    {
        int bumps = r.Next(4, 9);
        float flat = r.Maybe(0.35f) ? 1 : 0, height = r.Between(0.5f, 0.75f), from = r.Angle();
        // Bumps stand on an ellipse; a flat-bottomed cloud has them over its upper half only.
        float start = flat > 0 ? MathF.PI : from, sweep = flat > 0 ? MathF.PI : MathF.Tau;
        int n = flat > 0 ? Math.Min(bumps, 5) : bumps;
        Span<Vector2> joints = stackalloc Vector2[10];
        for (int i = 0; i <= n; i++)
        {
            float a = start + sweep * (i + (i == 0 || i == n ? 0 : r.Around(0.12f))) / n;
            joints[i] = new Vector2(0.82f * MathF.Cos(a), 0.82f * height * MathF.Sin(a));
        }
        if (flat == 0) joints[n] = joints[0];
        s.Points.Add(joints[0]);
        for (int i = 0; i < n; i++)
        {
            Vector2 a = joints[i], b = joints[i + 1], along = b - a;
            Vector2 outward = new Vector2(along.Y, -along.X) * r.Between(0.45f, 0.95f);
            s.Cubic(a + outward - 0.15f * along, b + outward + 0.15f * along, b, 6);
        }
        if (flat == 0) s.Points.RemoveAt(s.Points.Count - 1);
        s.End(StrokeKind.Closed);
        s.Rotate(r.Tilt(4));
    }

    public static void Infinity(Sketch s, Random r)
    {
        int steps = r.Next(24, 34);
        float from = r.Angle(), h = r.Between(0.6f, 1.1f), lop = r.Around(0.12f), pinch = r.Between(0.1f, 0.8f);
        for (int i = 0; i < steps; i++)
        {
            float a = from + MathF.Tau * i / steps, c = MathF.Cos(a), n = 1 + pinch * MathF.Sin(a) * MathF.Sin(a);
            float grow = 1 + lop * c;
            s.To(grow * c / n, grow * h * MathF.Sin(a) * c / n);
        }
        s.End(StrokeKind.Closed);
        s.Rotate(r.Maybe(0.06f) ? r.Tilt(30) : r.Tilt(5));
    }

    public static void Leaf(Sketch s, Random r, bool bare)
    {
        float w = r.Between(0.55f, 0.95f), belly = r.Between(-0.35f, 0.35f), curl = r.Around(0.15f);
        s.To(curl, -1);
        s.Cubic(new(w, -0.5f + belly), new(w, 0.3f + belly), new(0, 0.75f), 9);
        s.Cubic(new(-w, 0.3f + belly), new(-w, -0.5f + belly), new(curl, -1), 9);
        s.Points.RemoveAt(s.Points.Count - 1);
        s.End(StrokeKind.Closed);
        float stem = r.Maybe(0.8f) ? r.Between(0.95f, 1.25f) : 0.75f, bend = r.Around(0.15f);
        float vein = bare ? 0.75f : r.Maybe(0.85f) ? r.Between(-0.9f, 0.1f) : 0.75f;
        if (stem > 0.76f || vein < 0.7f)
        {
            s.To(bend, stem);
            s.Quad(0, 0.5f, curl * 0.5f * (0.75f - vein), vein, 5);
            s.End();
        }
        if (!bare && vein < 0 && r.Maybe(0.5f))
        {
            int n = r.Next(2, 4);
            for (int i = 0; i < n; i++)
            {
                float y = 0.45f - 0.75f * i / n, reach = 0.38f * w;
                s.Poly(StrokeKind.Mark, 0, y, reach, y - 0.28f);
                s.Poly(StrokeKind.Mark, 0, y, -reach, y - 0.28f);
            }
        }
        s.Rotate(r.Maybe(0.45f) ? r.Tilt(8) : r.Maybe(0.7f) ? r.Sign() * MathF.PI / 4 + r.Tilt(12) : r.Angle());
    }
}
