using System.Text.RegularExpressions;

namespace OnDeviceLearning.Sigils.Evaluation;

/// <summary>
/// Descriptions that are true of one class of an episode only. People say "a star next to a moon" whichever stands left, and
/// "a heart with dots around it" without counting: good descriptions, but not of one of two classes that differ in just that.
/// There, and nowhere else, a phrasing is asked for that says it.
/// </summary>
internal static partial class ClearDescription
{
    private const int Attempts = 300;

    // Every way in which the grammar says three, and so on, by count - 2.
    private static readonly Regex[] numbers = [.. Lexicon.Numbers.Select(list => new Regex(
        $@"\b({string.Join('|', list.Words.ToArray().Select(w => Regex.Escape(w.Text.StartsWith("a ", StringComparison.Ordinal) ? w.Text[2..] : w.Text)))})\b",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant))];

    /// <summary>A held-out phrasing of <paramref name="c"/> that tells it from <paramref name="others"/> (which may contain it).</summary>
    public static string Of(Composition c, IReadOnlyList<Composition> others, Random random)
    {
        string text = "";
        bool direction = false, count = false;
        string drawn = Drawn(c), undirected = Undirected(c), uncounted = Uncounted(c);
        foreach (Composition other in others)
        {
            if (Drawn(other) == drawn) continue;
            direction |= Undirected(other) == undirected;
            count |= Uncounted(other) == uncounted;
        }
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            text = DescriptionGrammar.Describe(c, random, PhraseSplit.HeldOut);
            if ((!direction || SaysDirection(text)) && (!count || SaysCounts(text, c))) break;
        }
        return text;
    }

    /// <summary>
    /// A key that compositions share whose drawings cannot be told apart: a cross of sword and arrow is that whichever is
    /// named first, and three things in a row are that whichever two are taken together.
    /// </summary>
    public static string Drawn(Composition c) => Key(c, mirrored: false, counted: true);

    /// <summary>Every composition that is drawn as <paramref name="c"/> is: crossing parts trade places, three things in a row are taken together otherwise.</summary>
    public static IEnumerable<Composition> SameDrawing(Composition c)
    {
        if (c is not Pair pair)
        {
            yield return c;
            yield break;
        }
        foreach (Composition first in SameDrawing(pair.First))
            foreach (Composition second in SameDrawing(pair.Second))
            {
                yield return new Pair(pair.Relation, first, second);
                if (pair.Relation == Relation.Crossing) yield return new Pair(Relation.Crossing, second, first);
                if (pair.Relation is not (Relation.Left or Relation.Above)) continue;
                if (first is Pair a && a.Relation == pair.Relation) yield return new Pair(pair.Relation, a.First, new Pair(pair.Relation, a.Second, second));
                if (second is Pair b && b.Relation == pair.Relation) yield return new Pair(pair.Relation, new Pair(pair.Relation, first, b.First), b.Second);
            }
    }

    private static string Undirected(Composition c) => Key(c, mirrored: true, counted: true);

    private static string Uncounted(Composition c) => Key(c, mirrored: false, counted: false);

    private static string Key(Composition c, bool mirrored, bool counted)
    {
        if (c is not Pair pair) return counted || c is not Term { Count: > 1 } term ? c.ToString()! : (term with { Count = 2 }).ToString();
        IEnumerable<Composition> parts = pair.Relation is Relation.Left or Relation.Above ? Chain(pair, pair.Relation) : [pair.First, pair.Second];
        IEnumerable<string> keys = parts.Select(p => Key(p, mirrored, counted));
        if (pair.Relation == Relation.Crossing || (mirrored && pair.Relation == Relation.Left)) keys = keys.Order(StringComparer.Ordinal);
        return $"{pair.Relation}({string.Join(", ", keys)})";
    }

    private static IEnumerable<Composition> Chain(Composition c, Relation relation) =>
        c is Pair pair && pair.Relation == relation ? Chain(pair.First, relation).Concat(Chain(pair.Second, relation)) : [c];

    internal static bool SaysDirection(string text) => Direction().IsMatch(text);

    internal static bool SaysCounts(string text, Composition c) => c.Terms.All(t => t.Count < 2 || numbers[t.Count - 2].IsMatch(text));

    // "right next to it" says nothing, and neither does an arrow that points right.
    [GeneratedRegex(@"\bleft|(?<!pointing |going |facing |to the )\bright\b(?! next| beside)|\bto the right (of|\w)|\b[lr]hs\b|\bfirst\b.*\bthen\b|\bfollow|\bbefore\b|\bafter (?!another)|\bpreceding\b|\bin( that)? order\b|, then\b|\bin front\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Direction();
}
