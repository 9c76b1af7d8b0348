namespace OnDeviceLearning.Evaluation.Intents;

/// <summary>A way to turn texts into unit vectors that are compared by cosine.</summary>
internal interface ITextFeatures
{
    /// <summary>What tables call it.</summary>
    string Name { get; }

    /// <summary>[texts][width], unit length; zeros where nothing of a text is known.</summary>
    float[][] Embed(IReadOnlyList<string> texts);
}
