using TorchSharp;
using static TorchSharp.torch;

namespace OnDeviceLearning.Pretraining.Torch;

/// <summary>
/// AdamW (arXiv 1711.05101) whose state can be read and set, so that a run resumes with the very numbers it stopped with.
/// Matrices and kernels decay, biases and norms do not.
/// </summary>
internal sealed class AdamW
{
    private const double Beta1 = 0.9, Beta2 = 0.98, Epsilon = 1e-8;
    private readonly double weightDecay;
    private readonly IReadOnlyList<(string Name, Tensor Parameter, Tensor Mean, Tensor Square)> entries;

    public AdamW(IEnumerable<KeyValuePair<string, Tensor>> parameters, double weightDecay)
    {
        this.weightDecay = weightDecay;
        entries = parameters.Where(p => p.Value.requires_grad)
            .Select(p => (p.Key, p.Value, zeros_like(p.Value).DetachFromDisposeScope(), zeros_like(p.Value).DetachFromDisposeScope())).ToList();
    }

    /// <summary>Number of updates so far.</summary>
    public long Steps { get; set; }

    /// <summary>First and second moments under <c>adam.m.</c> and <c>adam.v.</c> and their parameters' names.</summary>
    public IEnumerable<KeyValuePair<string, Tensor>> State =>
        entries.SelectMany(e => new KeyValuePair<string, Tensor>[] { new("adam.m." + e.Name, e.Mean), new("adam.v." + e.Name, e.Square) });

    /// <summary>Clips the gradients by their common norm, updates every parameter and clears the gradients.</summary>
    public void Step(double rate, double clipNorm)
    {
        using var _ = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Steps++;
        var total = zeros(1);
        foreach (var e in entries)
            if (e.Parameter.grad is { } g) total += g.square().sum();
        double norm = Math.Sqrt(total.item<float>());
        double clip = norm > clipNorm ? clipNorm / norm : 1;
        double correction1 = 1 - Math.Pow(Beta1, Steps), correction2 = Math.Sqrt(1 - Math.Pow(Beta2, Steps));
        foreach (var e in entries)
        {
            if (e.Parameter.grad is not { } gradient) continue;
            gradient.mul_(clip);
            e.Mean.mul_(Beta1).add_(gradient, 1 - Beta1);
            e.Square.mul_(Beta2).addcmul_(gradient, gradient, 1 - Beta2);
            if (e.Parameter.dim() >= 2) e.Parameter.mul_(1 - rate * weightDecay);
            e.Parameter.addcdiv_(e.Mean, e.Square.sqrt().div_(correction2).add_(Epsilon), -rate / correction1);
            gradient.zero_();
        }
    }
}
