using System.Numerics;

namespace OnDeviceLearning.Sigils;

/// <summary>Draws compositions as a human hand might.</summary>
public static class SigilArtist
{
    /// <summary>Draws one rendering of <paramref name="c"/>; another one on each call, the same one for the same state of <paramref name="random"/>.</summary>
    public static Drawing Draw(Composition c, HandStyle style, Random random)
    {
        ArgumentNullException.ThrowIfNull(c);
        ArgumentNullException.ThrowIfNull(style);
        ArgumentNullException.ThrowIfNull(random);
        Sketch sketch = c is Term { Primitive: Primitive.Dot, Count: 1 } ? LoneDot(random) : Lay(c, style, random, container: false);
        sketch.Rotate(style.Slant * (HoldsUpright(c) ? 0.4f : 1));
        Bend(sketch, style.Warp, random);
        // A thick pen would close the small parts of a drawing of many parts.
        int parts = Parts(c);
        float pen = style.PenWidth;
        if (parts >= 3 && pen > 0) pen = Math.Min(pen, parts >= 6 ? 0.034f : 0.042f);
        else if (parts >= 4 && random.Maybe(0.5f)) pen = random.Between(0.02f, 0.04f);
        Drawing drawing = new HandRenderer(style, random).Render(sketch, pen);
        return c is Term { Count: 1, Style: Style.Plain } term && random.Maybe(style.Unfinished)
            ? Interrupt(drawing, random.Between(0.05f, 1) * Dispensable(term.Primitive)) : drawing;
    }

    /// <summary>The share of a shape's line that may be missing while people still see what it was to become.</summary>
    private static float Dispensable(Primitive primitive) => primitive switch
    {
        Primitive.Plus or Primitive.Cross or Primitive.Line or Primitive.Dot or Primitive.Arrow or Primitive.Infinity or Primitive.Sword or Primitive.Key => 0,
        Primitive.Circle or Primitive.Square or Primitive.Triangle or Primitive.Diamond or Primitive.Crescent or Primitive.Drop or Primitive.Heart => 0.22f,
        Primitive.Star or Primitive.Hourglass => 0.3f,
        Primitive.Hexagon or Primitive.Sun or Primitive.Snowflake or Primitive.Flower or Primitive.Tree => 0.45f,
        _ => 0.35f,
    };

    /// <summary>The drawing without the last <paramref name="share"/> of its line.</summary>
    private static Drawing Interrupt(Drawing drawing, float share)
    {
        float left = (1 - share) * drawing.Strokes.Sum(Length);
        var kept = new List<IReadOnlyList<Vector2>>();
        foreach (IReadOnlyList<Vector2> stroke in drawing.Strokes)
        {
            if (left <= 0) break;
            int count = 1;
            for (; count < stroke.Count && left > 0; count++) left -= Vector2.Distance(stroke[count - 1], stroke[count]);
            kept.Add([.. stroke.Take(count)]);
        }
        return kept.Count == 0 ? drawing : new Drawing(kept, drawing.PenWidth);

        static float Length(IReadOnlyList<Vector2> stroke)
        {
            float length = 0;
            for (int i = 1; i < stroke.Count; i++) length += Vector2.Distance(stroke[i - 1], stroke[i]);
            return length;
        }
    }

    /// <summary>Moves every point along two long waves that cross the whole drawing, so that neighbours stay neighbours.</summary>
    private static void Bend(Sketch sketch, float strength, Random random)
    {
        (Vector2 low, Vector2 high) = sketch.Bounds();
        float size = 0.5f * Math.Max(high.X - low.X, high.Y - low.Y);
        if (strength < 1e-3f || size < 1e-3f) return;
        // Waves longer than the drawing: what they bend most is its outline, not its details.
        Vector2 wave1 = Direction(random) * random.Between(0.8f, 2.2f) / size, wave2 = Direction(random) * random.Between(0.8f, 2.2f) / size;
        Vector2 push1 = Direction(random) * strength * size, push2 = Direction(random) * strength * size;
        float phase1 = random.Angle(), phase2 = random.Angle();
        Span<Vector2> points = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(sketch.Points);
        foreach (ref Vector2 p in points)
            p += push1 * MathF.Sin(Vector2.Dot(wave1, p) + phase1) + push2 * MathF.Sin(Vector2.Dot(wave2, p) + phase2);

        static Vector2 Direction(Random random)
        {
            float angle = random.Angle();
            return new Vector2(MathF.Cos(angle), MathF.Sin(angle));
        }
    }

    /// <summary>Whether a turn could make one shape into another: a square a diamond, a cross a plus.</summary>
    private static bool HoldsUpright(Composition c) => c switch
    {
        Term term => term.Primitive is Primitive.Square or Primitive.Diamond or Primitive.Cross or Primitive.Plus,
        Pair pair => HoldsUpright(pair.First) || HoldsUpright(pair.Second),
        _ => false,
    };

    /// <summary>A dot that fills the paper: a point, or a disc without paper showing through.</summary>
    private static Sketch LoneDot(Random r)
    {
        var s = new Sketch();
        if (r.Maybe(0.6f)) s.To(0, 0);
        else
            for (int i = 0; i < 110; i++) s.Polar(1 - i / 110f, i * 0.42f);
        s.End(StrokeKind.Mark);
        return s;
    }

    private static int Parts(Composition c) => c switch
    {
        Term term => term.Count + (term.Style == Style.Filled ? 1 : 0),
        Pair pair => Parts(pair.First) + Parts(pair.Second),
        _ => 0,
    };

    private static Sketch Lay(Composition c, HandStyle style, Random r, bool container) => c switch
    {
        Term term => LayTerm(term, style, r, container),
        Pair pair => LayPair(pair, style, r),
        _ => throw new ArgumentException($"Draw: {c.GetType().Name} is no composition.", nameof(c)),
    };

    /// <summary>One shape with its style, half its longer side being 1.</summary>
    private static Sketch Shape(Term term, HandStyle style, Random r, bool bare)
    {
        Sketch s = PrimitiveShapes.Draw(term.Primitive, term.Style, bare || term.Style != Style.Plain, r);
        // What this hand does to everything, and what it does to this shape alone.
        float elastic = PrimitiveShapes.Elasticity(term.Primitive);
        float aspect = MathF.Pow(style.Aspect, elastic) * MathF.Exp(r.Around(0.07f * elastic));
        s.Transform(new Matrix3x2(aspect, 0, elastic * (style.Shear + r.Around(0.02f)), 1, 0, 0)).Fit(Vector2.Zero, 1);
        return StyleInk.Apply(s, term.Style, r);
    }

    private static Sketch LayTerm(Term term, HandStyle style, Random r, bool container)
    {
        if (term.Count == 1) return Shape(term, style, r, container);
        int n = term.Count;
        Span<Vector2> places = stackalloc Vector2[8];
        bool simple = container || n > 3;
        Sketch first = Shape(term, style, r, simple);
        (Vector2 low, Vector2 high) = first.Bounds();
        // Lines one after the other would be one dashed line: they stand in a row and lie in a column.
        bool tall = high.Y - low.Y > high.X - low.X;
        if (term.Primitive == Primitive.Line && (term.Arrangement == Arrangement.Row && !tall || term.Arrangement == Arrangement.Column && tall))
            (low, high) = first.Rotate(MathF.PI / 2).Bounds();
        Vector2 half = Vector2.Max(0.5f * (high - low), new Vector2(0.12f));
        // Distance between middles, in widths of a copy; dots stand further apart than they are wide.
        float gap = term.Primitive == Primitive.Dot ? r.Between(1.6f, 4.5f) : r.Between(1.12f, 1.2f + 0.6f * r.NextSingle());
        // Strokes in line with each other would run together into one.
        if (term.Primitive is Primitive.Plus or Primitive.Cross or Primitive.Line or Primitive.Zigzag or Primitive.Wave or Primitive.Arrow || n >= 4) gap *= term.Primitive == Primitive.Plus ? 1.4f : 1.15f;
        Vector2 pitch = 2 * half * gap;
        switch (term.Arrangement)
        {
            case Arrangement.Row:
                for (int i = 0; i < n; i++) places[i] = new Vector2(i * Math.Max(pitch.X, 0.5f), 0);
                break;
            case Arrangement.Column:
                for (int i = 0; i < n; i++) places[i] = new Vector2(0, i * Math.Max(pitch.Y, 0.5f));
                break;
            default:
                Cluster(places[..n], r);
                for (int i = 0; i < n; i++) places[i] *= Vector2.Max(pitch, new Vector2(0.5f * Math.Max(pitch.X, pitch.Y)));
                break;
        }
        var all = new Sketch();
        // Dots are all points or all discs, and what may lie at any angle lies at the same one.
        bool alike = term.Primitive is Primitive.Dot or Primitive.Line or Primitive.Arrow or Primitive.Key or Primitive.Sword or Primitive.Zigzag or Primitive.Wave or Primitive.Leaf
            || r.Maybe(0.75f);
        float loose = style.Looseness;
        for (int i = 0; i < n; i++)
        {
            Sketch copy = alike || i == 0 ? first.Copy() : Shape(term, style, r, simple);
            float size = MathF.Exp(r.Around(0.04f + 0.07f * loose));
            Vector2 off = new Vector2(r.Around(0.07f), r.Around(0.09f)) * loose * half;
            copy.Transform(Matrix3x2.CreateRotation(r.Tilt(1.5f + 3 * loose)) * Matrix3x2.CreateScale(size) * Matrix3x2.CreateTranslation(places[i] + off));
            all.Append(copy);
        }
        return all.Fit(Vector2.Zero, 1);
    }

    /// <summary>Places about one copy apart: a pyramid, a grid, a ring, with or without one in the middle.</summary>
    private static void Cluster(Span<Vector2> places, Random r)
    {
        int n = places.Length;
        float kind = r.NextSingle();
        if (n == 3)
        {
            float up = r.Maybe(0.75f) ? 1 : -1;
            places[0] = new(0, -0.5f * up);
            places[1] = new(-0.55f, 0.45f * up);
            places[2] = new(0.55f, 0.45f * up);
        }
        else if (kind < 0.4f || n == 7)
        {
            // A ring; from five on there may be one in the middle.
            bool middle = n == 7 || n >= 5 && r.Maybe(0.5f);
            int ring = middle ? n - 1 : n;
            float radius = Math.Max(0.5f / MathF.Sin(MathF.PI / ring), middle ? 1 : 0.7f) * 1.05f, from = -MathF.PI / 2 + (r.Maybe(0.3f) ? MathF.PI / ring : 0);
            for (int i = 0; i < ring; i++) places[i] = radius * new Vector2(MathF.Cos(from + i * MathF.Tau / ring), MathF.Sin(from + i * MathF.Tau / ring));
            if (middle) places[ring] = default;
        }
        else
        {
            // Rows, each centred: 2+2, 2+3, 3+3, 1+2+3, 3+2, 4+4.
            Span<int> rows = stackalloc int[3];
            int count = 2;
            if (n == 6 && kind < 0.65f) (rows[0], rows[1], rows[2], count) = (1, 2, 3, 3);
            else if (n == 8 && kind < 0.7f) (rows[0], rows[1], rows[2], count) = (3, 2, 3, 3);
            else (rows[0], rows[1]) = r.Maybe(0.5f) ? (n / 2, n - n / 2) : (n - n / 2, n / 2);
            for (int row = 0, at = 0; row < count; row++)
                for (int i = 0; i < rows[row]; i++) places[at++] = new Vector2(i - 0.5f * (rows[row] - 1), row - 0.5f * (count - 1));
        }
    }

    private static Sketch LayPair(Pair pair, HandStyle style, Random r)
    {
        Sketch b = Lay(pair.Second, style, r, container: pair.Relation is Relation.Inside);
        Sketch result;
        switch (pair.Relation)
        {
            case Relation.Inside:
                result = LayInside(pair, Lay(pair.First, style, r, container: false), b, style, r);
                break;
            case Relation.Above:
            case Relation.Left:
                result = LayBeside(pair, Lay(pair.First, style, r, container: false), b, style, r);
                break;
            case Relation.Crossing:
                result = LayCrossing(Lay(pair.First, style, r, container: false), b, style, r);
                break;
            default:
                result = LayAround((Term)pair.First, b, style, r);
                break;
        }
        return result.Fit(Vector2.Zero, 1);
    }

    private static Sketch LayInside(Pair pair, Sketch a, Sketch b, HandStyle style, Random r)
    {
        (Vector2 centre, float radius) = PrimitiveShapes.Interior(b);
        // Small holes are used up to the edge and beyond, wide ones are not.
        float fill = radius > 0.6f ? r.Between(0.5f, 0.95f) : r.Between(0.7f, 1.15f);
        if (pair.First is Pair || pair.First is Term { Count: > 1 }) fill = Math.Max(fill, r.Between(0.85f, 1.1f));
        if (pair.First is Term { Count: 1, Primitive: Primitive.Dot }) fill = r.Between(0.12f, 0.4f);
        (Vector2 low, Vector2 high) = a.Bounds();
        // The corners of a square part reach out further than those of a slender one.
        Vector2 half = 0.5f * (high - low);
        float reach = Math.Max(0.3f, 0.5f * half.Length() + 0.5f * Math.Max(half.X, half.Y));
        Vector2 off = new Vector2(r.Around(0.1f), r.Around(0.1f)) * radius * (0.3f + style.Looseness);
        a.Fit(centre + off, radius * fill / reach * Math.Max(half.X, half.Y));
        if (r.Maybe(0.25f))
        {
            a.Append(b);
            return a;
        }
        b.Append(a);
        return b;
    }

    private static Sketch LayBeside(Pair pair, Sketch a, Sketch b, HandStyle style, Random r)
    {
        bool above = pair.Relation == Relation.Above;
        (float sizeA, float sizeB) = (Weight(pair.First, above, r), Weight(pair.Second, above, r));
        PartSize named = (pair.First as Term)?.Size ?? PartSize.Any, other = (pair.Second as Term)?.Size ?? PartSize.Any;
        float ratio = MathF.Exp(r.Around(0.22f));
        if (named == PartSize.Small || other == PartSize.Large) (sizeA, sizeB) = (r.Between(0.28f, 0.5f), 1);
        else if (named == PartSize.Large || other == PartSize.Small) (sizeA, sizeB) = (1, r.Between(0.28f, 0.5f));
        else sizeA *= Math.Clamp(ratio, 0.62f, 1.6f);
        a.Fit(Vector2.Zero, sizeA);
        b.Fit(Vector2.Zero, sizeB);
        (Vector2 lowA, Vector2 highA) = a.Bounds();
        (Vector2 lowB, Vector2 highB) = b.Bounds();
        // Touching now and then, else apart by up to half a part.
        float gap = (r.Maybe(0.12f) ? r.Around(0.04f) : r.Between(0.08f, 0.55f)) * Math.Max(0.5f, Math.Min(1, sizeA + sizeB));
        // A dot that touches would vanish in the other part.
        if (pair.First is Term { Primitive: Primitive.Dot } || pair.Second is Term { Primitive: Primitive.Dot }) gap = Math.Max(gap, 0.3f);
        float slip = r.Around(0.05f + 0.13f * style.Looseness);
        Vector2 move = above ? new Vector2(slip, lowB.Y - gap - highA.Y) : new Vector2(lowB.X - gap - highA.X, slip);
        a.Transform(Matrix3x2.CreateTranslation(move));
        if (r.Maybe(0.15f))
        {
            b.Append(a);
            return b;
        }
        a.Append(b);
        return a;
    }

    /// <summary>The usual size of a part beside another.</summary>
    private static float Weight(Composition c, bool above, Random r) => c switch
    {
        Term { Primitive: Primitive.Dot, Count: 1 } => r.Between(0.08f, 0.22f),
        // Copies lined up in the same direction as the parts get the room they need.
        Term { Arrangement: Arrangement.Row } when !above => r.Between(1.2f, 2.1f),
        Term { Arrangement: Arrangement.Column } when above => r.Between(1.2f, 2.1f),
        Term { Count: > 1 } => r.Between(0.9f, 1.5f),
        Pair { Relation: Relation.Inside or Relation.Crossing } => r.Between(1, 1.25f),
        Pair => r.Between(1.1f, 1.6f),
        _ => 1,
    };

    private static Sketch LayCrossing(Sketch a, Sketch b, HandStyle style, Random r)
    {
        // Lengthwise through the middle and out on both sides.
        (Vector2 lowB, Vector2 highB) = b.Bounds();
        Vector2 half = 0.5f * (highB - lowB);
        float turn = r.Maybe(0.4f) ? r.Tilt(8) : r.Maybe(0.6f) ? r.Sign() * MathF.PI / 4 + r.Tilt(10) : r.Angle();
        a.Rotate(turn);
        a.Fit(Vector2.Zero, 1);
        (Vector2 lowA, Vector2 highA) = a.Bounds();
        Vector2 span = 0.5f * (highA - lowA);
        // How far B reaches along the direction in which A runs.
        float along = span.X > 1.4f * span.Y ? half.X : span.Y > 1.4f * span.X ? half.Y : 0.75f * Math.Max(half.X, half.Y);
        Vector2 off = new Vector2(r.Around(0.07f), r.Around(0.07f)) * (0.3f + style.Looseness);
        a.Fit(0.5f * (lowB + highB) + off, Math.Max(0.55f, along) * r.Between(1.15f, 1.65f));
        b.Append(a);
        return b;
    }

    private static Sketch LayAround(Term term, Sketch b, HandStyle style, Random r)
    {
        (Vector2 low, Vector2 high) = b.Bounds();
        Vector2 middle = 0.5f * (low + high), half = 0.5f * (high - low);
        int n = term.Count;
        bool dot = term.Primitive == Primitive.Dot;
        float size = dot ? r.Between(0.06f, 0.14f) : r.Between(0.16f, 0.3f);
        // Far enough out to clear B's corners; slender shapes get a ring that follows them only half way.
        Vector2 round = Vector2.Lerp(half, new Vector2(Math.Max(half.X, half.Y)), 0.6f);
        Vector2 ring = round * r.Between(1.02f, 1.15f) + new Vector2(size + r.Between(0.08f, 0.4f));
        size = Math.Min(size, 0.42f * MathF.Tau * 0.5f * (ring.X + ring.Y) / n);
        Sketch first = Shape(term with { Count = 1 }, style, r, bare: true);
        float from = (r.Maybe(0.7f) ? -MathF.PI / 2 : r.Angle()) + (r.Maybe(0.3f) ? MathF.PI / n : 0);
        bool alike = dot || r.Maybe(0.7f), turned = term.Primitive is Primitive.Line or Primitive.Triangle && r.Maybe(0.5f);
        for (int i = 0; i < n; i++)
        {
            float a = from + (i + r.Around(0.04f + 0.09f * style.Looseness)) * MathF.Tau / n;
            Sketch copy = alike ? first.Copy() : Shape(term with { Count = 1 }, style, r, bare: true);
            if (turned) copy.Rotate(a - from);
            float out1 = 1 + r.Around(0.02f + 0.05f * style.Looseness);
            copy.Fit(middle + out1 * ring * new Vector2(MathF.Cos(a), MathF.Sin(a)), dot && copy.Points.Count == 1 ? 1 : size * MathF.Exp(r.Around(0.12f)));
            b.Append(copy);
        }
        return b;
    }
}
