using OnDeviceLearning.Graphs;

namespace OnDeviceLearning.Learning;

/// <summary>How a <see cref="TrainingProgram"/> learns.</summary>
/// <param name="Loss">What is made small.</param>
/// <param name="Optimizer">How parameters follow their gradients.</param>
/// <param name="Rate">The learning rate of each update.</param>
public sealed record TrainingOptions(TrainingLoss Loss, Optimizer Optimizer, LearningRateSchedule Rate)
{
    /// <summary>
    /// Which parameters are trained, by name; all if not set. What lies before the first of them is frozen and is never
    /// computed backwards. Statistics are never trained.
    /// </summary>
    public Func<string, bool> Trainable { get; init; } = static _ => true;

    /// <summary>The largest Euclidean norm of all gradients together; larger ones are scaled down. Null: no limit.</summary>
    public float? ClipNorm { get; init; }

    /// <summary>
    /// Strength lambda of the pull lambda |w - w0|^2 back to where the parameters came from (L2-SP, arXiv 1802.01483);
    /// 0 for none. <see cref="TrainingProgram.Loss"/> does not include it.
    /// </summary>
    public float Pull { get; init; }

    /// <summary>w0, on any device; what the parameters are when the program is planned, if not set. Read once, when planned.</summary>
    public ParameterSet? PullTarget { get; init; }
}

/// <summary>What is made small, as a function of the graph's output.</summary>
public abstract record TrainingLoss
{
    private protected TrainingLoss()
    {
    }
}

/// <summary>
/// Cross-entropy of the softmax of the graph's output [..., classes] with target classes, one for each row.
/// </summary>
/// <param name="LabelSmoothing">Share of the target spread over all classes, 0 to below 1.</param>
/// <param name="HasClassWeights">Whether the classes have weights (all 1 until they are set); the mean is weighted, as in torch.</param>
public sealed record SoftmaxCrossEntropyLoss(float LabelSmoothing = 0, bool HasClassWeights = false) : TrainingLoss;

/// <summary>
/// Cross-entropy of the softmax of Scale times the cosine between the graph's output [D] and each class's fixed
/// embedding [Classes, D], which are given normalised: the loss of CLIP-like models, arXiv 2103.00020.
/// </summary>
/// <param name="Classes">Number of classes.</param>
/// <param name="Scale">The logit scale.</param>
/// <param name="LabelSmoothing">Share of the target spread over all classes, 0 to below 1.</param>
public sealed record CosineCrossEntropyLoss(int Classes, float Scale, float LabelSmoothing = 0) : TrainingLoss;

/// <summary>No loss here: the caller gives the gradient for the graph's output.</summary>
public sealed record InjectedGradientLoss : TrainingLoss;

/// <summary>How parameters follow their gradients.</summary>
public abstract record Optimizer
{
    private protected Optimizer()
    {
    }
}

/// <summary>Stochastic gradient descent with momentum, as torch.optim.SGD.</summary>
public sealed record SgdOptimizer(float Momentum = 0.9f, float WeightDecay = 0, bool Nesterov = false) : Optimizer;

/// <summary>Adam with decoupled weight decay, as torch.optim.AdamW. arXiv 1711.05101.</summary>
public sealed record AdamWOptimizer(float Beta1 = 0.9f, float Beta2 = 0.999f, float Epsilon = 1e-8f, float WeightDecay = 0.01f) : Optimizer;
