namespace OnDeviceLearning.Sigils;

/// <summary>The shapes sigils are made of.</summary>
public enum Primitive
{
    Circle, Square, Triangle, Star, Cross, Plus, Spiral, Zigzag, Wave, Arrow, Heart, Crescent, Bolt, Eye, Diamond, Hexagon,
    Line, Dot, Drop, Flower, Key, Crown, Sun, Hourglass, Snowflake, Leaf, Cloud, Infinity, Sword, Tree, Fish, House,
}

/// <summary>How the outline of a shape is drawn.</summary>
public enum Style { Plain, Dashed, Doubled, Filled }

/// <summary>Named only where a small and a large part stand side by side or one above the other.</summary>
public enum PartSize { Any, Small, Large }

/// <summary>How several copies of a shape stand together; <see cref="None"/> for a single shape and for the copies of <see cref="Relation.Around"/>.</summary>
public enum Arrangement { None, Row, Column, Cluster }

/// <summary>How the first part stands to the second.</summary>
public enum Relation
{
    /// <summary>The first is inside the second.</summary>
    Inside,
    /// <summary>The first is above the second.</summary>
    Above,
    /// <summary>The first is to the left of the second.</summary>
    Left,
    /// <summary>The first is drawn across the second.</summary>
    Crossing,
    /// <summary>Small copies of the first stand all around the second.</summary>
    Around,
}

/// <summary>What a sigil shows: a <see cref="Term"/>, or a <see cref="Pair"/> of two compositions in a relation.</summary>
public abstract record Composition
{
    /// <summary>Every term, left to right.</summary>
    public abstract IEnumerable<Term> Terms { get; }

    /// <summary>
    /// Reads the canonical text, e.g. <c>above(crown, inside(eye, doubled triangle))</c> or <c>around(dot*6, heart)</c>.
    /// </summary>
    /// <exception cref="FormatException">The text is not a composition; the message says where.</exception>
    public static Composition Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        int at = 0;
        Composition result = ParseAt(text, ref at);
        if (at != text.Length) throw Error(text, at, "the end");
        return result;
    }

    private static Composition ParseAt(string text, ref int at)
    {
        int stop = text.AsSpan(at).IndexOfAny("(),");
        stop = stop < 0 ? text.Length : at + stop;
        if (stop < text.Length && text[stop] == '(')
        {
            if (!Enum.TryParse(text.AsSpan(at, stop - at), ignoreCase: true, out Relation relation)) throw Error(text, at, "a relation");
            at = stop + 1;
            Composition first = ParseAt(text, ref at);
            if (at >= text.Length || text[at] != ',') throw Error(text, at, "','");
            at++;
            while (at < text.Length && text[at] == ' ') at++;
            Composition second = ParseAt(text, ref at);
            if (at >= text.Length || text[at] != ')') throw Error(text, at, "')'");
            at++;
            return new Pair(relation, first, second);
        }
        Term term = ParseTerm(text, at, text[at..stop].Trim());
        at = stop;
        return term;
    }

    private static Term ParseTerm(string text, int at, string part)
    {
        var size = PartSize.Any;
        var style = Style.Plain;
        string[] words = part.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words.Length == 0) throw Error(text, at, "a shape");
        foreach (string word in words[..^1])
            if (Enum.TryParse(word, ignoreCase: true, out PartSize s) && s != PartSize.Any) size = s;
            else if (Enum.TryParse(word, ignoreCase: true, out Style t) && t != Style.Plain) style = t;
            else throw Error(text, at, $"a size or style, not '{word}',");
        string[] shape = words[^1].Split('*');
        int count = 1;
        var arrangement = Arrangement.None;
        if (shape.Length > 1)
        {
            string[] counted = shape[1].Split('@');
            if (!int.TryParse(counted[0], out count) || count is < 2 or > 8) throw Error(text, at, "a count of 2 to 8");
            if (counted.Length > 1 && !Enum.TryParse(counted[1], ignoreCase: true, out arrangement)) throw Error(text, at, "row, column or cluster");
        }
        if (!Enum.TryParse(shape[0], ignoreCase: true, out Primitive primitive)) throw Error(text, at, $"a shape, not '{shape[0]}',");
        return new Term(primitive, count, arrangement, size, style);
    }

    private static FormatException Error(string text, int at, string expected) =>
        new($"Composition: expected {expected} at position {at} of '{text}'.");
}

/// <summary>One shape, or several copies of it.</summary>
public sealed record Term(
    Primitive Primitive, int Count = 1, Arrangement Arrangement = Arrangement.None,
    PartSize Size = PartSize.Any, Style Style = Style.Plain) : Composition
{
    /// <inheritdoc/>
    public override IEnumerable<Term> Terms => [this];

    /// <summary>The canonical text.</summary>
    public override string ToString() =>
        (Size == PartSize.Any ? "" : Lower(Size) + " ") + (Style == Style.Plain ? "" : Lower(Style) + " ") + Lower(Primitive)
        + (Count > 1 ? $"*{Count}" : "") + (Arrangement == Arrangement.None ? "" : "@" + Lower(Arrangement));

    private static string Lower<T>(T value) where T : struct, Enum => value.ToString().ToLowerInvariant();
}

/// <summary>Two compositions in a relation.</summary>
public sealed record Pair(Relation Relation, Composition First, Composition Second) : Composition
{
    /// <inheritdoc/>
    public override IEnumerable<Term> Terms => First.Terms.Concat(Second.Terms);

    /// <summary>The canonical text.</summary>
    public override string ToString() => $"{Relation.ToString().ToLowerInvariant()}({First}, {Second})";
}
