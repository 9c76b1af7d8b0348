using OnDeviceLearning.Pretraining.Torch;
using TorchSharp;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace OnDeviceLearning.Pretraining.Texts;

/// <summary>Trains a text encoder on pairs: the symmetric cross-entropy of CLIP (arXiv 2103.00020), every pair of a group counting as right.</summary>
internal sealed class TextsTrainer(PieceTable table) : ITrainer
{
    private const double Scale = 20;

    /// <inheritdoc/>
    public IEnumerable<KeyValuePair<string, Tensor>> State => table.State;

    /// <inheritdoc/>
    public long Step { get; set; }

    /// <summary>One update; returns the loss and the share of texts that found one of their own group.</summary>
    public (double Loss, double Accuracy) Update(TextBatch batch, long totalSteps)
    {
        using CollectionPause pause = CollectionPause.Begin();
        using DisposeScope scope = NewDisposeScope();
        Tensor logits = Scale * table.Cosines(batch), together = Together(batch); // [N, N]
        Tensor targets = together / together.sum(1, keepdim: true); // rows and, by symmetry, columns sum to 1
        Tensor loss = -0.5 * ((targets * F.log_softmax(logits, 1)).sum(1).mean() + (targets * F.log_softmax(logits, 0)).sum(0L).mean());
        loss.backward();
        table.Update(batch, Step++, totalSteps);
        return (loss.item<float>(), Found(logits, together));
    }

    /// <summary>[pairs, pairs], 1 where two texts are of one group.</summary>
    public static Tensor Together(TextBatch batch)
    {
        Tensor groups = tensor(batch.Groups);
        return groups.unsqueeze(0).eq(groups.unsqueeze(1)).to(ScalarType.Float32);
    }

    /// <summary>The share of first texts whose nearest second text is of their group.</summary>
    public static double Found(Tensor nearness, Tensor together) => together.gather(1, nearness.argmax(1, keepdim: true)).mean().item<float>();
}
