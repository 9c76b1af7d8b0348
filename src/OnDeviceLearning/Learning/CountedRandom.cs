namespace OnDeviceLearning.Learning;

/// <summary>
/// Random numbers by counter: the same stream and number give the same draw whenever it is asked for, so that what was
/// drawn before needs no saving.
/// </summary>
internal static class CountedRandom
{
    /// <summary>Uniform in [0, 1).</summary>
    public static double Uniform(ulong stream, ulong number) => (Draw(stream, number) >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform in 0..count-1; the bias of the remainder is below count / 2^64.</summary>
    public static int Below(ulong stream, ulong number, int count) => (int)(Draw(stream, number) % (ulong)count);

    private static ulong Draw(ulong stream, ulong number) => HeadEvidence.Mix(stream + 0x9E3779B97F4A7C15 * number);
}
