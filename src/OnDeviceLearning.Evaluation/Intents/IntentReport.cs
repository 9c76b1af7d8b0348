using OnDeviceLearning.Sigils.Evaluation;

namespace OnDeviceLearning.Evaluation.Intents;

/// <summary>How one way of comparing texts with descriptions does without an example.</summary>
/// <param name="Method">Its name.</param>
/// <param name="Accuracy">Over all texts.</param>
/// <param name="Macro">The mean of the intents' accuracies, each counting alike.</param>
/// <param name="OutOfScope">Probability that a text of an intent is nearer to its nearest description than one of none; NaN where there are none of these.</param>
public sealed record IntentZeroShot(string Method, Proportion Accuracy, double Macro, double OutOfScope);

/// <summary>One method after so many examples an intent.</summary>
/// <param name="Accuracy">A value for each run: other examples.</param>
public sealed record IntentFewShot(string Method, int Shots, SampleMean Accuracy);

/// <summary>One intent, zero-shot, by the backbone.</summary>
/// <param name="TakenFor">What its texts were taken for instead, most often first.</param>
public sealed record IntentScore(string Intent, string Description, Proportion Accuracy, IReadOnlyList<(string Intent, int Count)> TakenFor);

/// <summary>How many points the backbone is above a baseline on the same texts, with the 95 % interval of the paired difference.</summary>
public sealed record IntentGain(string Baseline, double Points, double Low, double High);

/// <summary>What <c>odl eval intents</c> measured.</summary>
/// <param name="TrainedOn">Whether the recipe of the texts backbone trains on this data set: its figures are then no figures on classes never seen.</param>
/// <param name="BaselinesMissing">Why there are no baselines; null where there are.</param>
public sealed record IntentReport(
    string Dataset, string Split, bool TrainedOn, int Intents, int Texts, int Strangers,
    IReadOnlyList<IntentZeroShot> ZeroShot, IReadOnlyList<IntentGain> Gains, IReadOnlyList<IntentFewShot> FewShot,
    IReadOnlyList<IntentScore> Worst, string? BaselinesMissing);
