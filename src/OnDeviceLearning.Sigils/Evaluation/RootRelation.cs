namespace OnDeviceLearning.Sigils.Evaluation;

/// <summary>What a composition is at its outermost, by which scores are reported.</summary>
public static class RootRelation
{
    /// <summary>Every group, in the order of a report.</summary>
    public static IReadOnlyList<string> All { get; } =
        ["single", "counted", "styled", "inside", "above", "left", "crossing", "around", "three-part"];

    /// <summary>The group of <paramref name="composition"/>; a counted and styled shape counts as counted, any three terms as three-part.</summary>
    public static string Of(Composition composition)
    {
        ArgumentNullException.ThrowIfNull(composition);
        return composition switch
        {
            Term { Count: > 1 } => "counted",
            Term { Style: not Style.Plain } => "styled",
            Term => "single",
            Pair { First: Term, Second: Term } pair => pair.Relation.ToString().ToLowerInvariant(),
            _ => "three-part",
        };
    }
}
