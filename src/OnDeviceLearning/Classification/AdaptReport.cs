namespace OnDeviceLearning;

/// <summary>What <see cref="AdaptiveClassifier.Adapt"/> is at.</summary>
public enum AdaptStatus
{
    /// <summary>Everything taught so far is in the published head.</summary>
    Idle,
    /// <summary>A run is under way.</summary>
    Running,
    /// <summary>A run was completed in this call, and predictions come from its head from now on. Where more was taught meanwhile, the next call begins another.</summary>
    Published,
}

/// <summary>What <see cref="AdaptiveClassifier.Adapt"/> did. Evidence and guard are those of the head now published.</summary>
public readonly struct AdaptReport
{
    internal AdaptReport(AdaptStatus status, float progress, in Adaptation published, IReadOnlyList<string> changed, float encoderMix = 0)
    {
        Status = status;
        Progress = progress;
        EvidenceBefore = published.EvidenceBefore;
        EvidenceAfter = published.EvidenceAfter;
        GuardMix = published.GuardMix;
        GuardSteppedIn = published.GuardSteppedIn;
        Changed = changed;
        EncoderMix = encoderMix;
    }

    /// <summary>
    /// How far the encoder in force went from the shipped one (0) to what fine-tuning made of it (1); see
    /// <see cref="AdaptiveClassifierOptions.Encoder"/>.
    /// </summary>
    public float EncoderMix { get; }

    /// <summary>What the classifier is at.</summary>
    public AdaptStatus Status { get; }

    /// <summary>How far the run has come, 0 to 1; an estimate. 1 when idle or published.</summary>
    public float Progress { get; }

    /// <summary>
    /// Mean log-likelihood (natural logarithm, every class counting alike) that the descriptions alone (of a class without one, what was learnt) give to the examples;
    /// NaN as long as fewer than two examples can be judged.
    /// </summary>
    public double EvidenceBefore { get; }

    /// <summary>The same for the published mix, each example judged by a head learnt without it.</summary>
    public double EvidenceAfter { get; }

    /// <summary>How far the head went from the descriptions (0) to what the examples alone suggest (1).</summary>
    public double GuardMix { get; }

    /// <summary>Whether held-out examples spoke against going as far as usual with this many, so that the head stayed nearer to the descriptions.</summary>
    public bool GuardSteppedIn { get; }

    /// <summary>Names of the classes whose weight the last published run changed. The list is reused by the next run.</summary>
    public IReadOnlyList<string> Changed { get; }
}

/// <summary>What is known about the published head.</summary>
internal readonly record struct Adaptation(double EvidenceBefore, double EvidenceAfter, double GuardMix, bool GuardSteppedIn)
{
    public static readonly Adaptation None = new(double.NaN, double.NaN, 0, false);
}
