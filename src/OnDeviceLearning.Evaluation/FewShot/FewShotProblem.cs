using System.Numerics.Tensors;

namespace OnDeviceLearning.Evaluation.FewShot;

/// <summary>
/// A data set as few-shot methods see it: embedded once, the same features for every method and every episode. No class
/// of it was trained on.
/// </summary>
public sealed class FewShotProblem
{
    /// <summary>What was embedded, and with which backbone: for the reader of a table.</summary>
    public required string Name { get; init; }

    /// <summary>Unit features, each [Width].</summary>
    public required IReadOnlyList<float[]> Features { get; init; }

    /// <summary>The class of each feature.</summary>
    public required IReadOnlyList<int> Labels { get; init; }

    /// <summary>The classes' names.</summary>
    public required IReadOnlyList<string> ClassNames { get; init; }

    /// <summary>Unit embedding of each class's description [Width]; null for a class without one.</summary>
    public required IReadOnlyList<float[]?> Descriptions { get; init; }

    /// <summary>How much of each description was understood, 0 to 1; null where all were.</summary>
    public IReadOnlyList<double>? Understood { get; init; }

    /// <summary>What a cosine is multiplied with to give a logit.</summary>
    public required float LogitScale { get; init; }

    /// <summary>How far examples are trusted over descriptions, by their number.</summary>
    public AdaptationPrior Prior { get; init; } = AdaptationPrior.Default;

    /// <summary>The calibration of "unknown"; null where there is none.</summary>
    public UnknownCalibration? Unknown { get; init; }

    /// <summary>
    /// Classes that are easily confused share a number, and episodes take them together; null where episodes draw their
    /// classes one by one.
    /// </summary>
    public IReadOnlyList<int>? Families { get; init; }

    /// <summary>Number of values of a feature.</summary>
    public int Width => Features[0].Length;

    /// <summary>Whether every class has a description: without, there is no zero-shot answer.</summary>
    public bool IsDescribed => Descriptions.All(d => d is not null);

    /// <summary>The features of each class, as indices.</summary>
    public IReadOnlyList<int[]> Members() => members ??= [.. Enumerable.Range(0, ClassNames.Count).Select(c => Enumerable.Range(0, Labels.Count).Where(i => Labels[i] == c).ToArray())];

    private int[][]? members;

    /// <summary>Checks shapes and lengths.</summary>
    /// <exception cref="ArgumentException">Something does not fit; the message says what.</exception>
    public void Check()
    {
        if (Features.Count == 0) throw new ArgumentException($"{Name}: there is nothing to classify.");
        if (Labels.Count != Features.Count) throw new ArgumentException($"{Name}: {Labels.Count} labels for {Features.Count} features.");
        if (Descriptions.Count != ClassNames.Count) throw new ArgumentException($"{Name}: {Descriptions.Count} descriptions for {ClassNames.Count} classes.");
        if (Families is not null && Families.Count != ClassNames.Count) throw new ArgumentException($"{Name}: {Families.Count} families for {ClassNames.Count} classes.");
        if (ClassNames.Distinct(StringComparer.Ordinal).Count() != ClassNames.Count) throw new ArgumentException($"{Name}: two classes have the same name.");
        for (int i = 0; i < Features.Count; i++)
        {
            CheckUnit(Features[i], $"feature {i}");
            if (Labels[i] < 0 || Labels[i] >= ClassNames.Count) throw new ArgumentException($"{Name}: feature {i} has label {Labels[i]}; expected 0 to {ClassNames.Count - 1}.");
        }
        for (int c = 0; c < Descriptions.Count; c++)
            if (Descriptions[c] is float[] description) CheckUnit(description, $"the description of '{ClassNames[c]}'");
    }

    private void CheckUnit(float[] vector, string what)
    {
        if (vector.Length != Width) throw new ArgumentException($"{Name}: {what} has {vector.Length} values; expected {Width}.");
        float norm = TensorPrimitives.Norm<float>(vector);
        if (!(Math.Abs(norm - 1) <= 0.01f)) throw new ArgumentException($"{Name}: {what} has length {norm}; expected 1, to within 1 %.");
    }
}
