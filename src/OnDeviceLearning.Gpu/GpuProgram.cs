using System.Diagnostics;

namespace OnDeviceLearning.Gpu;

/// <summary>
/// A recorded program on a GPU. Its steps are segments: <see cref="Advance"/> submits as many as fit the time left, beside
/// those under way, and looks which have finished. What segments take is learnt from the GPU's own clock.
/// </summary>
internal sealed class GpuProgram : DeviceProgram
{
    private readonly GpuDevice device;
    private readonly GpuBuffer[] buffers;
    private readonly GpuPlan plan;
    private readonly GpuCommands commands;
    private readonly double[] guessed, pace; // of each segment
    private int submitted, finished;
    private bool disposed;

    public GpuProgram(GpuDevice device, IReadOnlyList<BoundOperation> operations)
    {
        this.device = device;
        var bound = new HashSet<GpuBuffer>();
        foreach (BoundOperation operation in operations)
            foreach (BufferRange range in operation.Operands)
            {
                var buffer = (GpuBuffer)range.Buffer;
                ObjectDisposedException.ThrowIf(buffer.IsDisposed, buffer);
                bound.Add(buffer);
            }
        plan = GpuPlan.Of(device, operations);
        try
        {
            commands = device.RecordCommands(plan);
        }
        catch
        {
            foreach (GpuBuffer scratch in plan.Scratch) scratch.Dispose();
            throw;
        }
        guessed = new double[plan.Segments.Count];
        pace = new double[guessed.Length];
        for (int i = 0; i < guessed.Length; i++) (guessed[i], pace[i]) = (plan.Segments[i].GuessedSeconds, device.Costs.Pace);
        buffers = [.. bound];
        foreach (GpuBuffer buffer in buffers) buffer.AddShare();
    }

    /// <summary>What is dispatched, and in which segments.</summary>
    public GpuPlan Plan => plan;

    public override int StepCount => guessed.Length;

    /// <summary>Segments known to have finished.</summary>
    public override int NextStep => finished;

    /// <summary>What the last run took by the GPU's clock, once finished; NaN where the device does not measure it.</summary>
    public double GpuSeconds
    {
        get
        {
            double seconds = 0;
            for (int i = 0; i < guessed.Length; i++) seconds += commands.Seconds(i);
            return seconds;
        }
    }

    public override void Restart() => submitted = finished = 0;

    public override bool Advance(long deadline, bool atLeastOne = false)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        Collect();
        double available = deadline == long.MaxValue ? double.PositiveInfinity
            : (deadline - Stopwatch.GetTimestamp()) / (double)Stopwatch.Frequency * device.Share;
        for (int i = finished; i < submitted; i++) available -= Seconds(i);
        while (submitted < guessed.Length)
        {
            int end = submitted;
            double seconds = 0;
            // A segment that is still running from before a Restart is waited for, in later calls.
            while (end < guessed.Length && commands.IsFinished(end) && seconds + Seconds(end) <= Math.Min(available, GpuCostModel.LongestSubmission))
                seconds += Seconds(end++);
            if (end == submitted)
            {
                bool alone = available == double.PositiveInfinity || (atLeastOne && finished == submitted);
                if (!alone || !commands.IsFinished(end)) break;
                seconds = Seconds(end++);
            }
            commands.Submit(submitted, end);
            submitted = end;
            available -= seconds;
        }
        return finished == guessed.Length;
    }

    public override void Wait()
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        if (finished == guessed.Length) return;
        commands.Wait(submitted > finished ? submitted - 1 : finished);
        Collect();
    }

    public override void Dispose()
    {
        if (disposed) return;
        disposed = true;
        commands.Dispose();
        foreach (GpuBuffer scratch in plan.Scratch) scratch.Dispose();
        foreach (GpuBuffer buffer in buffers) buffer.ReleaseShare();
    }

    private double Seconds(int segment) => guessed[segment] * pace[segment];

    private void Collect()
    {
        while (finished < submitted && commands.IsFinished(finished))
        {
            double measured = commands.Seconds(finished);
            if (measured > 0)
            {
                pace[finished] = GpuCostModel.Follow(pace[finished], measured / guessed[finished]);
                device.Costs.Learn(guessed[finished], measured);
            }
            finished++;
        }
    }
}
