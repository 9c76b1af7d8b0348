using OnDeviceLearning.Sigils.Evaluation;

namespace OnDeviceLearning.Evaluation.Transfer;

/// <summary>How images are varied in fine-tuning. The margin of crops is an eighth of the height.</summary>
public enum TransferAugmentation
{
    /// <summary>Every image as it is.</summary>
    None,
    /// <summary>Cropped out of itself with a blank margin.</summary>
    Crops,
    /// <summary>The same, and mirrored half of the time.</summary>
    MirroredCrops,
}

/// <summary>What <see cref="TransferEvaluation.Run"/> is asked for.</summary>
/// <param name="Train">What of the trunk moves besides the new head.</param>
/// <param name="Pull">lambda of L2-SP in the regularised run.</param>
/// <param name="Replay">Source images kept in the regularised run; 0 for none.</param>
/// <param name="Steps">Updates of each run.</param>
/// <param name="SourceSteps">Updates with which a source network, or its head, is trained where the file brings none.</param>
/// <param name="Rate">The largest learning rate; null for that of the kind.</param>
/// <param name="Seed">Seed of everything drawn.</param>
public sealed record TransferOptions(EncoderTuning Train, float Pull, int Replay, int Steps, int SourceSteps, float? Rate, int Seed)
{
    /// <summary>How the images of the three runs are varied; those that a source network is trained on are not.</summary>
    public TransferAugmentation Augmentation { get; init; }

    /// <summary>Mixes 0 to 1 of the source's weights (0) and the tuned ones (1) that are measured, too (WiSE-FT, arXiv 2109.01903).</summary>
    public IReadOnlyList<float> Dial { get; init; } = [];

    /// <summary>Where the regularised run's network is written as a backbone; null for nowhere.</summary>
    public string? Out { get; init; }

    /// <summary>What the regularised run is called.</summary>
    public string Regularisation => (Pull > 0, Replay > 0) switch
    {
        (true, true) => "L2-SP + replay",
        (true, false) => "L2-SP",
        _ => "replay",
    };
}

/// <summary>Weights between the source's and a run's.</summary>
/// <param name="Mix">0: the source's, 1: the run's. The head of the target, which the source never had, is the run's at any mix.</param>
/// <param name="Target">Share of the target's test images recognised.</param>
/// <param name="Source">The same of the source's.</param>
public sealed record TransferDial(float Mix, Proportion Target, Proportion Source);

/// <summary>One way of training.</summary>
/// <param name="Name">Which.</param>
/// <param name="Target">Share of the target's test images recognised.</param>
/// <param name="Source">The same of the source's, with the trunk as it is now; nothing where it never knew them.</param>
/// <param name="Dial">Weights between the source's and these.</param>
/// <param name="Moved">Number of parameters of the trunk that were trained.</param>
/// <param name="Loss">Mean over the last tenth of the updates.</param>
/// <param name="MillisecondsPerStep">Wall time of an update.</param>
public sealed record TransferRow(
    string Name, Proportion Target, Proportion? Source, IReadOnlyList<TransferDial> Dial, long Moved, double Loss, double MillisecondsPerStep);

/// <summary>The outcome.</summary>
/// <param name="Network">What was started from.</param>
/// <param name="SourceBefore">Share of the source's test images recognised before.</param>
/// <param name="Unregularised">Trained on the target alone.</param>
/// <param name="Regularised">With L2-SP and replay.</param>
/// <param name="Scratch">From random weights, every parameter, as many updates.</param>
public sealed record TransferReport(string Network, Proportion SourceBefore, TransferRow Unregularised, TransferRow Regularised, TransferRow Scratch)
{
    /// <summary>All three runs.</summary>
    public IReadOnlyList<TransferRow> Rows => [Unregularised, Regularised, Scratch];

    /// <summary>How far the source falls with L2-SP and replay, in points.</summary>
    public double Fall => 100 * (SourceBefore.Value - Regularised.Source!.Value.Value);

    /// <summary>How far the target lies below the unregularised run's, in points.</summary>
    public double TargetCost => 100 * (Unregularised.Target.Value - Regularised.Target.Value);
}
