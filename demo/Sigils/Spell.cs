using OnDeviceLearning.Sigils;

namespace OnDeviceLearning.Demo;

/// <summary>A spell as the scripted player has it in mind: what is drawn, and the sentence written about it.</summary>
internal sealed record Spell(string Name, string Description, Composition Sigil);

/// <summary>The two sets of the tour. The sentences are written by hand; the classifier sees nothing else of the sigils.</summary>
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

    private static Term Of(Primitive shape, int count = 1, Arrangement arrangement = Arrangement.None) => new(shape, count, arrangement);

    private static Pair In(Composition inner, Composition outer) => new(Relation.Inside, inner, outer);

    private static Pair Over(Composition upper, Composition lower) => new(Relation.Above, upper, lower);
}
