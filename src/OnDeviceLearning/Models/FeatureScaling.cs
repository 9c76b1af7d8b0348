using System.Text.Json;

namespace OnDeviceLearning.Models;

/// <summary>How plain features are scaled before they are embedded, from <c>odl.features</c>: <c>{"mean":[..],"std":[..]}</c>.</summary>
internal sealed class FeatureScaling
{
    private readonly float[] mean, inverseDeviation;

    public FeatureScaling(string text)
    {
        using MetadataJson json = MetadataJson.Parse("odl.features", text);
        mean = Numbers(json, "mean");
        inverseDeviation = Numbers(json, "std");
        if (mean.Length is 0 or > FeatureVector.MaxLength) throw json.Error($"'mean' has {mean.Length} numbers; expected 1 to {FeatureVector.MaxLength}");
        if (inverseDeviation.Length != mean.Length) throw json.Error($"'std' has {inverseDeviation.Length} numbers; expected {mean.Length}, as 'mean' has");
        for (int i = 0; i < mean.Length; i++)
        {
            if (!(inverseDeviation[i] >= 1e-12f)) throw json.Error($"'std' is {inverseDeviation[i]} at {i}; expected at least 1e-12");
            inverseDeviation[i] = 1 / inverseDeviation[i];
        }
    }

    /// <summary>Number of features.</summary>
    public int Length => mean.Length;

    /// <summary>Writes (value - mean) / deviation of each feature.</summary>
    public void Write(ReadOnlySpan<float> values, Span<float> target)
    {
        for (int i = 0; i < mean.Length; i++) target[i] = (values[i] - mean[i]) * inverseDeviation[i];
    }

    private static float[] Numbers(MetadataJson json, string name) => [.. json.Array(name).Select(element => json.Single(name, element))];
}
