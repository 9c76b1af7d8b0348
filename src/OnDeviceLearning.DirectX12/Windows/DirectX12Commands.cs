using System.Diagnostics;
using ComputeSharp;
using OnDeviceLearning.Gpu;

namespace OnDeviceLearning.Devices.DirectX12;

/// <summary>
/// The segments of a program. A submission becomes one of ComputeSharp's batches, recorded anew by the worker each time:
/// ComputeSharp keeps no command list for replay. What a batch took is measured around it and split among its segments as
/// they were guessed.
/// </summary>
internal sealed class DirectX12Commands : GpuCommands
{
    private sealed class Batch(DirectX12Commands commands) : DirectX12Work
    {
        public override void Execute(in DirectX12Request request) => commands.Execute(request.From, request.To);
    }

    private readonly DirectX12Device device;
    private readonly GpuPlan plan;
    private readonly DirectX12Dispatch[] dispatches;
    private readonly Batch batch;
    private readonly long[] tickets; // of each segment's last submission; 0 for none
    private readonly double[] seconds; // of each segment's last submission; written by the worker before that is finished
    private readonly bool[] ran;

    public DirectX12Commands(DirectX12Device device, GpuPlan plan)
    {
        this.device = device;
        this.plan = plan;
        GpuBlock[][] barriers = DirectX12Barriers.Of(plan);
        dispatches = [.. plan.Dispatches.Select((dispatch, d) => new DirectX12Dispatch(dispatch, barriers[d]))];
        batch = new Batch(this);
        int count = plan.Segments.Count;
        tickets = new long[count];
        seconds = new double[count];
        ran = new bool[count];
        Array.Fill(seconds, double.NaN);
    }

    public override void Submit(int from, int to)
    {
        long ticket = device.Worker.Ask(new DirectX12Request(batch, from, to));
        for (int s = from; s < to; s++) tickets[s] = ticket;
    }

    public override bool IsFinished(int segment) => device.Worker.IsFinished(tickets[segment]);

    public override void Wait(int segment) => device.Worker.Wait(tickets[segment]);

    public override double Seconds(int segment) => seconds[segment];

    public override void Dispose()
    {
        // Where the device is disposed, the worker ended with nothing under way.
        device.Worker.Drain();
    }

    /// <summary>On the worker: records, submits and waits.</summary>
    private void Execute(int from, int to)
    {
        bool isMeasured = !UsesKernelsForTheFirstTime(from, to);
        long bytes = GC.GetAllocatedBytesForCurrentThread(), start = Stopwatch.GetTimestamp();
        int first = plan.Segments[from].From, end = plan.Segments[to - 1].To;
        using (ComputeContext context = device.Graphics.CreateComputeContext())
        {
            for (int d = first; d < end; d++) dispatches[d].Record(context, isFirst: d == first);
        }
        double elapsed = Stopwatch.GetElapsedTime(start).TotalSeconds;
        device.NoteBatch(GC.GetAllocatedBytesForCurrentThread() - bytes, elapsed);

        double guessed = 0;
        for (int s = from; s < to; s++) guessed += plan.Segments[s].GuessedSeconds;
        for (int s = from; s < to; s++) seconds[s] = isMeasured ? elapsed * plan.Segments[s].GuessedSeconds / guessed : double.NaN;
    }

    /// <summary>A kernel's first dispatch on a device makes its pipeline, which says nothing about the next ones.</summary>
    private bool UsesKernelsForTheFirstTime(int from, int to)
    {
        bool isFirst = false;
        for (int s = from; s < to; s++)
        {
            if (ran[s]) continue;
            ran[s] = true;
            for (int d = plan.Segments[s].From; d < plan.Segments[s].To; d++) isFirst |= device.UsedKernels.Add(plan.Dispatches[d].Kernel.Name);
        }
        return isFirst;
    }
}
