namespace OnDeviceLearning.Sigils;

/// <summary>Draws random legal compositions, and ones that are easily confused with a given one.</summary>
public static partial class CompositionSampler
{
    private static readonly Primitive[] All = Enum.GetValues<Primitive>();

    private static readonly Primitive[] Containers =
    [
        Primitive.Circle, Primitive.Square, Primitive.Triangle, Primitive.Diamond, Primitive.Hexagon, Primitive.Heart,
        Primitive.Star, Primitive.Drop, Primitive.Cloud, Primitive.House,
    ];

    private static readonly Primitive[] Crossers =
        [Primitive.Line, Primitive.Arrow, Primitive.Bolt, Primitive.Sword, Primitive.Wave, Primitive.Zigzag, Primitive.Key];

    /// <summary>What usually stands around something; the other shapes do too, less often.</summary>
    private static readonly Primitive[] Satellites =
    [
        Primitive.Dot, Primitive.Circle, Primitive.Triangle, Primitive.Star, Primitive.Cross, Primitive.Plus, Primitive.Line,
        Primitive.Diamond, Primitive.Square, Primitive.Heart, Primitive.Drop,
    ];

    private static readonly Primitive[] Doublable =
        [Primitive.Circle, Primitive.Square, Primitive.Triangle, Primitive.Diamond, Primitive.Hexagon, Primitive.Heart, Primitive.Star];

    private static readonly Primitive[] Dashable = [.. Doublable, Primitive.Line, Primitive.Wave, Primitive.Spiral, Primitive.Arrow];

    private static readonly Primitive[] Fillable =
        [.. Doublable, Primitive.Crescent, Primitive.Drop, Primitive.Cloud, Primitive.Arrow, Primitive.Leaf, Primitive.Bolt];

    /// <summary>A random composition of one to three terms.</summary>
    public static Composition Sample(Random r)
    {
        ArgumentNullException.ThrowIfNull(r);
        while (true)
        {
            float kind = r.NextSingle();
            Composition c =
                kind < 0.15f ? new Term(Pick(All, r))
                : kind < 0.3f ? MarkedTerm(r)
                : kind < 0.7f ? Two(r)
                : Three(r);
            if (IsLegal(c)) return c;
        }
    }

    /// <summary>
    /// True for a fixed 15% of all compositions but single plain terms: never trained on, so that tests on them tell
    /// whether parts and relations are understood rather than known by heart.
    /// </summary>
    public static bool IsHeldOut(Composition c)
    {
        ArgumentNullException.ThrowIfNull(c);
        if (c is Term { Count: 1, Style: Style.Plain }) return false;
        // FNV-1a, then its high bits stirred in: the low ones alone are poor for texts this alike.
        uint hash = 2166136261;
        foreach (char letter in c.ToString()!) hash = (hash ^ letter) * 16777619;
        hash ^= hash >> 15;
        hash *= 0x2c1b3c6d;
        hash ^= hash >> 13;
        return hash % 100 < 15;
    }

    /// <summary>Whether a composition obeys the rules of the language, beyond its syntax.</summary>
    public static bool IsLegal(Composition c)
    {
        ArgumentNullException.ThrowIfNull(c);
        return CountTerms(c) <= 3 && IsLegal(c, sizeAllowed: false, around: false);
    }

    private static bool IsLegal(Composition c, bool sizeAllowed, bool around)
    {
        if (c is Term term) return IsLegalTerm(term, sizeAllowed, around);
        var pair = (Pair)c;
        bool beside = pair.Relation is Relation.Above or Relation.Left;
        if (!IsLegal(pair.First, beside, pair.Relation == Relation.Around) || !IsLegal(pair.Second, beside, around: false)) return false;
        switch (pair.Relation)
        {
            case Relation.Inside:
                return pair.Second is Term { Count: 1 } b && b.Style != Style.Filled && Containers.Contains(b.Primitive);
            case Relation.Crossing:
                return pair.First is Term { Count: 1, Style: Style.Plain } a && Crossers.Contains(a.Primitive)
                    && pair.Second is Term { Count: 1, Style: Style.Plain } over && over.Primitive != a.Primitive && over.Primitive != Primitive.Dot;
            case Relation.Around:
                return pair.First is Term { Count: >= 3, Style: Style.Plain } && pair.Second is Term { Count: 1 } or Pair { Relation: not Relation.Around };
            default:
                // Two of the same side by side are a count, and sizes only mean something as a contrast of two.
                if (Bare(pair.First) is { } first && Bare(pair.Second) is { } second && first == second) return false;
                if (pair.First.Equals(pair.Second)) return false;
                (PartSize x, PartSize y) = (SizeOf(pair.First), SizeOf(pair.Second));
                return x == PartSize.Any ? y == PartSize.Any : y != PartSize.Any && x != y;
        }
    }

    private static bool IsLegalTerm(Term t, bool sizeAllowed, bool around)
    {
        if (t.Size != PartSize.Any && (!sizeAllowed || t.Count > 1)) return false;
        if (!Bears(t.Primitive, t.Style)) return false;
        if (t.Count == 1) return t.Arrangement == Arrangement.None;
        if (t.Count < 1 || t.Count > (t.Primitive == Primitive.Dot || around ? 8 : 6)) return false;
        return around ? t.Arrangement == Arrangement.None
            : t.Arrangement != Arrangement.None && (t.Arrangement != Arrangement.Cluster || t.Count >= 3);
    }

    /// <summary>A single shape without its size, or null for anything else.</summary>
    private static Term? Bare(Composition c) => c is Term { Count: 1 } t ? t with { Size = PartSize.Any } : null;

    private static PartSize SizeOf(Composition c) => c is Term t ? t.Size : PartSize.Any;

    private static bool Bears(Primitive primitive, Style style) => style switch
    {
        Style.Dashed => Dashable.Contains(primitive),
        Style.Doubled => Doublable.Contains(primitive),
        Style.Filled => Fillable.Contains(primitive),
        _ => true,
    };

    private static int CountTerms(Composition c) => c is Pair pair ? CountTerms(pair.First) + CountTerms(pair.Second) : 1;

    private static T Pick<T>(T[] from, Random r) => from[r.Next(from.Length)];

    private static Term Counted(Random r)
    {
        Primitive p = r.Maybe(0.15f) ? Primitive.Dot : Pick(All, r);
        int count = p == Primitive.Dot && r.Maybe(0.3f) ? r.Next(5, 9) : r.Next(2, 7);
        var arrangement = (Arrangement)r.Next(1, count >= 3 ? 4 : 3);
        return new Term(p, count, arrangement, Style: r.Maybe(0.12f) ? StyleOf(p, r) : Style.Plain);
    }

    private static Style StyleOf(Primitive p, Random r)
    {
        var style = (Style)r.Next(1, 4);
        return Bears(p, style) ? style : Style.Plain;
    }

    private static Term Styled(Random r)
    {
        var style = (Style)r.Next(1, 4);
        return new Term(Pick(style switch { Style.Dashed => Dashable, Style.Doubled => Doublable, _ => Fillable }, r), Style: style);
    }

    private static Term MarkedTerm(Random r) => r.Maybe(0.5f) ? Counted(r) : Styled(r);

    /// <summary>A term as a part of something bigger: mostly plain.</summary>
    private static Term Part(Random r)
    {
        float kind = r.NextSingle();
        return kind < 0.74f ? new Term(Pick(All, r)) : kind < 0.86f ? Styled(r) : Counted(r);
    }

    private static Term Container(Random r)
    {
        Primitive p = Pick(Containers, r);
        Style style = r.Maybe(0.18f) ? r.Maybe(0.5f) ? Style.Dashed : Style.Doubled : Style.Plain;
        return new Term(p, Style: Bears(p, style) ? style : Style.Plain);
    }

    private static Pair Inside(Random r) => new(Relation.Inside, Part(r), Container(r));

    private static Pair Crossing(Random r) => new(Relation.Crossing, new Term(Pick(Crossers, r)), new Term(Pick(All, r)));

    private static Pair Around(Composition b, Random r) =>
        new(Relation.Around, new Term(r.Maybe(0.25f) ? Primitive.Dot : Pick(r.Maybe(0.65f) ? Satellites : All, r), r.Next(3, 9)), b);

    private static Pair Beside(Composition a, Composition b, Random r)
    {
        Relation relation = r.Maybe(0.5f) ? Relation.Above : Relation.Left;
        if (a is Term { Count: 1 } x && b is Term { Count: 1 } y && x.Primitive != Primitive.Dot && y.Primitive != Primitive.Dot && r.Maybe(0.22f))
        {
            bool small = r.Maybe(0.5f);
            a = x with { Size = small ? PartSize.Small : PartSize.Large };
            b = y with { Size = small ? PartSize.Large : PartSize.Small };
        }
        return new Pair(relation, a, b);
    }

    private static Pair Two(Random r)
    {
        float kind = r.NextSingle();
        if (kind < 0.36f) return Inside(r);
        if (kind < 0.7f) return Beside(Part(r), Part(r), r);
        return kind < 0.84f ? Crossing(r) : Around(Single(r), r);
    }

    private static Term Single(Random r) => r.Maybe(0.8f) ? new Term(Pick(All, r)) : Styled(r);

    private static Pair Three(Random r)
    {
        float kind = r.NextSingle();
        if (kind < 0.45f)
        {
            // A pair beside a term, on either side.
            Pair pair = r.Maybe(0.6f) ? Inside(r) : Two(r);
            return r.Maybe(0.5f) ? Beside(Part(r), pair, r) : Beside(pair, Part(r), r);
        }
        if (kind < 0.8f) return new Pair(Relation.Inside, Two(r), Container(r));
        return Around(r.Maybe(0.6f) ? Inside(r) : Two(r), r); // IsLegal refuses rings in rings
    }
}
