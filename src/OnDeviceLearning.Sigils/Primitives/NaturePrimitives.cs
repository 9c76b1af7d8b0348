using System.Numerics;

namespace OnDeviceLearning.Sigils;

/// <summary>Things that grow, shine or swim.</summary>
internal static class NaturePrimitives
{
    public static void Sun(Sketch s, Random r)
    {
        int rays = r.Maybe(0.88f) ? r.Next(5, 15) : r.Next(15, 27);
        float core = r.Between(0.36f, 0.72f), gap = r.Maybe(0.35f) ? 0 : r.Between(0.05f, 0.16f), turn = r.Angle(), loose = r.Between(0.04f, 0.22f);
        s.Ring(0, 0, core, core, r.Angle(), 16);
        float kind = r.NextSingle();
        for (int i = 0; i < rays; i++)
        {
            float a = turn + (i + r.Around(loose)) * MathF.Tau / rays, far = 1 + r.Around(0.6f * loose) - (kind is > 0.8f and < 0.9f && i % 2 == 1 ? 0.2f : 0);
            if (kind > 0.9f)
            {
                // Pointed rays sitting on the disc.
                float half = 0.32f * MathF.Tau / rays;
                s.Polar(core, a - half);
                s.Polar(far, a);
                s.Polar(core, a + half);
            }
            else
            {
                s.Polar(core + gap, a);
                s.Polar(far, a + r.Around(0.04f));
            }
            s.End(StrokeKind.Mark);
        }
        if (r.Maybe(0.06f))
        {
            s.Poly(StrokeKind.Mark, -0.15f, -0.12f, -0.15f, -0.08f);
            s.Poly(StrokeKind.Mark, 0.15f, -0.12f, 0.15f, -0.08f);
            s.Arc(0, 0, core * 0.5f, core * 0.5f, 0.5f, 2.6f, 5);
            s.End(StrokeKind.Mark);
        }
    }

    public static void Snowflake(Sketch s, Random r)
    {
        int arms = r.Maybe(0.62f) ? 6 : r.Maybe(0.7f) ? 8 : r.Next(7, 13), pairs = arms > 8 || r.Maybe(0.38f) ? 0 : r.Next(1, arms == 6 ? 4 : 3);
        float turn = r.Maybe(0.7f) ? -MathF.PI / 2 + r.Tilt(6) : r.Angle(), at = r.Between(0.5f, 0.75f), length = r.Between(0.18f, 0.34f), lean = r.Between(0.5f, 1);
        float uneven = r.Between(0.02f, 0.14f);
        bool through = arms % 2 == 0 && r.Maybe(0.75f), backwards = r.Maybe(0.15f), across = pairs > 0 && r.Maybe(0.2f);
        // Lines that were meant to meet in the middle.
        float astray = r.Maybe(0.35f) ? r.Between(0, 0.16f) : 0;
        for (int i = 0; i < (through ? arms / 2 : arms); i++)
        {
            float a = turn + (i + r.Around(0.07f)) * MathF.Tau / arms;
            Vector2 off = new(r.Around(astray), r.Around(astray));
            s.Polar(through ? 1 + r.Around(uneven) : 0.02f, through ? a + MathF.PI : a);
            s.Polar(1 + r.Around(uneven), a);
            s.Points[^2] += off;
            s.Points[^1] += off;
            s.End();
        }
        for (int i = 0; i < arms; i++)
            for (int k = 0; k < pairs; k++)
            {
                float a = turn + i * MathF.Tau / arms, d = pairs == 1 ? at : 0.9f - k * 0.55f / pairs, side = length * (pairs == 1 ? 1.1f : 0.85f - 0.12f * k);
                Vector2 joint = new(d * MathF.Cos(a), d * MathF.Sin(a));
                // Twigs, or ticks across the arm as on a feather.
                float sign = across ? MathF.PI / 2 + r.Around(0.15f) : backwards ? MathF.PI - lean : lean;
                if (across) side *= 0.7f;
                Vector2 one = joint + side * new Vector2(MathF.Cos(a + sign), MathF.Sin(a + sign));
                Vector2 two = joint + side * new Vector2(MathF.Cos(a - sign), MathF.Sin(a - sign));
                s.Poly(StrokeKind.Mark, one.X, one.Y, joint.X, joint.Y, two.X, two.Y);
            }
        if (r.Maybe(0.08f)) s.Ring(0, 0, 0.22f, 0.22f, 0, 8);
    }

    public static void Flower(Sketch s, Random r)
    {
        int petals = r.Next(4, 9);
        float core = r.Between(0.2f, 0.36f), turn = r.Angle(), fat = r.Between(0.85f, 1.25f), kind = r.NextSingle();
        bool stem = r.Maybe(0.45f);
        if (kind < 0.08f && stem)
        {
            // A tulip, seen from the side.
            s.Line(-0.55f, -0.7f, -0.25f, -0.2f, 0, -0.75f, 0.25f, -0.2f, 0.55f, -0.7f);
            s.To(-0.55f, -0.7f);
            s.Cubic(new(-0.7f, 0.7f), new(0.7f, 0.7f), new(0.55f, -0.7f), 9);
            s.End();
            core = 0.3f;
        }
        else if (kind < 0.25f)
        {
            // One scalloped stroke around the centre.
            for (int i = 0; i < petals; i++)
                for (int k = 0; k < 6; k++)
                    s.Polar(core * 1.15f + (1 - core * 1.15f) * MathF.Pow(MathF.Sin(MathF.PI * (k + 0.2f) / 6.2f), 0.7f) * r.Between(0.95f, 1.05f), turn + (i + k / 6f) * MathF.Tau / petals);
            s.End(StrokeKind.Closed);
            s.Ring(0, 0, core, core, r.Angle(), 12);
        }
        else if (kind < 0.4f)
        {
            // Loops through the middle without lifting the pen.
            for (int i = 0; i < petals; i++)
            {
                float a = turn + i * MathF.Tau / petals, half = fat * 1.9f / petals, d = r.Between(0.9f, 1.05f);
                s.To(0, 0);
                s.Cubic(1.25f * d * Out(a - half), 1.25f * d * Out(a + half), Vector2.Zero, 7);
            }
            s.End();
            if (r.Maybe(0.5f)) s.Ring(0, 0, 0.6f * core, 0.6f * core, r.Angle(), 9);
        }
        else
        {
            s.Ring(0, 0, core, core, r.Angle(), 12);
            for (int i = 0; i < petals; i++)
            {
                float a = turn + (i + r.Around(0.06f)) * MathF.Tau / petals, half = MathF.PI / petals * 0.9f, d = 1 + r.Around(0.08f);
                Vector2 from = core * Out(a - 0.85f * half);
                s.Points.Add(from);
                float reach = core + (d - core) * 1.33f;
                s.Cubic(reach * Out(a - fat * half), reach * Out(a + fat * half), core * Out(a + 0.85f * half), 7);
                s.End();
            }
        }
        if (!stem) return;
        float foot = r.Between(1.7f, 2.6f), bend = r.Around(0.2f);
        s.To(0, kind < 0.08f ? 0.35f : 0.95f);
        s.Quad(bend, 0.5f * (foot + 1), bend * 0.5f, foot, 5);
        s.End();
        int leaves = r.Next(3);
        for (int i = 0; i < leaves; i++)
        {
            float side = i == 0 ? 1 : -1, y = 1 + (foot - 1) * r.Between(0.45f, 0.75f);
            s.To(bend * 0.5f, y);
            s.Quad(side * 0.2f, y - 0.45f, side * 0.6f, y - 0.4f, 4);
            s.Quad(side * 0.55f, y, bend * 0.5f, y, 4);
            s.End();
        }

        static Vector2 Out(float angle) => new(MathF.Cos(angle), MathF.Sin(angle));
    }

    /// <summary>Loops over loops, as foliage is filled in.</summary>
    private static void Scribble(Sketch s, Random r)
    {
        int loops = r.Next(4, 9);
        float radius = r.Between(0.3f, 0.5f), turn = r.Sign();
        for (int i = 0; i <= loops * 8; i++)
        {
            float around = MathF.Tau * i / (loops * 8), a = turn * MathF.Tau * i / 8;
            s.To(0.6f * MathF.Cos(around) + radius * MathF.Cos(a) + r.Around(0.05f), 0.6f * MathF.Sin(around) + radius * MathF.Sin(a) + r.Around(0.05f));
        }
        s.End();
        s.Fit(Vector2.Zero, 1).Stretch(r.Between(0.6f, 1), 0.75f);
    }

    /// <summary>A crown of bumps that runs into its trunk, as one line.</summary>
    private static void Outline(Sketch s, Random r)
    {
        int bumps = r.Next(4, 10);
        float t = r.Between(0.08f, 0.26f), flare = r.Between(0, 0.3f), w = r.Between(0.55f, 0.95f), middle = r.Between(-0.4f, -0.15f), high = 1 + middle;
        // Bumps stand on an oval that is open below, where the trunk's two sides begin.
        float open = MathF.Asin(Math.Min(0.9f, 1.2f * t / w)), from = MathF.PI / 2 + open, sweep = MathF.Tau - 2 * open;
        s.To(-t - flare, 1);
        s.Quad(-t, 0.7f, -t, middle + high * MathF.Cos(open), 4);
        Vector2 last = s.Points[^1];
        for (int i = 1; i <= bumps; i++)
        {
            float a = from + sweep * (i + (i == bumps ? 0 : r.Around(0.15f))) / bumps;
            Vector2 next = new(w * MathF.Cos(a), middle + high * MathF.Sin(a)), along = next - last, outward = new Vector2(along.Y, -along.X) * r.Between(0.25f, 0.8f);
            s.Cubic(last + outward, next + outward, next, 6);
            last = next;
        }
        s.To(t, last.Y);
        s.Quad(t, 0.7f, t + flare, 1 + r.Around(0.05f), 4);
        s.End();
        int roots = r.Maybe(0.3f) ? r.Next(1, 4) : 0;
        for (int i = 0; i < roots; i++)
        {
            float x = r.Around(0.6f * t);
            s.Line(x, r.Between(0.2f, 0.5f), x + r.Around(0.15f), 1.05f);
        }
    }

    public static void Tree(Sketch s, Random r)
    {
        float kind = r.NextSingle(), t = r.Between(0.07f, 0.2f), foot = 1, crown = r.Between(0.1f, 0.35f);
        if (kind < 0.1f) Outline(s, r);
        else if (kind < 0.5f)
        {
            float w = r.Between(0.55f, 0.85f);
            var blob = new Sketch();
            float crownKind = r.NextSingle();
            if (crownKind < 0.15f) Scribble(blob, r);
            else if (crownKind < 0.6f)
            {
                CurvePrimitives.Cloud(blob, r);
                // A cloud's flat side would read as a mushroom on a trunk less than a full blob does, so stretch it tall.
                blob.Fit(Vector2.Zero, 1).Stretch(w, (1 + crown) * 0.75f);
            }
            else CurvePrimitives.Circle(blob.Fit(Vector2.Zero, 1), r);
            blob.Fit(Vector2.Zero, 0.5f * (1 + crown));
            s.Append(blob.Transform(Matrix3x2.CreateTranslation(0, 0.5f * (crown - 1))));
            // Trunks often widen towards the ground.
            float flare = r.Maybe(0.35f) ? r.Between(0.1f, 0.35f) : r.Between(0, 0.08f);
            for (int side = -1; side <= 1; side += 2)
            {
                s.To(side * t, crown - 0.08f);
                s.Quad(side * t, foot - 0.25f, side * (t + flare), foot + r.Around(0.05f), 4);
                s.End();
            }
            if (r.Maybe(0.4f)) s.Line(-t, foot, t, foot);
        }
        else if (kind < 0.8f)
        {
            // A pine: one triangle, stacked triangles, or a jagged outline.
            int tiers = r.Next(1, 4);
            float w = r.Between(0.5f, 0.8f), low = r.Between(0.55f, 0.75f);
            if (tiers > 1 && r.Maybe(0.55f))
            {
                s.To(0, -1);
                for (int i = 1; i <= tiers; i++)
                {
                    float y = -1 + (low + 1) * i / tiers, x = w * (0.5f + 0.5f * i / tiers);
                    s.To(x, y);
                    if (i < tiers) s.To(x * 0.45f, y - 0.04f);
                }
                for (int i = tiers; i >= 1; i--)
                {
                    float y = -1 + (low + 1) * i / tiers, x = w * (0.5f + 0.5f * i / tiers);
                    if (i < tiers) s.To(-x * 0.45f, y - 0.04f);
                    s.To(-x, y);
                }
                s.End(StrokeKind.Closed);
            }
            else
                for (int i = 1; i <= tiers; i++)
                {
                    float y = -1 + (low + 1) * i / tiers, x = w * (0.55f + 0.45f * i / tiers), top = i == 1 ? -1 : y - (low + 1) / tiers * 1.3f;
                    s.Poly(StrokeKind.Closed, 0, top, x, y, -x, y);
                }
            s.Line(-t, low, -t, foot, t, foot, t, low);
        }
        else
        {
            // Bare: a trunk that forks.
            s.Line(0, foot, r.Around(0.05f), -0.3f - r.Between(0, 0.6f));
            int branches = r.Next(3, 7);
            for (int i = 0; i < branches; i++)
            {
                float side = i % 2 == 0 ? 1 : -1, y = 0.45f - 0.8f * i / branches, reach = r.Between(0.35f, 0.75f) * (1 - 0.08f * i), rise = r.Between(0.3f, 0.6f);
                s.Line(0, y, side * reach, y - rise);
                if (r.Maybe(0.4f)) s.Poly(StrokeKind.Mark, side * reach * 0.55f, y - rise * 0.55f, side * reach * 0.6f, y - rise * 1.25f);
            }
        }
        s.Rotate(r.Tilt(3));
    }

    public static void Fish(Sketch s, Random r)
    {
        float h = r.Between(0.35f, 0.62f), joint = r.Between(0.4f, 0.6f), tail = h * r.Between(0.6f, 1.1f);
        if (r.Maybe(0.5f))
        {
            // The two arcs that cross at the tail, in one stroke.
            s.To(1, -tail);
            s.Cubic(new(joint + 0.1f, h * 0.6f), new(-0.2f, 1.8f * h), new(-1, 0), 10);
            s.Cubic(new(-0.2f, -1.8f * h), new(joint + 0.1f, -h * 0.6f), new(1, tail), 10);
            if (r.Maybe(0.6f)) s.End(StrokeKind.Closed);
            else s.End();
        }
        else
        {
            s.To(joint, 0);
            s.Cubic(new(0.2f, -1.45f * h), new(-0.85f, -1.3f * h), new(-1, 0), 9);
            s.Cubic(new(-0.85f, 1.3f * h), new(0.2f, 1.45f * h), new(joint, 0), 9);
            s.Points.RemoveAt(s.Points.Count - 1);
            s.End(StrokeKind.Closed);
            s.Poly(StrokeKind.Closed, joint, 0, 1, -tail, r.Maybe(0.3f) ? 0.85f : 1, 0, 1, tail);
        }
        float kind = r.NextSingle();
        if (kind < 0.5f) s.Poly(StrokeKind.Mark, -0.62f, -0.12f * h);
        else if (kind < 0.8f) s.Ring(-0.6f, -0.2f * h, 0.08f, 0.08f, 0, 7);
        if (r.Maybe(0.2f))
        {
            s.To(-0.35f, -0.5f * h);
            s.Quad(-0.15f, 0, -0.35f, 0.5f * h, 4);
            s.End(StrokeKind.Mark);
        }
        if (r.Maybe(0.2f)) s.Line(-0.2f, -h, 0.05f, -h * 1.5f, 0.2f, -0.85f * h);
        if (r.Maybe(0.4f)) s.Stretch(-1, 1);
        s.Rotate(r.Tilt(5));
    }
}
