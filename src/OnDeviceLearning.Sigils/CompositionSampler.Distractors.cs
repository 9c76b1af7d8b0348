namespace OnDeviceLearning.Sigils;

/// <summary>How a distractor differs from the composition it is to be told from.</summary>
public enum DistractorKind
{
    /// <summary>First and second part, or small and large, have changed places.</summary>
    SwappedRoles,
    /// <summary>The same parts in another relation, or the same copies in another arrangement.</summary>
    OtherRelation,
    /// <summary>One more or fewer, or two.</summary>
    OtherCount,
    /// <summary>A style changed, added or taken away.</summary>
    OtherStyle,
    /// <summary>One shape replaced by another, mostly one that looks like it.</summary>
    OtherPrimitive,
    /// <summary>A part left out, or one added.</summary>
    TermDropped,
}

public static partial class CompositionSampler
{
    private static readonly Primitive[][] LookAlikes =
    [
        [Primitive.Circle, Primitive.Hexagon, Primitive.Drop, Primitive.Dot], [Primitive.Square, Primitive.Diamond, Primitive.Hexagon, Primitive.House],
        [Primitive.Triangle, Primitive.Diamond, Primitive.Hourglass], [Primitive.Zigzag, Primitive.Bolt, Primitive.Wave, Primitive.Line],
        [Primitive.Cross, Primitive.Plus, Primitive.Snowflake, Primitive.Star], [Primitive.Drop, Primitive.Leaf, Primitive.Heart],
        [Primitive.Sun, Primitive.Flower, Primitive.Star, Primitive.Snowflake], [Primitive.Cloud, Primitive.Flower, Primitive.Tree],
        [Primitive.Infinity, Primitive.Hourglass, Primitive.Wave, Primitive.Fish], [Primitive.Sword, Primitive.Key, Primitive.Arrow, Primitive.Plus],
        [Primitive.Eye, Primitive.Fish, Primitive.Leaf], [Primitive.Crescent, Primitive.Bolt, Primitive.Leaf], [Primitive.Crown, Primitive.Zigzag, Primitive.House],
        [Primitive.Arrow, Primitive.Line, Primitive.Tree], [Primitive.Spiral, Primitive.Circle, Primitive.Wave], [Primitive.Tree, Primitive.Leaf, Primitive.House],
    ];

    /// <summary>A legal composition that differs from <paramref name="c"/> in one respect, of a random kind.</summary>
    public static Composition Distractor(Composition c, Random r)
    {
        ArgumentNullException.ThrowIfNull(c);
        ArgumentNullException.ThrowIfNull(r);
        for (int attempt = 0; attempt < 24; attempt++)
            if (Distractor(c, (DistractorKind)r.Next(6), r) is { } other) return other;
        // Some shape can always be replaced.
        while (true)
            if (Distractor(c, DistractorKind.OtherPrimitive, r) is { } other) return other;
    }

    /// <summary>A distractor of one kind, or null where that kind does not apply to <paramref name="c"/>.</summary>
    public static Composition? Distractor(Composition c, DistractorKind kind, Random r)
    {
        ArgumentNullException.ThrowIfNull(c);
        ArgumentNullException.ThrowIfNull(r);
        // Rejection keeps the rules in one place; a few attempts find a change where there is one.
        for (int attempt = 0; attempt < 12; attempt++)
        {
            Composition? other = kind switch
            {
                DistractorKind.SwappedRoles => Swap(c, r),
                DistractorKind.OtherRelation => Relate(c, r),
                DistractorKind.TermDropped => DropOrAdd(c, r),
                _ => ChangeTerm(c, kind, r.Next(CountTerms(c)), r),
            };
            if (other is not null && !other.Equals(c) && IsLegal(other)) return other;
        }
        return null;
    }

    private static Composition? Swap(Composition c, Random r)
    {
        if (c is not Pair pair) return null;
        // Either here or in a pair below.
        if (r.Maybe(0.35f) && (pair.First is Pair || pair.Second is Pair)) return Below(pair, part => Swap(part, r), r);
        if (pair.Relation == Relation.Around)
        {
            // Copies and centre trade shapes.
            return pair is { First: Term ring, Second: Term { Style: Style.Plain } centre }
                ? new Pair(Relation.Around, ring with { Primitive = centre.Primitive }, centre with { Primitive = ring.Primitive })
                : null;
        }
        if (pair is { First: Term { Size: not PartSize.Any } a, Second: Term b } && r.Maybe(0.5f))
            return new Pair(pair.Relation, a with { Size = b.Size }, b with { Size = a.Size });
        return new Pair(pair.Relation, pair.Second, pair.First);
    }

    private static Composition? Relate(Composition c, Random r)
    {
        if (c is Term term)
            return term.Count > 1 ? term with { Arrangement = (Arrangement)r.Next(1, 4) } : null;
        var pair = (Pair)c;
        if (r.Maybe(0.35f))
        {
            if (Below(pair, part => Relate(part, r), r) is { } below) return below;
        }
        var relation = (Relation)r.Next(5);
        if (relation == pair.Relation) return null;
        Composition first = pair.First, second = pair.Second;
        if (first is Term f)
        {
            if (f.Count > 1) f = f with { Arrangement = relation == Relation.Around ? Arrangement.None : f.Arrangement == Arrangement.None ? Rearranged(f.Count, r) : f.Arrangement };
            else if (relation == Relation.Around) f = f with { Count = r.Next(3, 9) };
            // Without a contrast beside each other, sizes go.
            if (relation is not (Relation.Above or Relation.Left)) f = f with { Size = PartSize.Any };
            first = f;
        }
        if (second is Term s && relation is not (Relation.Above or Relation.Left)) second = s with { Size = PartSize.Any };
        // Around counts up to 8, elsewhere only dots do.
        if (first is Term { Count: > 6 } many && relation != Relation.Around && many.Primitive != Primitive.Dot) first = many with { Count = 6 };
        return new Pair(relation, first, second);
    }

    private static Arrangement Rearranged(int count, Random r) => (Arrangement)r.Next(1, count >= 3 ? 4 : 3);

    private static Pair? Below(Pair pair, Func<Composition, Composition?> change, Random r)
    {
        bool inFirst = r.Maybe(0.5f);
        Composition? changed = change(inFirst ? pair.First : pair.Second);
        return changed is null ? null : inFirst ? pair with { First = changed } : pair with { Second = changed };
    }

    private static Composition? DropOrAdd(Composition c, Random r)
    {
        if (c is Pair pair && r.Maybe(0.65f))
        {
            if ((pair.First is Pair || pair.Second is Pair) && r.Maybe(0.5f)) return Below(pair, part => part is Pair ? DropOrAdd(part, r) : null, r);
            Composition kept = r.Maybe(0.5f) ? pair.First : pair.Second;
            // What is left stands alone: no size, and copies need an arrangement.
            return kept is Term t
                ? t with { Size = PartSize.Any, Arrangement = t.Count > 1 && t.Arrangement == Arrangement.None ? Rearranged(t.Count, r) : t.Arrangement }
                : kept;
        }
        if (CountTerms(c) >= 3) return null;
        return r.Next(4) switch
        {
            0 => new Pair(Relation.Inside, c, Container(r)),
            1 => new Pair(Relation.Inside, Part(r), c),
            2 => Around(c, r),
            _ => r.Maybe(0.5f) ? new Pair((Relation)r.Next(1, 3), c, new Term(Pick(All, r))) : new Pair((Relation)r.Next(1, 3), new Term(Pick(All, r)), c),
        };
    }

    private static Composition? ChangeTerm(Composition c, DistractorKind kind, int index, Random r)
    {
        if (c is Pair pair)
        {
            int inFirst = CountTerms(pair.First);
            Composition? changed = index < inFirst ? ChangeTerm(pair.First, kind, index, r) : ChangeTerm(pair.Second, kind, index - inFirst, r);
            return changed is null ? null : index < inFirst ? pair with { First = changed } : pair with { Second = changed };
        }
        var t = (Term)c;
        switch (kind)
        {
            case DistractorKind.OtherCount:
                int step = (r.Maybe(0.7f) ? 1 : 2) * (r.Maybe(0.5f) ? 1 : -1), count = t.Count + step;
                if (count is < 1 or > 8) return null;
                if (t.Count == 1) return t with { Count = count, Arrangement = Rearranged(count, r), Size = PartSize.Any };
                var arrangement = count == 1 ? Arrangement.None : count == 2 && t.Arrangement == Arrangement.Cluster ? (Arrangement)r.Next(1, 3) : t.Arrangement;
                return t with { Count = count, Arrangement = arrangement };
            case DistractorKind.OtherStyle:
                return t with { Style = (Style)r.Next(4) };
            default:
                Primitive other = Pick(All, r);
                if (r.Maybe(0.7f))
                {
                    Primitive[] family = Pick(LookAlikes, r);
                    for (int i = 0; i < 40 && !family.Contains(t.Primitive); i++) family = Pick(LookAlikes, r);
                    if (family.Contains(t.Primitive)) other = Pick(family, r);
                }
                return t with { Primitive = other };
        }
    }
}
