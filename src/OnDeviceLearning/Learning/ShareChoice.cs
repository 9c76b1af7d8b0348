namespace OnDeviceLearning.Learning;

/// <summary>
/// Whether the mean of a class's examples keeps its share of what is learnt. It steadies a fit of few examples; of many it may hold the
/// fit back, or be the better of the two: people's drawings gather round their mean, requests do not. So the examples held out judge,
/// one by one as they come: the share goes if they are likelier without it, by more than a chance would have it.
/// </summary>
internal sealed class ShareChoice
{
    private double total, totalSquares, sum, sumSquares;

    public void Begin() => (total, totalSquares, sum, sumSquares) = (0, 0, 0, 0);

    /// <summary>Adds an example.</summary>
    /// <param name="weight">Its weight in the evidence.</param>
    /// <param name="gain">Its log-likelihood without the mean, less that with it.</param>
    public void Add(double weight, double gain)
    {
        total += weight;
        totalSquares += weight * weight;
        sum += weight * gain;
        sumSquares += weight * gain * gain;
    }

    /// <summary>The mean gain; 0 if nothing was judged.</summary>
    public double Gain => total == 0 ? 0 : sum / total;

    /// <summary>Whether the gain is above so many of its standard errors; no if nothing was judged.</summary>
    public bool GoesWithout(double errors)
    {
        if (total == 0) return false;
        double variance = Math.Max(0, sumSquares / total - Gain * Gain);
        return Gain > errors * Math.Sqrt(variance * totalSquares) / total;
    }
}
