namespace OnDeviceLearning.Learning;

/// <summary>
/// How far from the descriptions the published head may go. The weights are w(a) = (1-a) t + a w* (WiSE-FT, arXiv 2109.01903).
/// a starts from a prior by number of examples; held-out log-likelihood of the player's own examples may lower it, down to 0.
/// Log-likelihood and not accuracy: with one example a class the held-out class has none left, and accuracy would always
/// vote for the descriptions.
/// </summary>
internal static class Guard
{
    /// <summary>Number of mixes compared: 0, 0.1, ..., 1 times the prior's.</summary>
    public const int Grid = 11;

    // With few examples the spread of the differences is itself uncertain; one imagined example with a difference of
    // one nat keeps two that happen to agree from looking like proof.
    private const double ImaginedSpread = 1;

    /// <summary>The mix at a point of the grid.</summary>
    public static double Mix(int point, double prior) => prior * point / (Grid - 1);

    // A description that contradicts the examples outright still counts for a little.
    private const double LeastBelief = 0.1;

    /// <summary>
    /// The prior's mix for one class: its odds, over how far the class's description is believed. Of a description that is wrong
    /// soon nothing is left, while those that hold stay.
    /// </summary>
    /// <param name="prior">The mix for a description that is believed entirely.</param>
    /// <param name="belief">0 to 1.</param>
    public static double Trust(double prior, double belief) => prior == 0 ? 0 : prior / (prior + (1 - prior) * (LeastBelief + (1 - LeastBelief) * belief));

    /// <summary>The log-likelihood per example at a point of the grid, every class counting alike.</summary>
    /// <param name="logLikelihoods">[examples, <see cref="Grid"/>]</param>
    /// <param name="weights">Weight of each example; 0 if it could not be judged.</param>
    /// <param name="point">Point of the grid.</param>
    public static double Evidence(ReadOnlySpan<float> logLikelihoods, ReadOnlySpan<float> weights, int point)
    {
        double sum = 0, total = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            if (weights[i] == 0) continue;
            sum += weights[i] * logLikelihoods[i * Grid + point];
            total += weights[i];
        }
        return total > 0 ? sum / total : double.NaN;
    }

    /// <summary>The largest mix that is no worse than the best by more than its standard error times <paramref name="errors"/>.</summary>
    /// <returns>A point of the grid; the last, which is the prior's own mix, if nothing could be judged.</returns>
    public static int Choose(ReadOnlySpan<float> logLikelihoods, ReadOnlySpan<float> weights, double errors)
    {
        int best = Grid - 1;
        double bestEvidence = Evidence(logLikelihoods, weights, best);
        if (double.IsNaN(bestEvidence)) return Grid - 1;
        for (int point = Grid - 2; point >= 0; point--)
        {
            double evidence = Evidence(logLikelihoods, weights, point);
            if (evidence > bestEvidence) (best, bestEvidence) = (point, evidence);
        }
        for (int point = Grid - 1; point > best; point--)
        {
            double lost = bestEvidence - Evidence(logLikelihoods, weights, point);
            if (lost <= errors * StandardError(logLikelihoods, weights, point, best, lost)) return point;
        }
        return best;
    }

    private static double StandardError(ReadOnlySpan<float> logLikelihoods, ReadOnlySpan<float> weights, int point, int best, double mean)
    {
        double squares = 0, total = 0, totalSquares = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            if (weights[i] == 0) continue;
            double difference = logLikelihoods[i * Grid + best] - logLikelihoods[i * Grid + point] - mean;
            squares += weights[i] * difference * difference;
            total += weights[i];
            totalSquares += (double)weights[i] * weights[i];
        }
        double examples = total * total / totalSquares; // effective number under unequal weights
        double variance = (squares / total * examples + ImaginedSpread * ImaginedSpread) / examples;
        return Math.Sqrt(variance / examples);
    }
}
