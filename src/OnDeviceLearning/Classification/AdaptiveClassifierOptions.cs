using OnDeviceLearning.Learning;

namespace OnDeviceLearning;

/// <summary>Where learning work is done.</summary>
public enum AdaptationWorker
{
    /// <summary>On a background thread if the machine has more than one core, otherwise inside <c>Adapt</c>.</summary>
    Auto,
    /// <summary>On a background thread of the classifier's own.</summary>
    Own,
    /// <summary>Inside <c>Adapt</c>, on the caller's thread.</summary>
    None,
}

/// <summary>Choices for an <see cref="AdaptiveClassifier"/>. What is learnt does not depend on <see cref="Worker"/>.</summary>
public sealed record AdaptiveClassifierOptions
{
    /// <summary>Where learning work is done.</summary>
    public AdaptationWorker Worker { get; init; } = AdaptationWorker.Auto;

    /// <summary>Seed of everything drawn: folds and evictions. The same evidence and seed give the same bits on the same device.</summary>
    public ulong Seed { get; init; }

    /// <summary>
    /// The most examples kept, 1 to 100,000. Once full, each new example replaces one drawn by the seed from the class
    /// that has the most (the first described of several), so that no class crowds out the others.
    /// </summary>
    public int MaxExamples { get; init; } = 4096;

    /// <summary>
    /// A prediction is unknown when the calibrated probability that the input belongs to one of the classes lies below
    /// this, 0 to 1. 0 turns it off; null takes the backbone's threshold.
    /// </summary>
    public float? UnknownThreshold { get; init; }

    /// <summary>
    /// Whether the encoder itself is fine-tuned by what is taught, and what of it moves: for this classifier alone, the
    /// backbone stays. Each example keeps what it was made from, at most one byte a value of the encoder's image; the new
    /// encoder comes into force, with every example embedded anew, only where it reads a held-out fifth of the examples
    /// better. Descriptions keep their embeddings, which everything is drawn to. A run begins when every example is an
    /// image or a drawing that was taught with this option, and there are enough of two classes to hold some out; it takes
    /// seconds to minutes of <c>Adapt</c>'s budget and allocates megabytes on the way, on a background thread where there is
    /// one (<see cref="Worker"/>). Planning and taking in new weights, six times a run, cannot be cut: without a background
    /// thread they overrun the budget. Default: none.
    /// </summary>
    public EncoderTuning Encoder { get; init; }

    internal EncoderTuningSettings Tuning { get; init; } = EncoderTuningSettings.Default;

    internal TimeProvider Clock { get; init; } = TimeProvider.System;

    internal HeadTrainingSettings Training { get; init; } = HeadTrainingSettings.Default;

    internal void Validate()
    {
        if (!Enum.IsDefined(Worker)) throw new ArgumentException($"AdaptiveClassifier: Worker is {(int)Worker}; expected Auto, Own or None.");
        if (MaxExamples is < 1 or > 100_000) throw new ArgumentException($"AdaptiveClassifier: MaxExamples is {MaxExamples}; expected 1 to 100,000.");
        if (!Enum.IsDefined(Encoder)) throw new ArgumentException($"AdaptiveClassifier: Encoder is {(int)Encoder}; expected a kind of EncoderTuning.");
        if (UnknownThreshold is not (null or >= 0 and <= 1)) throw new ArgumentException($"AdaptiveClassifier: UnknownThreshold is {UnknownThreshold}; expected 0 to 1.");
    }
}
