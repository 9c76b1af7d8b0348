namespace OnDeviceLearning;

/// <summary>
/// Plain numbers to classify: telemetry, a gesture's features, features of a sound. Immutable as long as its values are
/// left alone.
/// </summary>
public sealed class FeatureVector : ClassifierInput
{
    /// <summary>The most values.</summary>
    public const int MaxLength = 65_536;

    /// <summary>Refers to the values without copying them; they must not change while the vector is in use.</summary>
    /// <param name="values">1 to <see cref="MaxLength"/> finite values, in the units and the order the backbone was made with.</param>
    /// <exception cref="ArgumentException">There are none or too many, or one is not finite; the message says which.</exception>
    public FeatureVector(ReadOnlyMemory<float> values)
    {
        if (values.Length is < 1 or > MaxLength) throw new ArgumentException($"FeatureVector: {values.Length} values; expected 1 to {MaxLength}.", nameof(values));
        ReadOnlySpan<float> span = values.Span;
        for (int i = 0; i < span.Length; i++)
            if (!float.IsFinite(span[i])) throw new ArgumentException($"FeatureVector: value {i} is {span[i]}; expected a finite number.", nameof(values));
        Values = values;
    }

    /// <summary>The values.</summary>
    public ReadOnlyMemory<float> Values { get; }

    internal override InputKinds Kind => InputKinds.FeatureVectors;
}
