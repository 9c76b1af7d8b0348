using OnDeviceLearning.Pretraining.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace OnDeviceLearning.Pretraining.Texts;

/// <summary>
/// Trains one encoder to agree with the mean of several, whose mistakes differ: the mean squared difference of the cosines
/// of every first text of a batch to every second one (relational distillation, arXiv 1904.05068).
/// </summary>
internal sealed class TextsDistiller(PieceTable table, IReadOnlyList<PieceTable> members) : ITrainer
{
    /// <inheritdoc/>
    public IEnumerable<KeyValuePair<string, Tensor>> State => table.State;

    /// <inheritdoc/>
    public long Step { get; set; }

    /// <summary>One update; returns the root of the mean squared difference and the share of texts that found one of their own group.</summary>
    public (double Loss, double Accuracy) Update(TextBatch batch, long totalSteps)
    {
        using CollectionPause pause = CollectionPause.Begin();
        using DisposeScope scope = NewDisposeScope();
        Tensor target = Target(batch), cosines = table.Cosines(batch); // [N, N]
        Tensor loss = (cosines - target).square().mean();
        loss.backward();
        table.Update(batch, Step++, totalSteps);
        return (Math.Sqrt(loss.item<float>()), TextsTrainer.Found(cosines, TextsTrainer.Together(batch)));
    }

    private Tensor Target(TextBatch batch)
    {
        using IDisposable untracked = no_grad();
        Tensor sum = zeros(batch.Pairs, batch.Pairs);
        foreach (PieceTable member in members) sum += member.Cosines(batch) / members.Count;
        return sum;
    }
}
