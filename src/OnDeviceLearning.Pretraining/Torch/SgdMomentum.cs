using TorchSharp;
using static TorchSharp.torch;

namespace OnDeviceLearning.Pretraining.Torch;

/// <summary>
/// Stochastic gradient descent with momentum 0.9 and weight decay, with a state that can be read and set: v = 0.9 v + g + decay w,
/// w = w - rate v. Matrices and kernels decay, biases and norms do not.
/// </summary>
internal sealed class SgdMomentum
{
    private const double Momentum = 0.9;
    private readonly double weightDecay;
    private readonly IReadOnlyList<(string Name, Tensor Parameter, Tensor Velocity)> entries;

    public SgdMomentum(IEnumerable<KeyValuePair<string, Tensor>> parameters, double weightDecay)
    {
        this.weightDecay = weightDecay;
        entries = [.. parameters.Where(p => p.Value.requires_grad).Select(p => (p.Key, p.Value, zeros_like(p.Value).DetachFromDisposeScope()))];
    }

    /// <summary>Number of updates so far.</summary>
    public long Steps { get; set; }

    /// <summary>Velocities under <c>sgd.v.</c> and their parameters' names.</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> State => entries.Select(e => new KeyValuePair<string, Tensor>("sgd.v." + e.Name, e.Velocity));

    /// <summary>Updates every parameter and clears the gradients.</summary>
    public void Step(double rate)
    {
        using IDisposable untracked = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Steps++;
        foreach (var e in entries)
        {
            if (e.Parameter.grad is not { } gradient) continue;
            if (e.Parameter.dim() >= 2) gradient.add_(e.Parameter, weightDecay);
            e.Velocity.mul_(Momentum).add_(gradient);
            e.Parameter.add_(e.Velocity, -rate);
            gradient.zero_();
        }
    }
}
