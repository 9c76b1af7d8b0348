namespace OnDeviceLearning;

/// <summary>A class and its probability.</summary>
/// <param name="Label">The class's name.</param>
/// <param name="Probability">Its probability among the classes, 0 to 1.</param>
public readonly record struct ClassProbability(string Label, float Probability);

/// <summary>
/// What a classifier makes of an input. A plain value; only <see cref="Probabilities"/> and <see cref="Top"/> read memory
/// of the classifier and hold until its next <c>Classify</c> or change of classes.
/// </summary>
public readonly struct Prediction
{
    private readonly AdaptiveClassifier? classifier;
    private readonly int version;

    internal Prediction(AdaptiveClassifier classifier, int version, string label, float probability, float margin, float similarity, float known, bool isUnknown)
    {
        this.classifier = classifier;
        this.version = version;
        Label = label;
        Probability = probability;
        Margin = margin;
        Similarity = similarity;
        KnownProbability = known;
        IsUnknown = isUnknown;
    }

    /// <summary>The likeliest class, also when the input is unknown; empty if there is no class to choose from.</summary>
    public string Label { get => field ?? ""; }

    /// <summary>The likeliest class's probability among the classes, 0 to 1.</summary>
    public float Probability { get; }

    /// <summary>How far the likeliest class's probability lies above the second's; 1 where there is no second.</summary>
    public float Margin { get; }

    /// <summary>Cosine between the input's embedding and the nearest class weight, -1 to 1.</summary>
    public float Similarity { get; }

    /// <summary>
    /// Calibrated probability that the input belongs to any of the classes, 0 to 1, from <see cref="Similarity"/> and from how
    /// near it lies to the examples that have been learnt from; 1 if the backbone brings no calibration.
    /// </summary>
    public float KnownProbability { get; }

    /// <summary>Whether <see cref="KnownProbability"/> lies below the threshold, or there is no class to choose from.</summary>
    public bool IsUnknown { get; }

    /// <summary>
    /// The probability of every class, in the order of <see cref="AdaptiveClassifier.Classes"/>; 0 for a class that has
    /// neither description nor learnt example yet.
    /// </summary>
    /// <exception cref="InvalidOperationException">The classifier has classified something else or changed its classes since.</exception>
    public ReadOnlySpan<float> Probabilities => classifier is null ? [] : classifier.ProbabilitiesOf(version);

    /// <summary>Fills <paramref name="target"/> with the likeliest classes, likeliest first; equal ones in class order.</summary>
    /// <returns>How many were written: the length of <paramref name="target"/> or the number of classes, whichever is less.</returns>
    /// <exception cref="InvalidOperationException">The classifier has classified something else or changed its classes since.</exception>
    public int Top(Span<ClassProbability> target)
    {
        ReadOnlySpan<float> probabilities = Probabilities;
        int count = 0;
        for (int c = 0; c < probabilities.Length; c++)
        {
            int at = count;
            while (at > 0 && probabilities[c] > target[at - 1].Probability) at--;
            if (at == target.Length) continue;
            if (count < target.Length) count++;
            target[at..(count - 1)].CopyTo(target[(at + 1)..]);
            target[at] = new ClassProbability(classifier!.Classes[c], probabilities[c]);
        }
        return count;
    }

    /// <summary>The likeliest class with its probability, or that the input is unknown.</summary>
    public override string ToString() => IsUnknown ? $"unknown (nearest: {Label}, {Probability:P0})" : $"{Label} ({Probability:P0})";
}
