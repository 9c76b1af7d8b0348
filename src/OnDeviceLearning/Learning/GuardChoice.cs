namespace OnDeviceLearning.Learning;

/// <summary>
/// The guard's judgement: the largest mix that is no worse than the best by more than its standard error times a factor.
/// Two passes over the examples, one for the evidence of every mix and one for the spread of the differences, which stop
/// anywhere without changing a bit. Allocates nothing once it is there.
/// </summary>
internal sealed class GuardChoice
{
    // With few examples the spread of the differences is itself uncertain; one imagined example with a difference of
    // one nat keeps two that happen to agree from looking like proof.
    private const double ImaginedSpread = 1;

    private readonly double[] sums = new double[Guard.Grid], lost = new double[Guard.Grid], squares = new double[Guard.Grid];
    private double total, totalSquares;
    private bool bestIsKnown;
    private int cursor, best;

    /// <summary>The point of the grid chosen; the last, which is the prior's own mix, if nothing could be judged. Valid when done.</summary>
    public int Point { get; private set; }

    /// <summary>The log-likelihood per example at a point of the grid, every class counting alike; NaN if nothing could be judged.</summary>
    public double Evidence(int point) => total > 0 ? sums[point] / total : double.NaN;

    public void Begin()
    {
        Array.Clear(sums);
        Array.Clear(squares);
        (total, totalSquares, bestIsKnown, cursor) = (0, 0, false, 0);
    }

    /// <summary>Goes on for some examples.</summary>
    /// <param name="logLikelihoods">[examples, <see cref="Guard.Grid"/>]</param>
    /// <param name="weights">Weight of each example; 0 if it could not be judged.</param>
    /// <param name="errors">The factor.</param>
    /// <param name="examples">How many examples at most.</param>
    /// <returns>True when the point is chosen.</returns>
    public bool Step(ReadOnlySpan<float> logLikelihoods, ReadOnlySpan<float> weights, double errors, int examples)
    {
        int end = (int)Math.Min(weights.Length, (long)cursor + examples);
        if (!bestIsKnown)
        {
            AddEvidence(logLikelihoods, weights, end);
            if (end < weights.Length) return false;
            FindBest();
            return best == Guard.Grid - 1;
        }
        AddSquares(logLikelihoods, weights, end);
        if (end < weights.Length) return false;
        for (Point = Guard.Grid - 1; Point > best && lost[Point] > errors * StandardError(Point); Point--)
        {
        }
        return true;
    }

    private void AddEvidence(ReadOnlySpan<float> logLikelihoods, ReadOnlySpan<float> weights, int end)
    {
        for (; cursor < end; cursor++)
        {
            float weight = weights[cursor];
            if (weight == 0) continue;
            for (int point = 0; point < Guard.Grid; point++) sums[point] += weight * logLikelihoods[cursor * Guard.Grid + point];
            total += weight;
            totalSquares += (double)weight * weight;
        }
    }

    private void FindBest()
    {
        best = Guard.Grid - 1;
        if (total > 0)
            for (int point = Guard.Grid - 2; point >= 0; point--)
                if (Evidence(point) > Evidence(best)) best = point;
        for (int point = best + 1; point < Guard.Grid; point++) lost[point] = Evidence(best) - Evidence(point);
        Point = best;
        bestIsKnown = true;
        cursor = 0;
    }

    private void AddSquares(ReadOnlySpan<float> logLikelihoods, ReadOnlySpan<float> weights, int end)
    {
        for (; cursor < end; cursor++)
        {
            float weight = weights[cursor];
            if (weight == 0) continue;
            ReadOnlySpan<float> values = logLikelihoods.Slice(cursor * Guard.Grid, Guard.Grid);
            for (int point = best + 1; point < Guard.Grid; point++)
            {
                double difference = values[best] - values[point] - lost[point];
                squares[point] += weight * difference * difference;
            }
        }
    }

    private double StandardError(int point)
    {
        double examples = total * total / totalSquares; // effective number under unequal weights
        double variance = (squares[point] / total * examples + ImaginedSpread * ImaginedSpread) / examples;
        return Math.Sqrt(variance / examples);
    }
}
