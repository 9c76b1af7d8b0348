using System.Text.Json;
using OnDeviceLearning.Models;

namespace OnDeviceLearning;

/// <summary>
/// How far adapted class weights are trusted over the descriptions before the player's own evidence speaks, by number of
/// examples per class. Learnt offline, shipped with the backbone.
/// </summary>
public sealed record AdaptationPrior
{
    /// <summary>Used where a backbone ships none: 0, 0.35, 0.5, then 0.1 more for each example, up to 1.</summary>
    public static AdaptationPrior Default { get; } = new([0, 0.35f, 0.5f, 0.6f, 0.7f, 0.8f, 0.9f, 1]);

    /// <summary>Checks the weights.</summary>
    /// <param name="trustByExamples">Weight of the adapted classifier at 0, 1, 2, ... examples a class; each 0 to 1.</param>
    /// <exception cref="ArgumentException">The list is empty, or a weight is outside 0 to 1.</exception>
    public AdaptationPrior(IReadOnlyList<float> trustByExamples)
    {
        ArgumentNullException.ThrowIfNull(trustByExamples);
        if (trustByExamples.Count == 0) throw new ArgumentException("AdaptationPrior: no weights; expected at least one.", nameof(trustByExamples));
        for (int i = 0; i < trustByExamples.Count; i++)
            if (!(trustByExamples[i] is >= 0 and <= 1))
                throw new ArgumentException($"AdaptationPrior: the weight at {i} examples is {trustByExamples[i]}; expected 0 to 1.", nameof(trustByExamples));
        TrustByExamples = [.. trustByExamples];
    }

    /// <summary>Weight of the adapted classifier at 0, 1, 2, ... examples a class.</summary>
    public IReadOnlyList<float> TrustByExamples { get; }

    /// <summary>The weight at a number of examples per class, which may be a mean: interpolated, constant beyond the last.</summary>
    /// <exception cref="ArgumentException">The number is negative or NaN.</exception>
    public float Trust(double examplesPerClass)
    {
        if (!(examplesPerClass >= 0)) throw new ArgumentException($"Trust: {examplesPerClass} examples; expected 0 or more.", nameof(examplesPerClass));
        int last = TrustByExamples.Count - 1;
        if (examplesPerClass >= last) return TrustByExamples[last];
        int below = (int)examplesPerClass;
        float fraction = (float)(examplesPerClass - below);
        return TrustByExamples[below] + fraction * (TrustByExamples[below + 1] - TrustByExamples[below]);
    }

    internal static AdaptationPrior Parse(string json)
    {
        using MetadataJson document = MetadataJson.Parse("odl.adaptationPrior", json);
        var trust = new List<float>();
        foreach (JsonElement element in document.Array("trustByExamples"))
        {
            if (trust.Count == 1024) throw document.Error("trustByExamples has more than 1024 weights");
            trust.Add(document.Single($"trustByExamples[{trust.Count}]", element));
        }
        try
        {
            return new AdaptationPrior(trust);
        }
        catch (ArgumentException e)
        {
            throw document.Error(e.Message);
        }
    }
}
