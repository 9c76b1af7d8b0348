using OnDeviceLearning.Sigils;

namespace OnDeviceLearning.Pretraining.Sigils;

/// <summary>
/// What a composition says, as a sparse set of facts: which shapes, how many, in which style, and which shape plays which
/// role in which relation. Both encoders are asked for these facts beside the contrastive task, which teaches them early
/// that "a star in a ring" is not "a ring in a star". Used while training only.
/// </summary>
internal static class CompositionAttributes
{
    private static readonly int Primitives = Enum.GetValues<Primitive>().Length;
    private static readonly int Relations = Enum.GetValues<Relation>().Length;

    private const int MaxCount = 8;
    private const int Styles = 4;
    private const int Sizes = 3;
    private const int Arrangements = 4;

    private static int CountBase => Primitives;
    private static int StyleBase => CountBase + Primitives * MaxCount;
    private static int SizeBase => StyleBase + Primitives * Styles;
    private static int ArrangementBase => SizeBase + Primitives * Sizes;
    private static int RelationBase => ArrangementBase + Arrangements;
    private static int RoleBase => RelationBase + Relations;
    private static int TermCountBase => RoleBase + Relations * 2 * Primitives;

    /// <summary>Number of facts there are.</summary>
    public static int Count => TermCountBase + 3;

    /// <summary>Sets the facts of <paramref name="composition"/> to 1 in a cleared vector of <see cref="Count"/>.</summary>
    public static void Write(Composition composition, Span<float> facts)
    {
        int terms = 0;
        foreach (Term term in composition.Terms)
        {
            terms++;
            int primitive = (int)term.Primitive;
            facts[primitive] = 1;
            facts[CountBase + primitive * MaxCount + term.Count - 1] = 1;
            facts[StyleBase + primitive * Styles + (int)term.Style] = 1;
            facts[SizeBase + primitive * Sizes + (int)term.Size] = 1;
            facts[ArrangementBase + (int)term.Arrangement] = 1;
        }
        facts[TermCountBase + terms - 1] = 1;
        WriteRoles(composition, facts);
    }

    private static void WriteRoles(Composition composition, Span<float> facts)
    {
        if (composition is not Pair pair) return;
        facts[RelationBase + (int)pair.Relation] = 1;
        foreach (Term term in pair.First.Terms) facts[RoleBase + ((int)pair.Relation * 2 + 0) * Primitives + (int)term.Primitive] = 1;
        foreach (Term term in pair.Second.Terms) facts[RoleBase + ((int)pair.Relation * 2 + 1) * Primitives + (int)term.Primitive] = 1;
        WriteRoles(pair.First, facts);
        WriteRoles(pair.Second, facts);
    }
}
