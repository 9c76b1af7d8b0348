namespace OnDeviceLearning;

/// <summary>Kinds of <see cref="ClassifierInput"/>.</summary>
[Flags]
public enum InputKinds
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Pen strokes: <see cref="Drawing"/>.</summary>
    Drawings = 1,

    /// <summary><see cref="GrayImage"/>.</summary>
    GrayImages = 2,

    /// <summary><see cref="ColorImage"/>.</summary>
    ColorImages = 4,

    /// <summary><see cref="TextInput"/>.</summary>
    Texts = 8,

    /// <summary><see cref="FeatureVector"/>.</summary>
    FeatureVectors = 16,
}
