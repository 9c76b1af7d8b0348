namespace OnDeviceLearning.Sigils;

/// <summary>The few draws that shapes and hands need.</summary>
internal static class HandRandom
{
    public static float Between(this Random random, float low, float high) => low + (high - low) * random.NextSingle();

    public static bool Maybe(this Random random, float chance) => random.NextSingle() < chance;

    /// <summary>About normal with the given deviation, but never beyond three deviations.</summary>
    public static float Around(this Random random, float deviation) =>
        deviation * 2 * (random.NextSingle() + random.NextSingle() + random.NextSingle() - 1.5f);

    /// <summary>-1 or 1.</summary>
    public static float Sign(this Random random) => random.Next(2) * 2 - 1;

    public static float Angle(this Random random) => random.NextSingle() * MathF.Tau;

    /// <summary>Small at most times, any angle once in a while.</summary>
    public static float Tilt(this Random random, float degrees) => random.Around(degrees) * MathF.PI / 180;
}
