namespace OnDeviceLearning;

/// <summary>
/// One thing to classify or to teach: a <see cref="Drawing"/>, a <see cref="GrayImage"/>, a <see cref="ColorImage"/>, a
/// <see cref="TextInput"/> or a <see cref="FeatureVector"/>. Which of them a backbone reads, <see cref="Backbone.Reads"/> says.
/// </summary>
/// <remarks>Anything else enters as an embedding of the game's own encoder, or as a <see cref="FeatureVector"/>.</remarks>
public abstract class ClassifierInput
{
    private protected ClassifierInput()
    {
    }

    internal abstract InputKinds Kind { get; }
}
