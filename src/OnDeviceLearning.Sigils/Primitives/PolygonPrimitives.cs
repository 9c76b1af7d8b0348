using System.Numerics;

namespace OnDeviceLearning.Sigils;

/// <summary>Shapes with straight sides.</summary>
internal static class PolygonPrimitives
{
    public static void Square(Sketch s, Random r)
    {
        float h = r.Maybe(0.6f) ? r.Between(0.85f, 1.15f) : r.Between(0.65f, 1.5f), j = r.Between(0.01f, 0.1f);
        s.Poly(StrokeKind.Closed,
            -1 + r.Around(j), -h + r.Around(j), 1 + r.Around(j), -h + r.Around(j), 1 + r.Around(j), h + r.Around(j), -1 + r.Around(j), h + r.Around(j));
        // Never tilted so far that it could be taken for a diamond.
        s.Rotate(Math.Clamp(r.Tilt(5), -0.17f, 0.17f));
    }

    public static void Triangle(Sketch s, Random r)
    {
        float kind = r.NextSingle(), apex = 0, height = r.Between(1.4f, 2.1f);
        if (kind < 0.55f) apex = r.Around(0.12f);
        else if (kind < 0.7f) apex = r.Sign() * r.Between(0.75f, 1.05f);
        else if (kind < 0.85f) (apex, height) = (r.Between(-0.7f, 0.7f), r.Between(0.8f, 1.5f));
        else apex = r.Between(-0.5f, 0.5f);
        s.Poly(StrokeKind.Closed, apex, -0.5f * height, 1, 0.5f * height + r.Around(0.08f), -1, 0.5f * height + r.Around(0.08f));
        if (r.Maybe(0.07f)) s.Rotate(MathF.PI);
        s.Rotate(r.Maybe(0.08f) ? r.Angle() : r.Tilt(6));
    }

    public static void Hexagon(Sketch s, Random r)
    {
        float turn = (r.Maybe(0.5f) ? 0 : MathF.PI / 6) + r.Tilt(6), j = r.Between(0.02f, 0.2f);
        // Some lose count.
        int corners = r.Maybe(0.05f) ? r.Next(7, 9) : 6;
        for (int i = 0; i < corners; i++) s.Polar(1 + r.Around(j), turn + (i + r.Around(1.2f * j)) * MathF.Tau / corners);
        s.End(StrokeKind.Closed);
        s.Stretch(1, r.Maybe(0.6f) ? r.Between(0.85f, 1.15f) : r.Between(0.55f, 1.5f));
    }

    public static void Diamond(Sketch s, Random r, bool bare)
    {
        if (r.Maybe(bare ? 0.2f : 0.48f))
        {
            Gem(s, r, bare);
            return;
        }
        float w = r.Between(0.5f, 1.05f), shift = r.Around(0.06f);
        s.Poly(StrokeKind.Closed, r.Around(0.05f), -1, w, shift + r.Around(0.06f), r.Around(0.05f), 1, -w, shift + r.Around(0.06f));
        if (r.Maybe(0.12f)) s.Stretch(1.1f, 0.7f);
        s.Rotate(r.Tilt(4));
        if (!bare && r.Maybe(0.05f)) s.Line(-0.9f * w, shift, 0.9f * w, shift);
    }

    /// <summary>A cut stone seen from the side.</summary>
    private static void Gem(Sketch s, Random r, bool bare)
    {
        bool facets = !bare && r.Maybe(0.62f);
        // Without facets the shoulders mostly show; else it is a triangle standing on its tip, which some draw too.
        bool pointed = facets ? r.Maybe(0.25f) : !bare && r.Maybe(0.2f);
        float top = -r.Between(0.45f, 0.95f), girdle = pointed ? top : top + r.Between(0.12f, 0.6f), t = pointed ? 1 : r.Between(0.4f, 0.9f), tip = r.Around(0.08f);
        if (pointed) s.Poly(StrokeKind.Closed, -1, top, 1, top, tip, 1);
        else s.Poly(StrokeKind.Closed, -t, top, t + r.Around(0.06f), top + r.Around(0.05f), 1, girdle + r.Around(0.06f), tip, 1, -1, girdle);
        if (facets)
        {
            float m = r.Between(0.2f, 0.5f), kind = r.NextSingle();
            if (!pointed && kind < 0.8f) s.Line(-1, girdle, 1, girdle);
            if (kind > 0.3f) s.Line(-m, girdle, tip, 1, m, girdle);
            if (!pointed && kind > 0.55f) s.Line(-1, girdle, -t, top, -m, girdle, 0, top, m, girdle, t, top);
            if (pointed && kind < 0.5f) s.Line(-0.75f, top + 0.25f, 0.75f, top + 0.25f);
        }
        else if (!bare && !pointed && r.Maybe(0.15f))
        {
            // The table, seen aslant.
            s.Ring(0, top, t, r.Between(0.1f, 0.3f), r.Angle(), 12);
        }
        s.Stretch(1, r.Between(0.7f, 1.3f));
    }

    public static void Star(Sketch s, Random r, Style style, bool bare)
    {
        float kind = r.NextSingle(), turn = -MathF.PI / 2 + (r.Maybe(0.12f) ? r.Angle() : r.Tilt(7)), j = r.Between(0.03f, 0.14f);
        // Two sets of crossing lines could not be told apart, so a doubled star is an outline.
        if (kind < (style == Style.Doubled ? 0 : bare ? 0.2f : 0.5f))
        {
            // One stroke, every second corner, as it is mostly drawn.
            int direction = r.Maybe(0.5f) ? 2 : 3, first = r.Next(5);
            Span<Vector2> corners = stackalloc Vector2[5];
            for (int i = 0; i < 5; i++)
            {
                float a = turn + (i + r.Around(j)) * MathF.Tau / 5, d = 1 + r.Around(j);
                corners[i] = new Vector2(d * MathF.Cos(a), d * MathF.Sin(a));
            }
            for (int i = 0; i < 5; i++) s.Points.Add(corners[(first + i * direction) % 5]);
            s.End(StrokeKind.Closed);
        }
        else if (kind < 0.9f) Spikes(s, r, 5, r.Between(0.33f, 0.6f), turn, j);
        else if (kind < 0.925f && !bare)
        {
            for (int k = 0; k < 2; k++)
            {
                for (int i = 0; i < 3; i++) s.Polar(1 + r.Around(j), turn + k * MathF.PI + (i + r.Around(j)) * MathF.Tau / 3);
                s.End(StrokeKind.Closed);
            }
        }
        else if (kind < 0.96f) Spikes(s, r, r.Next(6, 8), r.Between(0.4f, 0.6f), turn, j);
        else Spikes(s, r, 4, r.Between(0.2f, 0.42f), -MathF.PI / 2 + r.Tilt(6), j);
    }

    private static void Spikes(Sketch s, Random r, int n, float inner, float turn, float j)
    {
        for (int i = 0; i < 2 * n; i++)
            s.Polar((i % 2 == 0 ? 1 : inner) * (1 + r.Around(j)), turn + (i + r.Around(1.2f * j)) * MathF.PI / n);
        s.End(StrokeKind.Closed);
    }

    public static void Cross(Sketch s, Random r)
    {
        if (r.Maybe(0.05f))
        {
            BlockCross(s, r);
            s.Rotate(MathF.PI / 4 + r.Tilt(4));
            return;
        }
        // Kept within a few degrees of the diagonals once the aspect is applied, so that it is no plus.
        float h = r.Between(0.75f, 1.3f), j = r.Between(0.03f, 0.15f);
        s.Line(-1 + r.Around(j), -h + r.Around(j), 1 + r.Around(j), h + r.Around(j));
        s.Line(1 + r.Around(j), -h + r.Around(j), -1 + r.Around(j), h + r.Around(j));
        s.Rotate(r.Tilt(4));
    }

    public static void Plus(Sketch s, Random r)
    {
        if (r.Maybe(0.15f))
        {
            BlockCross(s, r);
            s.Rotate(r.Tilt(3));
            return;
        }
        float j = r.Between(0.02f, 0.08f), bar = r.Maybe(0.15f) ? -r.Between(0.2f, 0.45f) : r.Around(0.07f), w = r.Between(0.7f, 1.1f);
        s.Line(r.Around(j), -1, r.Around(j), 1);
        s.Line(-w, bar + r.Around(j), w, bar + r.Around(j));
        s.Rotate(r.Tilt(4));
    }

    private static void BlockCross(Sketch s, Random r)
    {
        float t = r.Between(0.2f, 0.4f);
        s.Poly(StrokeKind.Closed, -t, -1, t, -1, t, -t, 1, -t, 1, t, t, t, t, 1, -t, 1, -t, t, -1, t, -1, -t, -t, -t);
    }

    public static void Zigzag(Sketch s, Random r)
    {
        int corners = r.Maybe(0.12f) ? 4 : r.Next(5, 15);
        float height = corners < 8 ? r.Between(0.25f, 0.95f) : r.Between(0.15f, 0.7f);
        // Swings wider than the whole line is long, as they are scribbled down the paper.
        bool few = false;
        if (r.Maybe(0.28f)) (corners, height) = (r.Next(6, 19), r.Between(0.6f, 2.2f));
        else if (r.Maybe(0.25f))
        {
            // A large Z or N, or little more.
            few = true;
            (corners, height) = (r.Next(4, 7), r.Between(0.4f, 1.4f));
        }
        float taper = r.Maybe(0.25f) ? r.Sign() * r.Between(0.25f, 0.8f) : 0, jx = r.Between(0.02f, 0.25f), jy = r.Between(0.03f, 0.45f);
        float lean = r.Maybe(few ? 0.7f : 0.4f) ? r.Between(-0.7f, 0.7f) * (few ? 1.3f : 1) : 0, up = r.Sign(), drift = r.Around(0.08f);
        // A fast hand turns in two bends instead of one corner.
        float blunt = r.Maybe(0.35f) ? r.Between(0, 0.25f) : 0;
        for (int i = 0; i < corners; i++)
        {
            float x = 2f * (i + r.Around(jx) + (i % 2 == 0 ? lean : 0)) / (corners - 1) - 1;
            float y = (i % 2 == 0 ? up : -up) * height * (1 + taper * x) * (1 + r.Around(jy)) + drift * x, half = blunt * r.NextSingle() / (corners - 1);
            if (half > 0.01f && i > 0) s.To(x - half, y);
            s.To(x + half, y);
        }
        s.End(StrokeKind.Jagged);
        if (few && r.Maybe(0.4f)) s.Rotate(MathF.PI / 2);
        Lie(s, r);
    }

    /// <summary>Mostly across the paper, now and then down it or aslant.</summary>
    public static void Lie(Sketch s, Random r)
    {
        float kind = r.NextSingle();
        s.Rotate(kind < 0.6f ? r.Tilt(6) : kind < 0.82f ? MathF.PI / 2 + r.Tilt(6) : r.Angle());
        if (r.Maybe(0.3f)) s.Stretch(-1, 1);
    }

    public static void Bolt(Sketch s, Random r, bool bare)
    {
        float kind = r.NextSingle();
        if (!bare && kind < 0.32f)
        {
            // One steep stroke of three segments, rarely more.
            int corners = r.Maybe(0.75f) ? 4 : r.Next(5, 9);
            float w = r.Between(0.2f, 0.65f) * (corners > 6 ? 0.6f : 1);
            for (int i = 0; i < corners; i++)
            {
                float t = (float)i / (corners - 1);
                float back = i % 2 == 1 ? r.Between(0, 0.22f) : -r.Between(0, 0.22f);
                s.To((i % 2 == 0 ? w : -w) * (i == 0 || i == corners - 1 ? r.Between(0.5f, 1.1f) : r.Between(0.8f, 1.1f)) - 0.35f * (t - 0.5f),
                    2 * t - 1 + (i == 0 || i == corners - 1 ? 0 : back));
            }
            s.End();
            if (r.Maybe(0.1f))
            {
                Vector2 tip = s.Points[^1];
                s.Line(tip.X - 0.25f, tip.Y - 0.2f, tip.X, tip.Y, tip.X + 0.2f, tip.Y - 0.28f);
            }
        }
        else if (!bare && kind < 0.38f)
        {
            // Two jagged lines side by side that meet below, often left open above.
            int corners = r.Next(4, 6);
            float w = r.Between(0.25f, 0.5f), apart = r.Between(0.15f, 0.45f);
            Span<Vector2> line = stackalloc Vector2[5];
            for (int i = 0; i < corners; i++)
                line[i] = new Vector2((i % 2 == 0 ? w : -w) * r.Between(0.8f, 1.1f) - 0.4f * i / (corners - 1), 2f * i / (corners - 1) - 1 + (i % 2 == 1 ? 0.15f : 0));
            foreach (Vector2 p in line[..corners]) s.Points.Add(p);
            bool pieces = r.Maybe(0.4f);
            if (pieces) s.End(StrokeKind.Jagged);
            for (int i = pieces ? 0 : 1; i < corners; i++)
            {
                int k = pieces ? i : corners - 1 - i;
                s.To(line[k].X + apart * (1 - (float)k / (corners - 1)) + r.Around(0.03f), line[k].Y + r.Around(0.04f) + (k == 0 || k == corners - 1 ? 0 : 0.08f));
            }
            s.End(pieces ? StrokeKind.Jagged : r.Maybe(0.6f) ? StrokeKind.Closed : StrokeKind.Jagged);
        }
        else if (kind < 0.78f)
        {
            // The sign on a fuse box: a slanted upper bar, a notch on each side and a long point below.
            float w = r.Between(0.35f, 0.7f), j = r.Between(0.02f, 0.08f), low = r.Between(-0.05f, 0.25f), top = r.Between(-0.1f, 0.75f);
            s.Poly(StrokeKind.Closed,
                top - 0.35f + r.Around(j), -1, top + w * 0.6f, -1 + r.Around(j), 0.12f + r.Around(j), low - 0.35f + r.Around(j), 0.62f + r.Around(j), low - 0.38f + r.Around(j),
                -0.45f + r.Around(j), 1, -0.05f + r.Around(j), low + 0.08f + r.Around(j), -0.6f + r.Around(j), low + 0.12f + r.Around(j));
        }
        else
        {
            // Two notches a side: the jagged kind.
            float j = r.Between(0.03f, 0.09f);
            s.Poly(StrokeKind.Closed,
                -0.35f + r.Around(j), -1, 0.3f + r.Around(j), -1 + r.Around(j), 0.05f, -0.5f + r.Around(j), 0.4f + r.Around(j), -0.52f, 0.2f + r.Around(j), 0.02f,
                0.55f + r.Around(j), 0, 0.3f + r.Around(0.3f), 1, -0.02f, 0.28f + r.Around(j), -0.25f + r.Around(j), 0.3f, -0.15f, -0.18f + r.Around(j), -0.5f + r.Around(j), -0.15f);
        }
        if (r.Maybe(0.3f)) s.Stretch(-1, 1);
        s.Rotate(r.Tilt(8));
        if (!bare && r.Maybe(0.05f)) Thundercloud(s, r);
    }

    /// <summary>What a bolt comes out of: a cloud or its lower edge. It is drawn after the bolt, whose parts come first.</summary>
    private static void Thundercloud(Sketch s, Random r)
    {
        (Vector2 low, Vector2 high) = s.Bounds();
        float middle = 0.5f * (low.X + high.X) + r.Around(0.15f), w = r.Between(0.45f, 1.1f), h = r.Between(0.25f, 0.6f), y = low.Y - r.Between(-0.1f, 0.1f);
        bool edge = r.Maybe(0.3f);
        int bumps = r.Next(3, 7);
        Span<Vector2> via = stackalloc Vector2[13];
        if (edge)
        {
            for (int i = 0; i <= bumps; i++) via[i] = new Vector2(middle + w * (2f * i / bumps - 1), y - (i % 2) * r.Between(0, 0.25f));
            s.Through(via[..(bumps + 1)], 5);
            return;
        }
        // Every second point lies further in.
        for (int i = 0; i < 2 * bumps; i++)
        {
            float a = MathF.PI * i / bumps, d = i % 2 == 0 ? 1 : r.Between(0.7f, 0.95f);
            via[i] = new Vector2(middle + w * d * MathF.Cos(a), y - h + h * d * MathF.Sin(a));
        }
        s.Through(via[..(2 * bumps)], 4, StrokeKind.Closed);
    }

    /// <summary>The first stroke is what a style applies to: the shaft when dashed, the area when filled.</summary>
    public static void Arrow(Sketch s, Random r, Style style)
    {
        float kind = r.NextSingle(), head = r.Between(0.25f, 0.6f), spread = r.Between(0.22f, 0.5f), bend = r.Maybe(0.2f) ? r.Between(-0.4f, 0.4f) : r.Around(0.03f);
        if (style == Style.Filled || style == Style.Plain && kind < 0.2f)
        {
            if (style == Style.Filled && kind > 0.6f)
            {
                s.Poly(StrokeKind.Closed, 1, 0, 1 - head, -spread, 1 - head, spread);
                s.Line(-1, 0, 1 - head, 0);
            }
            else
            {
                float t = r.Between(0.1f, 0.25f);
                spread += t;
                s.Poly(StrokeKind.Closed, -1, -t, 1 - head - 0.2f, -t, 1 - head - 0.2f, -spread, 1, 0, 1 - head - 0.2f, spread, 1 - head - 0.2f, t, -1, t);
            }
        }
        else
        {
            s.To(-1, bend * 0.3f);
            s.Quad(0, bend * 2, 1, 0, MathF.Abs(bend) > 0.1f ? 8 : 2);
            s.End();
            float turn = -bend * 0.9f + r.Around(0.05f);
            Vector2 a = Vector2.Transform(new(-head, -spread * r.Between(0.8f, 1.2f)), Matrix3x2.CreateRotation(turn));
            Vector2 b = Vector2.Transform(new(-head * r.Between(0.8f, 1.2f), spread), Matrix3x2.CreateRotation(turn));
            if (kind < 0.45f)
            {
                s.Line(1, 0, 1 + a.X, a.Y);
                s.Line(1, 0, 1 + b.X, b.Y);
            }
            else s.Poly(kind < 0.8f ? StrokeKind.Open : StrokeKind.Closed, 1 + a.X, a.Y, 1, 0, 1 + b.X, b.Y);
            if (kind > 0.95f)
                for (int i = 0; i < 2; i++) s.Line(-1 + 0.15f * i, 0, -1.15f + 0.15f * i, -0.2f, -1.15f + 0.15f * i, 0.2f);
        }
        float direction = r.NextSingle();
        s.Rotate(direction < 0.35f ? r.Tilt(6) : direction < 0.75f ? r.Next(4) * MathF.PI / 2 + r.Tilt(6) : r.Angle());
    }

    public static void Line(Sketch s, Random r)
    {
        float bend = r.Maybe(0.15f) ? r.Between(-0.2f, 0.2f) : r.Around(0.015f), kind = r.NextSingle();
        s.To(-1, 0);
        s.Quad(0, bend, 1, r.Around(0.03f), 4);
        s.End();
        s.Rotate(kind < 0.45f ? r.Tilt(5) : kind < 0.7f ? MathF.PI / 2 + r.Tilt(5) : kind < 0.9f ? r.Sign() * MathF.PI / 4 + r.Tilt(8) : r.Angle());
    }
}
