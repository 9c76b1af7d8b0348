namespace OnDeviceLearning.Pretraining.Torch;

/// <summary>The learning rate of the recipes: it rises in equal steps to its peak, then follows half a cosine (arXiv 1608.03983) to a two-hundredth of it.</summary>
/// <param name="Peak">The largest rate.</param>
/// <param name="WarmUpSteps">Steps in which it rises.</param>
internal readonly record struct WarmUpCosine(double Peak, int WarmUpSteps)
{
    private const double Last = 0.005;

    /// <summary>The rate of a step, 0, 1, ..., of a run that is planned to have so many.</summary>
    public double At(long step, long total)
    {
        if (step < WarmUpSteps) return Peak * (step + 1) / WarmUpSteps;
        double done = Math.Min(1, (step - WarmUpSteps) / Math.Max(1.0, total - WarmUpSteps));
        return Peak * (Last + (1 - Last) * 0.5 * (1 + Math.Cos(Math.PI * done)));
    }
}
