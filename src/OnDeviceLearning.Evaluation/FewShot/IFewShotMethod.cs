namespace OnDeviceLearning.Evaluation.FewShot;

/// <summary>A way of learning from a few examples.</summary>
internal interface IFewShotMethod
{
    /// <summary>As tables name it.</summary>
    string Name { get; }

    /// <summary>Whether it has an answer to such a task: some need examples of every class, some descriptions.</summary>
    bool Answers(FewShotTask task);

    /// <summary>Takes the task on; what is not counted as adapting is done here.</summary>
    IFewShotLearner Begin(FewShotTask task);
}

/// <summary>A method at work on one task.</summary>
internal interface IFewShotLearner : IDisposable
{
    /// <summary>Learns from the task's examples.</summary>
    void Adapt();

    /// <summary>Classifies a feature.</summary>
    /// <param name="feature">Unit vector.</param>
    /// <param name="probabilities">Overwritten, [ways].</param>
    /// <returns>How much it looks like any of the classes: only the order of these numbers matters, within a task.</returns>
    float Classify(ReadOnlySpan<float> feature, Span<float> probabilities);
}
