using System.Numerics;

namespace OnDeviceLearning.Sigils;

/// <summary>Things people make.</summary>
internal static class ObjectPrimitives
{
    public static void Key(Sketch s, Random r)
    {
        float ring = r.Between(0.25f, 0.42f), x = -1 + ring, tooth = r.Between(0.18f, 0.4f);
        if (r.Maybe(0.12f)) s.Poly(StrokeKind.Closed, x - ring, 0, x, -ring, x + ring, 0, x, ring);
        else s.Ring(x, 0, ring, ring * r.Between(0.8f, 1.2f), r.Maybe(0.5f) ? 0 : r.Angle(), 14);
        float kind = r.NextSingle();
        if (kind < 0.12f)
        {
            float t = 0.09f;
            s.Line(x + ring, -t, 1, -t, 1, tooth, 0.8f, tooth, 0.8f, t, 0.62f, t, 0.62f, tooth, 0.45f, tooth, 0.45f, t, x + ring, t);
        }
        else if (kind < 0.35f) s.Line(x + ring, 0, 1, 0, 1, tooth);
        else s.Line(x + ring, 0, 1, 0);
        if (kind >= 0.12f)
        {
            int teeth = kind < 0.35f ? r.Next(1, 3) : r.Next(2, 4);
            float step = r.Between(0.16f, 0.26f), end = kind < 0.35f ? 1 - step : r.Between(0.88f, 1);
            for (int i = 0; i < teeth; i++)
                s.Poly(StrokeKind.Mark, end - i * step, 0, end - i * step + r.Around(0.02f), tooth * r.Between(0.75f, 1.15f));
            if (teeth == 2 && r.Maybe(0.2f)) s.Poly(StrokeKind.Mark, end, tooth, end - step, tooth);
        }
        if (r.Maybe(0.2f)) s.Ring(x, 0, ring * 0.45f, ring * 0.45f, r.Angle(), 9);
        if (r.Maybe(0.5f)) s.Stretch(1, -1);
        float turn = r.NextSingle();
        s.Rotate(turn < 0.5f ? r.Tilt(6) : turn < 0.8f ? r.Sign() * MathF.PI / 2 + r.Tilt(6) : r.Angle());
        if (r.Maybe(0.35f)) s.Stretch(-1, 1);
    }

    public static void Crown(Sketch s, Random r)
    {
        int points = r.Maybe(0.65f) ? 3 : r.Next(4, 6);
        float h = r.Between(0.5f, 0.85f), valley = r.Between(-0.15f, 0.25f), flare = r.Between(0.75f, 1), j = r.Between(0.02f, 0.08f);
        bool upright = r.Maybe(0.35f), round = r.Maybe(0.1f);
        s.To(-flare, h);
        for (int i = 0; i < points; i++)
        {
            float x = -1 + 2f * i / (points - 1);
            bool edge = i == 0 || i == points - 1;
            float tall = edge ? -h + r.Between(0, 0.2f) : -h * r.Between(0.85f, 1.25f);
            s.To((edge && upright ? Math.Sign(x) * flare : x) + r.Around(j), tall);
            if (i < points - 1)
            {
                float vx = x + 1f / (points - 1);
                if (round) s.Quad(vx, valley + 0.3f, x + 2f / (points - 1) - 0.03f, -h + 0.1f, 5);
                else s.To(vx + r.Around(j), valley + r.Around(j));
            }
        }
        s.To(flare, h);
        if (r.Maybe(0.25f))
        {
            s.End();
            s.To(-flare, h);
            s.Quad(0, h + r.Between(0.05f, 0.35f), flare, h, 6);
            s.End();
        }
        else s.End(StrokeKind.Closed);
        if (r.Maybe(0.4f))
        {
            float y = h - r.Between(0.15f, 0.35f);
            s.Line(-flare, y, flare, y);
        }
        if (r.Maybe(0.25f))
            for (int i = 0; i < points; i++)
            {
                float x = (-1 + 2f * i / (points - 1)) * (upright ? flare : 1);
                s.Ring(x, -h - 0.1f, 0.09f, 0.09f, r.Angle(), 7);
            }
        else if (r.Maybe(0.2f))
            for (int i = -1; i <= 1; i++) s.Poly(StrokeKind.Mark, 0.45f * i, h * 0.6f, 0.45f * i + 0.05f, h * 0.6f + 0.05f);
        s.Rotate(r.Tilt(5));
    }

    public static void Hourglass(Sketch s, Random r)
    {
        float w = r.Between(0.5f, 0.8f), neck = r.Maybe(0.45f) ? r.Between(0, 0.03f) : r.Maybe(0.75f) ? r.Between(0.05f, 0.16f) : r.Between(0.16f, 0.38f), cap = r.Between(1.05f, 1.25f) * w;
        float kind = r.NextSingle();
        if (kind < 0.3f)
        {
            // One stroke crossing itself in the middle.
            s.Poly(StrokeKind.Closed, -w, -1, w, -1, r.Around(0.04f), r.Around(0.04f), -w, 1, w, 1, r.Around(0.04f), r.Around(0.04f));
        }
        else if (kind < 0.5f)
        {
            s.Poly(StrokeKind.Closed, -w, -1, w, -1, neck, 0, w, 1, -w, 1, -neck, 0);
        }
        else if (kind < 0.85f)
        {
            // Curved glass: two mirrored sides between two caps.
            float belly = r.Between(-0.85f, -0.3f);
            s.To(-w, -1);
            s.Cubic(new(-w * 1.05f, belly), new(-neck, -0.35f), new(-neck, 0), 6);
            s.Cubic(new(-neck, 0.35f), new(-w * 1.05f, -belly), new(-w, 1), 6);
            s.End();
            s.To(w, -1);
            s.Cubic(new(w * 1.05f, belly), new(neck, -0.35f), new(neck, 0), 6);
            s.Cubic(new(neck, 0.35f), new(w * 1.05f, -belly), new(w, 1), 6);
            s.End();
            bool open = r.Maybe(0.12f);
            if (!open) s.Line(-cap, -1, cap, -1);
            if (!open || r.Maybe(0.5f)) s.Line(-cap, 1, cap, 1);
        }
        else
        {
            s.Poly(StrokeKind.Closed, -w, -1, w, -1, 0, 0);
            s.Poly(StrokeKind.Closed, -w, 1, w, 1, 0, 0);
        }
        if (kind < 0.85f && r.Maybe(0.18f))
            for (int side = -1; side <= 1; side += 2)
                s.Poly(StrokeKind.Closed, -cap, side, cap, side, cap, side * 1.18f, -cap, side * 1.18f);
        if (r.Maybe(0.12f))
        {
            s.Line(-cap, -1, -cap, 1);
            s.Line(cap, -1, cap, 1);
        }
        // Sand that runs.
        if (r.Maybe(0.12f)) s.Poly(StrokeKind.Mark, 0, r.Between(-0.4f, 0), 0, r.Between(0.3f, 0.85f));
        if (r.Maybe(0.2f))
        {
            float y = r.Between(0.5f, 0.75f);
            s.Poly(StrokeKind.Mark, -w * y * 0.8f, y, w * y * 0.8f, y);
            if (r.Maybe(0.5f)) s.Poly(StrokeKind.Mark, -w * 0.6f, -0.65f, w * 0.6f, -0.65f);
        }
        s.Rotate(r.Tilt(4));
    }

    public static void Sword(Sketch s, Random r)
    {
        float guard = r.Between(0.25f, 0.5f), at = r.Between(0.35f, 0.6f), t = r.Maybe(0.25f) ? r.Between(0.2f, 0.36f) : r.Between(0.07f, 0.2f), kind = r.NextSingle();
        if (kind < 0.3f) s.Line(0, -1, 0, 1);
        else if (kind < 0.38f)
        {
            // A sabre: both edges bend to one side.
            float bend = r.Sign() * r.Between(0.25f, 0.6f);
            s.To(-t, at);
            s.Quad(bend - t, -0.2f, -0.6f * bend, -1, 6);
            s.Quad(bend + t, -0.2f, t, at, 6);
            s.End();
        }
        else
        {
            float point = r.Between(0.15f, 0.35f);
            s.Poly(r.Maybe(0.5f) ? StrokeKind.Closed : StrokeKind.Open, -t, at, -t, -1 + point, r.Around(0.02f), -1, t, -1 + point, t, at);
            if (r.Maybe(0.25f)) s.Line(0, -0.8f, 0, at);
        }
        float droop = r.Maybe(0.25f) ? r.Between(-0.15f, 0.15f) : r.Around(0.02f);
        if (kind > 0.38f && r.Maybe(0.06f))
        {
            // A dagger's blade ends where the hand begins.
            s.Line(-t, at, t, at);
        }
        else if (r.Maybe(0.1f)) s.Ring(0, at + 0.06f, guard, r.Between(0.08f, 0.2f), r.Angle(), 12);
        else if (kind > 0.3f && r.Maybe(0.45f)) s.Poly(StrokeKind.Closed, -guard, at, guard, at, guard, at + 0.12f, -guard, at + 0.12f);
        else
        {
            s.To(-guard, at + droop);
            s.Quad(0, at - droop, guard, at + droop, 4);
            s.End();
        }
        if (kind >= 0.3f)
        {
            if (r.Maybe(0.5f)) s.Line(0, at, 0, 1);
            else s.Poly(StrokeKind.Closed, -0.07f, at, 0.07f, at, 0.07f, 1, -0.07f, 1);
        }
        if (r.Maybe(0.35f)) s.Ring(0, 1.08f, 0.09f, 0.09f, -MathF.PI / 2, 8);
        float turn = r.NextSingle();
        // Points up most often, else down or aslant.
        s.Rotate(turn < 0.5f ? r.Tilt(5) : turn < 0.62f ? MathF.PI + r.Tilt(5) : turn < 0.9f ? r.Sign() * MathF.PI / 4 + r.Tilt(10) : r.Angle());
    }

    public static void House(Sketch s, Random r, bool bare)
    {
        float w = r.Between(0.7f, 0.95f), eave = r.Between(-0.35f, 0.1f), over = r.Maybe(0.4f) ? r.Between(0.05f, 0.25f) : 0, ridge = r.Around(0.06f);
        float kind = r.NextSingle();
        if (kind < 0.35f)
        {
            s.Poly(StrokeKind.Closed, -w, 1, -w, eave, ridge, -1, w, eave, w, 1);
            if (!bare && r.Maybe(0.5f)) s.Line(-w, eave, w, eave);
        }
        else
        {
            s.Poly(StrokeKind.Closed, -w, eave, w, eave, w, 1, -w, 1);
            if (kind < 0.8f) s.Line(-w - over, eave + 0.3f * over, ridge, -1, w + over, eave + 0.3f * over);
            else s.Poly(StrokeKind.Closed, -w - over, eave, ridge, -1, w + over, eave);
        }
        if (!bare)
        {
            if (r.Maybe(0.6f))
            {
                float x = r.Maybe(0.6f) ? r.Around(0.06f) : r.Sign() * 0.4f * w, d = r.Between(0.12f, 0.22f), h = 1 - r.Between(0.45f, 0.65f) * (1 - eave);
                s.Line(x - d, 1, x - d, h, x + d, h, x + d, 1);
                if (r.Maybe(0.4f))
                {
                    float u = x > 0.1f ? -0.45f * w : 0.5f * w, y = eave + 0.4f, q = r.Between(0.1f, 0.17f);
                    s.Poly(StrokeKind.Closed, u - q, y - q, u + q, y - q, u + q, y + q, u - q, y + q);
                    if (x is < 0.1f and > -0.1f && r.Maybe(0.6f)) s.Poly(StrokeKind.Closed, -u - q, y - q, -u + q, y - q, -u + q, y + q, -u - q, y + q);
                }
            }
            if (r.Maybe(0.15f)) s.Line(0.4f * w, -1 + 0.45f * (eave + 1), 0.4f * w, -1, 0.65f * w, -1, 0.65f * w, -1 + 0.7f * (eave + 1));
        }
        s.Rotate(r.Tilt(3));
    }

    public static void Eye(Sketch s, Random r)
    {
        float h = r.Maybe(0.1f) ? r.Between(0.95f, 1.4f) : r.Between(0.45f, 0.95f), lower = h * r.Between(0.6f, 1.1f);
        bool round = r.Maybe(0.18f);
        if (round)
        {
            // An eyeball: the arcs of an almond reach 0.62 h high, a ball as high as it likes.
            h = lower = r.Between(1, 1.7f);
            s.Ring(0, 0, 1, 0.62f * h, r.Angle(), 18);
        }
        else
        {
            Almond(s, r, h, lower);
        }
        float iris = Math.Min(h, lower) * r.Between(0.38f, 0.62f) * (round ? 0.6f : 1), x = r.Around(0.08f), y = 0.3f * (lower - h) + r.Around(0.04f), kind = r.NextSingle();
        if (kind < 0.8f && !round && r.Maybe(0.25f))
        {
            // Only the sides of the iris, from lid to lid.
            float side = r.Between(0.2f, 0.45f), top = -0.6f * h * (1 - side * side), bottom = 0.6f * lower * (1 - side * side);
            for (int way = -1; way <= 1; way += 2)
            {
                s.To(way * side * 0.7f, top);
                s.Quad(way * side * 1.3f, 0.5f * (top + bottom), way * side * 0.7f, bottom, 5);
                s.End();
            }
        }
        else if (kind < 0.8f) s.Ring(x, y, iris, iris * r.Between(0.9f, 1.1f), r.Angle(), 13);
        if (kind > 0.35f)
        {
            float pupil = kind < 0.8f ? 0.42f * iris : 0.75f * iris;
            s.Arc(x, y, pupil, pupil, 0, MathF.Tau, 8);
            s.Arc(x, y, 0.4f * pupil, 0.4f * pupil, 0, MathF.Tau, 5);
            s.End(StrokeKind.Mark);
        }
        if (r.Maybe(round ? 0.7f : 0.35f))
        {
            int n = r.Next(3, 7);
            for (int i = 0; i < n; i++)
            {
                float u = -0.75f + 1.5f * i / (n - 1), top = -h * 0.62f * (round ? MathF.Sqrt(1 - u * u) : 1 - u * u);
                s.Poly(StrokeKind.Mark, u, top, u * 1.2f + r.Around(0.03f), top - r.Between(0.2f, 0.35f));
            }
        }
        // The corner, drawn out.
        if (!round && r.Maybe(0.1f)) s.Line(0.95f, 0, 1.1f + r.Between(0, 0.5f), r.Around(0.15f));
        if (r.Maybe(0.5f)) s.Stretch(-1, 1);
        s.Rotate(r.Tilt(r.Maybe(0.2f) ? 15 : 4));
    }

    private static void Almond(Sketch s, Random r, float h, float lower)
    {
        s.To(-1, r.Around(0.05f));
        bool apart = r.Maybe(0.3f);
        s.Quad(r.Around(0.1f), -2 * h * 0.62f, 1, r.Around(0.05f), 9);
        if (apart)
        {
            s.End();
            s.To(-1, r.Around(0.05f));
            s.Quad(0, 2 * lower * 0.62f, 1, r.Around(0.05f), 9);
            s.End();
        }
        else
        {
            s.Quad(r.Around(0.1f), 2 * lower * 0.62f, -1, 0, 9);
            s.Points.RemoveAt(s.Points.Count - 1);
            s.End(StrokeKind.Closed);
        }
    }
}
