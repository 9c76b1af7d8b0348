namespace OnDeviceLearning.Gpu;

/// <summary>
/// What a dispatch takes: the slower of arithmetic and memory, after a fixed start. The rates are guesses by kind of
/// device; a pace, measured over guessed seconds, follows from what timestamps say. From any thread.
/// </summary>
internal sealed class GpuCostModel
{
    /// <summary>No submission of several dispatches is planned longer, and a longer dispatch goes alone: drivers reset devices that do not answer, and a game's frames wait behind it.</summary>
    public const double LongestSubmission = 4e-3;

    /// <summary>A segment, the least that is submitted: as short as a frame budget needs it.</summary>
    public const double SegmentSeconds = 0.5e-3;

    private readonly double flopsPerSecond, bytesPerSecond, dispatchSeconds;
    private double pace = 1;

    public GpuCostModel(DeviceKind kind)
    {
        (flopsPerSecond, bytesPerSecond, dispatchSeconds) = kind switch
        {
            DeviceKind.DiscreteGpu => (1e12, 100e9, 4e-6),
            DeviceKind.IntegratedGpu => (150e9, 15e9, 8e-6),
            _ => (4e9, 4e9, 40e-6),
        };
    }

    /// <summary>Measured over guessed seconds, over all programs of the device.</summary>
    public double Pace => Volatile.Read(ref pace);

    /// <summary>The guess, before the pace.</summary>
    public double Guess(long flops, long bytes) => dispatchSeconds + Math.Max(flops / flopsPerSecond, bytes / bytesPerSecond);

    /// <summary>Takes in a measurement.</summary>
    public void Learn(double guessed, double measured) => Volatile.Write(ref pace, Follow(Pace, measured / guessed));

    /// <summary>Follows slowdowns faster than speed-ups, and neither in one leap.</summary>
    public static double Follow(double pace, double measured)
    {
        measured = Math.Max(measured, 1e-3); // a clock too coarse to see a segment must not teach that segments are free
        return measured > pace ? pace + 0.5 * (Math.Min(measured, 4 * pace) - pace) : pace + 0.25 * (measured - pace);
    }
}
