using static TorchSharp.torch;

namespace OnDeviceLearning.Pretraining.Texts;

/// <summary>
/// What the shipped encoder learns to agree with: the mean cosine of several trained encoders, whose mistakes differ, and
/// the words that two texts have in common, which say the more the less was learnt about a subject. Both count alike.
/// </summary>
internal sealed class TextsTeacher(IReadOnlyList<PieceTable> members, CommonWords words)
{
    /// <summary>How alike the first texts, rows, and the second ones are: [pairs, pairs], at most 1.</summary>
    public Tensor Cosines(TextBatch batch)
    {
        using IDisposable untracked = no_grad();
        Tensor sum = words.Cosines(batch) / 2;
        foreach (PieceTable member in members) sum += member.Cosines(batch) / (2 * members.Count);
        return sum;
    }
}
