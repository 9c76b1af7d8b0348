namespace OnDeviceLearning.Pretraining;

/// <summary>Numbers of the standard normal distribution (Box and Muller, 1958).</summary>
internal static class NormalRandom
{
    /// <summary>One number.</summary>
    public static double NextNormal(this Random random) => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
