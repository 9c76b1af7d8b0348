using OnDeviceLearning.Learning;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using F = TorchSharp.torch.nn.functional;

namespace OnDeviceLearning.Benchmarks;

/// <summary>
/// The head's objective (see <see cref="HeadObjective"/>) in TorchSharp, minimised by its L-BFGS from the same start to the
/// same gradient norm. Torch's has no line search and takes every step whole; it is given the same length of history.
/// </summary>
internal sealed class TorchHead : IDisposable
{
    private const int History = 6, MostEvaluations = 500;

    private readonly DisposeScope owned = NewDisposeScope();
    private readonly Tensor features, labels, targets, pulls;
    private readonly double scale, tolerance;

    public TorchHead(EmbeddingWorld world, HeadTrainingSettings settings)
    {
        set_num_threads(1);
        int classes = world.Descriptions.Length, width = world.Width;
        scale = world.LogitScale;
        tolerance = settings.Tolerance;
        features = tensor(world.Features.SelectMany(f => f).ToArray()).view(-1, width);
        targets = tensor(world.Descriptions.SelectMany(d => d).ToArray()).view(classes, width);
        labels = tensor(world.Labels).to(ScalarType.Int64);
        // The pull of each class follows from how sure the description alone is of the class's own examples.
        Tensor sure = F.softmax(features.matmul(targets.t()) * scale, 1).gather(1, labels.unsqueeze(1)).squeeze(1);
        Tensor counts = zeros(classes).index_add_(0, labels, ones_like(sure), 1), confidence = zeros(classes).index_add_(0, labels, sure, 1) / counts;
        double each = (double)features.shape[0] / classes;
        double strength = settings.Pull / features.shape[0] * Math.Min(1, settings.HeldExamples / each);
        pulls = confidence.clamp(min: settings.LeastConfidence) * strength;
    }

    /// <summary>Evaluations of the objective in the last fit.</summary>
    public int Evaluations { get; private set; }

    /// <summary>The head [C, D] of unit rows.</summary>
    /// <exception cref="BenchmarkException">The gradient norm is not reached.</exception>
    public float[] Fit()
    {
        using DisposeScope scope = NewDisposeScope();
        var weights = new Parameter(targets.clone());
        using optim.Optimizer optimizer = optim.LBFGS([weights], lr: 1, max_iter: 1, tolerange_grad: 0, tolerance_change: 0, history_size: History);
        double norm = double.PositiveInfinity;
        Evaluations = 0;
        Tensor Evaluate()
        {
            optimizer.zero_grad();
            Tensor lengths = weights.norm(1), directions = weights / lengths.unsqueeze(1);
            Tensor loss = F.cross_entropy(features.matmul(directions.t()) * scale, labels)
                + (pulls * ((directions - targets).square().sum(1) + (lengths - 1).square())).sum();
            loss.backward();
            norm = weights.grad!.norm().item<float>();
            Evaluations++;
            return loss;
        }
        // One iteration a call, so that the norm that ends ours ends this too; the history lives on between calls.
        while (norm > tolerance && Evaluations < MostEvaluations) optimizer.step(Evaluate);
        if (norm > tolerance) throw new BenchmarkException($"TorchSharp's L-BFGS ended at a gradient norm of {norm:E1}; expected at most {tolerance:E0}.");
        using IDisposable frozen = no_grad();
        return F.normalize(weights, dim: 1).Values();
    }

    public void Dispose() => owned.Dispose();
}
