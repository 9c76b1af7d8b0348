using TorchSharp;
using static TorchSharp.torch;

namespace OnDeviceLearning.Pretraining.Vision;

/// <summary>
/// The exponential average of a model's weights and statistics over its last updates, which is a better model than the last
/// one (Polyak averaging). The first updates weigh less, so that the start is soon forgotten.
/// </summary>
internal sealed class MovingAverage
{
    private readonly double decay;
    private readonly IReadOnlyList<(string Name, Tensor Value, Tensor Average)> entries;

    public MovingAverage(IEnumerable<KeyValuePair<string, Tensor>> values, double decay)
    {
        this.decay = decay;
        entries = [.. values.Select(p => (p.Key, p.Value, p.Value.detach().clone().DetachFromDisposeScope()))];
    }

    /// <summary>The averages under the names of what they are averages of.</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> Values => entries.Select(e => new KeyValuePair<string, Tensor>(e.Name, e.Average));

    /// <summary>The same under names of their own, for a checkpoint.</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> State => entries.Select(e => new KeyValuePair<string, Tensor>("average." + e.Name, e.Average));

    /// <summary>Takes in the values after an update.</summary>
    public void Update(long step)
    {
        using IDisposable untracked = no_grad();
        double keep = Math.Min(decay, (1.0 + step) / (10.0 + step));
        foreach ((_, Tensor value, Tensor average) in entries) average.mul_(keep).add_(value, 1 - keep);
    }
}
