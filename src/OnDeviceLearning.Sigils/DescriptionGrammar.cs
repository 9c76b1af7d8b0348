using OnDeviceLearning.Text;

namespace OnDeviceLearning.Sigils;

/// <summary>Which phrasings <see cref="DescriptionGrammar"/> may use.</summary>
public enum PhraseSplit
{
    /// <summary>Phrasings to learn from.</summary>
    Training,
    /// <summary>Phrasings never used for training: other combinations of templates and synonyms, and some templates of their own.</summary>
    HeldOut,
}

/// <summary>Describes compositions in English as players would type it.</summary>
public static class DescriptionGrammar
{
    private const int HeldOutPercent = 15, MaximumWords = 40;

    [ThreadStatic]
    private static DescriptionWriter? s_writer;

    /// <summary>A random description of the composition.</summary>
    public static string Describe(Composition c, Random random, PhraseSplit split = PhraseSplit.Training)
    {
        ArgumentNullException.ThrowIfNull(c);
        ArgumentNullException.ThrowIfNull(random);
        DescriptionWriter writer = s_writer ??= new DescriptionWriter();
        for (int attempt = 0; attempt < 1000; attempt++)
            if (writer.Write(c, random, HeldOutPercent) == (split == PhraseSplit.HeldOut) && writer.WordCount <= MaximumWords)
                return writer.Finish(random, typos: split == PhraseSplit.Training);
        return writer.Finish(random, typos: false);
    }

    /// <summary>Every word of sampled training phrasings with its frequency, cut as a tokenizer cuts them.</summary>
    public static IReadOnlyDictionary<string, int> WordCounts(int samples, int seed, Func<Random, Composition> sampler)
    {
        ArgumentNullException.ThrowIfNull(sampler);
        var random = new Random(seed);
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int sample = 0; sample < samples; sample++)
            foreach (string word in TextTokenizer.Split(Describe(sampler(random), random)))
                counts[word] = counts.GetValueOrDefault(word) + 1;
        return counts;
    }

    /// <summary>Templates by relation, for reports.</summary>
    internal static int TemplateCount(Relation relation) => (relation switch
    {
        Relation.Inside => RelationTemplates.Inside.Length + RelationTemplates.InsideCircle.Length + RelationTemplates.InsideSquare.Length,
        Relation.Above => RelationTemplates.Above.Length + RelationTemplates.CrownAbove.Length,
        Relation.Left => RelationTemplates.Left.Length,
        Relation.Crossing => RelationTemplates.Crossing.Length + RelationTemplates.Strike.Length + RelationTemplates.Pierce.Length + RelationTemplates.Shock.Length,
        _ => RelationTemplates.Around.Length,
    });

    internal static readonly TemplateSet[] Relations =
    [
        new(RelationTemplates.Inside), new(RelationTemplates.Above), new(RelationTemplates.Left), new(RelationTemplates.Crossing), new(RelationTemplates.Around),
    ];

    private static readonly TemplateSet InsideCircle = new(RelationTemplates.InsideCircle), InsideSquare = new(RelationTemplates.InsideSquare), CrownAbove = new(RelationTemplates.CrownAbove),
        Strike = new(RelationTemplates.Strike), Pierce = new(RelationTemplates.Pierce), Shock = new(RelationTemplates.Shock);

    /// <summary>The wording of its own that some pairs have, or null.</summary>
    internal static TemplateSet? Special(Pair pair)
    {
        var second = pair.Second as Term;
        var first = pair.First as Term;
        if (pair.Relation == Relation.Inside && first is not null && second is { Count: 1, Style: Style.Plain, Size: PartSize.Any })
            return second.Primitive switch { Primitive.Circle => InsideCircle, Primitive.Square => InsideSquare, _ => null };
        if (first is not { Count: 1, Size: PartSize.Any } || second is not { Count: 1 }) return null;
        if (pair.Relation == Relation.Above && first is { Primitive: Primitive.Crown, Style: Style.Plain }) return CrownAbove;
        if (pair.Relation == Relation.Crossing)
            return first.Primitive switch
            {
                Primitive.Line when first.Style == Style.Plain => Strike,
                Primitive.Arrow or Primitive.Sword => Pierce,
                Primitive.Bolt => Shock,
                _ => null,
            };
        return null;
    }
}
