namespace OnDeviceLearning.Learning;

/// <summary>The learning rate of each update.</summary>
public abstract record LearningRateSchedule
{
    /// <summary>The rate of update <paramref name="step"/>, counted from 0.</summary>
    public abstract float At(int step);

    /// <summary>The same rate for ever.</summary>
    public static LearningRateSchedule Constant(float rate) => new ConstantRate(rate);

    /// <summary>
    /// Rises linearly to <paramref name="peak"/> during the warm-up, then falls along half a cosine to
    /// <paramref name="floor"/> and stays there. arXiv 1608.03983.
    /// </summary>
    /// <param name="peak">The largest rate.</param>
    /// <param name="warmUp">Updates before it is reached; 0 for none.</param>
    /// <param name="total">Updates until the floor is reached, the warm-up among them.</param>
    /// <param name="floor">The rate at the end.</param>
    /// <exception cref="ArgumentException">The warm-up is negative or not shorter than the total.</exception>
    public static LearningRateSchedule Cosine(float peak, int warmUp, int total, float floor = 0)
    {
        if (warmUp < 0 || warmUp >= total) throw new ArgumentException($"Cosine: a warm-up of {warmUp} steps; expected 0..{total - 1}, less than the total.", nameof(warmUp));
        return new CosineRate(peak, warmUp, total, floor);
    }

    private sealed record ConstantRate(float Rate) : LearningRateSchedule
    {
        public override float At(int step) => Rate;
    }

    private sealed record CosineRate(float Peak, int WarmUp, int Total, float Floor) : LearningRateSchedule
    {
        public override float At(int step)
        {
            if (step < WarmUp) return Peak * (step + 1) / WarmUp;
            double progress = Math.Min(1, (step - WarmUp) / (double)(Total - WarmUp));
            return (float)(Floor + (Peak - Floor) * 0.5 * (1 + Math.Cos(Math.PI * progress)));
        }
    }
}
