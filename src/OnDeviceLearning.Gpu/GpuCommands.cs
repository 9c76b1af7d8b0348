namespace OnDeviceLearning.Gpu;

/// <summary>
/// What a GPU API must offer beside memory: the segments of one program, recorded once, submitted any number of times. A
/// segment starts after everything that was submitted before it. None is submitted again before it is finished.
/// </summary>
internal abstract class GpuCommands : IDisposable
{
    /// <summary>Submits segments <paramref name="from"/> up to, not including, <paramref name="to"/> as one submission; does not wait.</summary>
    public abstract void Submit(int from, int to);

    /// <summary>Whether a segment's last submission is finished, or there was none; does not wait.</summary>
    public abstract bool IsFinished(int segment);

    /// <summary>Waits until a segment's last submission is finished.</summary>
    public abstract void Wait(int segment);

    /// <summary>What the last submission of a finished segment took on the GPU; NaN where the device does not measure it.</summary>
    public abstract double Seconds(int segment);

    /// <summary>Waits for what is under way and frees the recording.</summary>
    public abstract void Dispose();
}
