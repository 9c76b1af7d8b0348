namespace OnDeviceLearning.Benchmarks;

/// <summary>How long a row is measured.</summary>
/// <param name="WarmUp">Each contestant runs untimed until the just-in-time compiler has compiled nothing for so long.</param>
/// <param name="Turn">Least time of a contestant's turn, in which it runs again and again.</param>
/// <param name="Timed">Time each contestant is given in all its turns together.</param>
/// <param name="Turns">The least number of turns, where runs are longer than that time allows.</param>
internal sealed record Effort(TimeSpan WarmUp, TimeSpan Turn, TimeSpan Timed, int Turns)
{
    /// <summary>For numbers to be quoted.</summary>
    public static readonly Effort Full = new(TimeSpan.FromMilliseconds(250), TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(500), 5);

    /// <summary>To see that all rows work and agree.</summary>
    public static readonly Effort Quick = new(TimeSpan.FromMilliseconds(100), TimeSpan.FromMilliseconds(5), TimeSpan.FromMilliseconds(40), 2);
}
