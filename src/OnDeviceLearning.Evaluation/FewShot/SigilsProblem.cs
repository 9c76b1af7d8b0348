using OnDeviceLearning.Sigils;
using OnDeviceLearning.Sigils.Evaluation;

namespace OnDeviceLearning.Evaluation.FewShot;

/// <summary>
/// Drawings of sigils that were never trained on, in families that differ in role, count or relation, described in
/// phrasings that were never trained on. Half are drawn carefully, half sloppily.
/// </summary>
public static class SigilsProblem
{
    private const int Classes = 160, DrawingsPerClass = 31;

    /// <summary>Draws and embeds the problem.</summary>
    public static FewShotProblem Create(Backbone backbone, int seed, IProgress<double>? progress = null, CancellationToken cancellation = default) =>
        Create(backbone, Classes, DrawingsPerClass, seed, progress, cancellation);

    internal static FewShotProblem Create(Backbone backbone, int classes, int drawingsPerClass, int seed, IProgress<double>? progress, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(backbone);
        var random = new Random(seed);
        List<EpisodeClass> drawn = Episode.Families(classes, random);
        var embedding = new ProblemEmbedding(backbone);
        for (int c = 0; c < drawn.Count; c++)
        {
            cancellation.ThrowIfCancellationRequested();
            Drawing[] drawings = [.. Enumerable.Range(0, drawingsPerClass).Select(i => SigilArtist.Draw(drawn[c].Composition, SigilEvaluation.Hand(i, random), random))];
            embedding.Add($"{c} {drawn[c].Composition}", drawings, [drawn[c].Description]);
            progress?.Report((c + 1.0) / drawn.Count);
        }
        return embedding.Problem("sigils", [.. drawn.Select(c => c.Family)]);
    }
}
