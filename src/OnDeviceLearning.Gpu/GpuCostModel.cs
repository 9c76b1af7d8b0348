namespace OnDeviceLearning.Gpu;

/// <summary>
/// What a dispatch takes: the slower of arithmetic and memory, after a fixed start. The rates are guesses by kind of
/// device until it is measured; a pace, measured over guessed seconds, follows from what timestamps say. From any thread.
/// </summary>
internal sealed class GpuCostModel
{
    /// <summary>No submission of several dispatches is planned longer, and a longer dispatch goes alone: drivers reset devices that do not answer, and a game's frames wait behind it.</summary>
    public const double LongestSubmission = 4e-3;

    /// <summary>A segment, the least that is submitted: as short as a frame budget needs it.</summary>
    public const double SegmentSeconds = 0.5e-3;

    // What kernels make of the most a device can do.
    private const double ArithmeticShare = 0.5, MemoryShare = 0.8;

    // A pace beyond these is no news about a device but about its neighbours, and programs are planned for longer than that.
    private const double SlowestPace = 8, FastestPace = 1.0 / 8;

    private readonly double dispatchSeconds;
    private volatile GpuRates rates; // as kernels reach them
    private double pace = 1;

    public GpuCostModel(DeviceKind kind)
    {
        (rates, dispatchSeconds) = kind switch
        {
            DeviceKind.DiscreteGpu => (new GpuRates(1e12, 1e12 / 32, 100e9), 4e-6),
            DeviceKind.IntegratedGpu => (new GpuRates(150e9, 150e9 / 8, 15e9), 8e-6),
            _ => (new GpuRates(4e9, 2e9, 4e9), 40e-6),
        };
    }

    /// <summary>Measured over guessed seconds, over all programs of the device.</summary>
    public double Pace => Volatile.Read(ref pace);

    /// <summary>The arithmetic of a dispatch of <see cref="SegmentSeconds"/>.</summary>
    public long SliceFlops => (long)(rates.FlopsPerSecond * SliceSeconds);

    /// <summary>The memory traffic of a dispatch of <see cref="SegmentSeconds"/>.</summary>
    public long SliceBytes => (long)(rates.BytesPerSecond * SliceSeconds);

    /// <summary>The groups of 256 threads below which a dispatch ends no sooner.</summary>
    public int SliceGroups => rates.GroupsToFill;

    private double SliceSeconds => (SegmentSeconds - dispatchSeconds) / Math.Clamp(Pace, FastestPace, SlowestPace);

    /// <summary>Takes in what a device was measured to do at most, in place of the guess by its kind.</summary>
    public void Calibrate(GpuRates measured)
    {
        rates = new GpuRates(measured.FlopsPerSecond * ArithmeticShare, measured.GroupFlopsPerSecond * ArithmeticShare, measured.BytesPerSecond * MemoryShare);
        Volatile.Write(ref pace, 1);
    }

    /// <summary>The guess, before the pace, for a dispatch of so many groups of 256 threads.</summary>
    public double Guess(long flops, long bytes, double groups)
    {
        GpuRates now = rates;
        return dispatchSeconds + Math.Max(flops / Math.Min(now.FlopsPerSecond, now.GroupFlopsPerSecond * Math.Max(groups, 1)), bytes / now.BytesPerSecond);
    }

    /// <summary>Takes in a measurement.</summary>
    public void Learn(double guessed, double measured) => Volatile.Write(ref pace, Follow(Pace, measured / guessed));

    /// <summary>Follows slowdowns faster than speed-ups, and neither in one leap.</summary>
    public static double Follow(double pace, double measured)
    {
        measured = Math.Max(measured, 1e-3); // a clock too coarse to see a segment must not teach that segments are free
        return measured > pace ? pace + 0.5 * (Math.Min(measured, 4 * pace) - pace) : pace + 0.25 * (measured - pace);
    }
}
