namespace OnDeviceLearning.Learning;

/// <summary>The constants of head training. How the defaults of <see cref="MeanShare"/> and <see cref="Kinship"/> were chosen, the page of OnDeviceLearning.Evaluation says; the others on made-up embeddings.</summary>
internal sealed record HeadTrainingSettings
{
    public static readonly HeadTrainingSettings Default = new();

    /// <summary>
    /// lambda_c = this * (zero-shot confidence on the class's own examples) / (taught classes * examples a class): beside the sum over
    /// examples, what a description is worth stays the same however many there are.
    /// </summary>
    public double Pull { get; init; } = 1;

    /// <summary>A class with more examples than these is held less: its lambda_c falls with their square.</summary>
    public double HeldExamples { get; init; } = 2;

    /// <summary>The least pull of a weight's length to 1, of all examples together. It changes nothing but the number of iterations.</summary>
    public double LengthPull { get; init; } = 4;

    /// <summary>The least confidence counted: a class whose description says nothing is still held a little.</summary>
    public double LeastConfidence { get; init; } = 0.1;

    /// <summary>
    /// The part of what a described class learns that is the mean of its examples; the rest is the fit. Less of it where there are many
    /// examples is better on intents and worse on people's drawings: <see cref="ShareChoice"/> finds out.
    /// </summary>
    public double MeanShare { get; init; } = 0.4;

    /// <summary>
    /// An untaught class moves as the taught ones do, each weighted by exp(this * (cosine of the descriptions - 1)); see
    /// <see cref="RelatedShift"/>. 0 counts all alike, which does as well on people's drawings and worse on sigils and intents; 12 and 24
    /// are no better. Null leaves it at its description.
    /// </summary>
    public double? Kinship { get; init; } = 6;

    /// <summary>How near two classes are, by their indices, for <see cref="Kinship"/>; the cosine of their descriptions where it is null or says NaN.</summary>
    public Func<int, int, double>? Nearness { get; init; }

    /// <summary>
    /// How much further than its taught relatives an untaught class moves, once they have many examples: 1 + this * k / (k + 1) times as
    /// far for k examples a taught class. They keep what is their own beside what all share, and would still take its inputs.
    /// </summary>
    public double Overshoot { get; init; } = 1;

    /// <summary>The examples of a class from which its mean may lose its share, see <see cref="ShareChoice"/>.</summary>
    public double ShareExamples { get; init; } = 8;

    /// <summary>How many standard errors what the held-out examples gain without the mean must be above zero.</summary>
    public double ShareErrors { get; init; } = 2;

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
