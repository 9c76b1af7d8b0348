using OnDeviceLearning.Sigils;

namespace OnDeviceLearning.Demo;

/// <summary>A spell as the scripted player has it in mind: what is drawn, and the sentence written about it.</summary>
internal sealed record Spell(string Name, string Description, Composition Sigil);

/// <summary>The sets of the tour's players. The sentences are written by hand; the classifier sees nothing else of the sigils.</summary>
internal static class SpellSets
{
    /// <summary>Eight that look like nothing but themselves.</summary>
    public static Spell[] First =>
    [
        new("Ward", "a circle with a cross inside", In(Of(Primitive.Cross), Of(Primitive.Circle))),
        new("Storm", "two zigzags side by side", Of(Primitive.Zigzag, 2, Arrangement.Row)),
        new("Tide", "the moon over some water", Over(Of(Primitive.Crescent), Of(Primitive.Wave))),
        new("Mend", "a heart with little dots all round it", new Pair(Relation.Around, Of(Primitive.Dot, 6), Of(Primitive.Heart))),
        new("Unlock", "a key locked up in a box", In(Of(Primitive.Key), Of(Primitive.Square))),
        new("Foresee", "one of those pyramids with an eye in the middle", In(Of(Primitive.Eye), Of(Primitive.Triangle))),
        new("Smite", "a rain cloud, lightning comes out below", Over(Of(Primitive.Cloud), Of(Primitive.Bolt))),
        new("Frost", "just a big snowflake", Of(Primitive.Snowflake)),
    ];

    /// <summary>Eight that are easily taken for one another; Bulwark's sentence says nearly nothing of what is drawn.</summary>
    public static Spell[] Second =>
    [
        new("Cage", "a star shut in by a ring", In(Of(Primitive.Star), Of(Primitive.Circle))),
        new("Nova", "a big star, there's a small circle in it", In(Of(Primitive.Circle), Of(Primitive.Star))),
        new("Snare", "star in a square", In(Of(Primitive.Star), Of(Primitive.Square))),
        new("Bulwark", "kind of a round shield thing", In(Of(Primitive.Diamond), Of(Primitive.Hexagon))),
        new("Drizzle", "a couple of raindrops next to each other", Of(Primitive.Drop, 2, Arrangement.Row)),
        new("Deluge", "three tears in a row", Of(Primitive.Drop, 3, Arrangement.Row)),
        new("Gust", "two wiggly lines on top of each other", Of(Primitive.Wave, 2, Arrangement.Column)),
        new("Quake", "two jaged lines, one above the other", Of(Primitive.Zigzag, 2, Arrangement.Column)),
    ];

    /// <summary>The first eight in the words of somebody who describes badly: what the spell is for, hardly what is drawn.</summary>
    public static Spell[] Vague =>
    [
        new("Ward", "the usual keep out sign", First[0].Sigil),
        new("Storm", "grr, angry stuff", First[1].Sigil),
        new("Tide", "when the sea comes in at night", First[2].Sigil),
        new("Mend", "a hug", First[3].Sigil),
        new("Unlock", "opens things", First[4].Sigil),
        new("Foresee", "it knows what you did", First[5].Sigil),
        new("Smite", "bad weather for somebody", First[6].Sigil),
        new("Frost", "winter", First[7].Sigil),
    ];

    /// <summary>Four of each; Bulwark is described badly at first.</summary>
    public static Spell[] Mixed => [Second[0], Second[1], Second[2], Second[3], First[0], First[2], First[6], First[7]];

    /// <summary>Which of <see cref="Mixed"/> is described anew halfway, and how.</summary>
    public const int RewrittenIndex = 3;
    public const string RewrittenWords = "a diamond inside a hexagon";

    private static Term Of(Primitive shape, int count = 1, Arrangement arrangement = Arrangement.None) => new(shape, count, arrangement);

    private static Pair In(Composition inner, Composition outer) => new(Relation.Inside, inner, outer);

    private static Pair Over(Composition upper, Composition lower) => new(Relation.Above, upper, lower);
}
