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

    /// <summary>The point of the grid that <see cref="GuardChoice"/> comes to, without a stop.</summary>
    /// <param name="logLikelihoods">[examples, <see cref="Grid"/>]</param>
    /// <param name="weights">Weight of each example; 0 if it could not be judged.</param>
    /// <param name="errors">How many standard errors a larger mix may be worse than the best.</param>
    public static int Choose(ReadOnlySpan<float> logLikelihoods, ReadOnlySpan<float> weights, double errors)
    {
        var choice = new GuardChoice();
        choice.Begin();
        while (!choice.Step(logLikelihoods, weights, errors, weights.Length))
        {
        }
        return choice.Point;
    }
}
