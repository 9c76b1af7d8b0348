using OnDeviceLearning.Sigils.Evaluation;

namespace OnDeviceLearning.Evaluation.FewShot;

/// <summary>Drawings by people, as in Quick, Draw!, each word described by a sentence.</summary>
public static class DrawingsProblem
{
    /// <summary>Every word with a sentence and enough drawings is a class.</summary>
    /// <param name="backbone">Reads drawings and sentences.</param>
    /// <param name="drawings">The drawings.</param>
    /// <param name="sentences">A sentence for each word.</param>
    /// <param name="fewest">The fewest drawings a word must have.</param>
    /// <param name="progress">0 to 1.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="ArgumentException">Fewer than two words have both.</exception>
    public static FewShotProblem Create(
        Backbone backbone, IReadOnlyList<LabelledDrawing> drawings, IReadOnlyDictionary<string, string> sentences, int fewest,
        IProgress<double>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(backbone);
        ArgumentNullException.ThrowIfNull(drawings);
        ArgumentNullException.ThrowIfNull(sentences);
        Dictionary<string, Drawing[]> byWord = drawings.GroupBy(d => d.Word).ToDictionary(g => g.Key, g => g.Select(d => d.Drawing).ToArray());
        string[] words = [.. sentences.Keys.Where(w => byWord.TryGetValue(w, out Drawing[]? drawn) && drawn.Length >= fewest)];
        if (words.Length < 2)
            throw new ArgumentException($"FewShot: {words.Length} of {sentences.Count} described words have {fewest} drawings or more; expected at least 2 words.", nameof(drawings));
        var embedding = new ProblemEmbedding(backbone);
        for (int w = 0; w < words.Length; w++)
        {
            cancellation.ThrowIfCancellationRequested();
            embedding.Add(words[w], byWord[words[w]], [sentences[words[w]]]);
            progress?.Report((w + 1.0) / words.Length);
        }
        return embedding.Problem($"quickdraw, {words.Length} words");
    }
}
