namespace OnDeviceLearning.Learning;

/// <summary>The constants of head training. The defaults were chosen on made-up embeddings, not on a backbone's.</summary>
internal sealed record HeadTrainingSettings
{
    public static readonly HeadTrainingSettings Default = new();

    /// <summary>lambda_c = this * (zero-shot confidence on the class's own examples) / (taught classes * examples a class^<see cref="PullFade"/>).</summary>
    public double Pull { get; init; } = 1;

    /// <summary>How quickly the description's pull fades as examples come in; 0 never, 1 as in a sum over examples.</summary>
    public double PullFade { get; init; } = 0.5;

    /// <summary>The least confidence counted: a class whose description says nothing is still held a little.</summary>
    public double LeastConfidence { get; init; } = 0.1;

    /// <summary>The part of what is learnt that is the mean of a class's examples; the rest is the fit.</summary>
    public double MeanShare { get; init; } = 0.4;

    /// <summary>
    /// mu, the pull between related classes; see <see cref="HeadObjective"/>. It also frees classes without examples. Off: with half of
    /// the classes taught it helped neither sigils nor people's drawings (<c>odl eval fewshot --compare relatives</c>).
    /// </summary>
    public float RelativesPull { get; init; }

    /// <summary>The gradient norm at which a fit counts as done.</summary>
    public double Tolerance { get; init; } = 1e-4;

    /// <summary>The same for the guard's fits, which only compare mixes and need less.</summary>
    public double FoldTolerance { get; init; } = 3e-3;

    /// <summary>The most iterations of a fit.</summary>
    public int MaxIterations { get; init; } = 200;

    /// <summary>The most folds the guard judges by.</summary>
    public int Folds { get; init; } = 5;

    /// <summary>How many standard errors an evidence may lie below the best and still count as no worse.</summary>
    public double GuardErrors { get; init; } = 1;
}
