using System.Runtime.ExceptionServices;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>
/// A few threads that help the caller through the units of one stage. Chunks of units are claimed from a counter, by the
/// caller too, so a helper that gets no core delays nobody but for the chunk it holds. Idle helpers spin for some
/// microseconds, then sleep.
/// </summary>
internal sealed unsafe class CpuThreadPool : IDisposable
{
    // A short pause between two looks: a stage of a small network takes some microseconds, and every hand-out waits for one.
    private const int SpinsBeforeSleep = 450, Pause = 4;
    private const int ChunksPerThread = 4;

    private readonly Thread[] workers;
    private readonly object dispatch = new();
    private readonly object gate = new();

    // The claim counter: number of chunks in the high half, next chunk in the low half. A successful compare-exchange on
    // it claims a chunk of the job that is current at that instant, and a claimed chunk keeps its job current.
    private long claims;
    private int completed;
    private int sleeping;
    private volatile bool stopping;

    private CpuKernel? kernel;
    private CpuScratch? scratch;
    private nint* operands;
    private float* kept;
    private int stage, first, count, chunks;
    private Exception? failure;

    public CpuThreadPool(CpuOptions options)
    {
        workers = new Thread[options.Threads - 1];
        for (int i = 0; i < workers.Length; i++)
        {
            int slot = i + 1;
            workers[i] = new Thread(() => Work(slot, options.AffinityMask), maxStackSize: 512 * 1024)
            {
                IsBackground = true,
                Name = $"OnDeviceLearning CPU {slot}",
            };
            workers[i].Start();
        }
    }

    /// <summary>Threads that work on a stage, the caller included.</summary>
    public int Threads => workers.Length + 1;

    /// <summary>Runs units <paramref name="from"/>..<paramref name="to"/> of a stage and returns when all are done.</summary>
    public void Run(CpuKernel kernel, nint* operands, float* kept, CpuScratch scratch, int stage, int from, int to, bool worthHelp)
    {
        // Another program runs on the helpers just now: this one runs on its caller alone, with the same result.
        if (workers.Length == 0 || !worthHelp || to - from < 2 || !Monitor.TryEnter(dispatch))
        {
            kernel.Run(scratch.Memory(operands, kept, 0), stage, from, to);
            return;
        }
        try
        {
            this.kernel = kernel;
            this.scratch = scratch;
            this.operands = operands;
            this.kept = kept;
            this.stage = stage;
            first = from;
            count = to - from;
            chunks = Math.Min(count, ChunksPerThread * Threads);
            completed = 0;
            Interlocked.Exchange(ref claims, (long)chunks << 32);
            if (Volatile.Read(ref sleeping) > 0)
                lock (gate) Monitor.PulseAll(gate);

            Help(0);
            // A helper holds one chunk at most: it is done soon, unless its core was taken from it.
            for (int i = 0; i < SpinsBeforeSleep && Volatile.Read(ref completed) < chunks; i++) Thread.SpinWait(Pause);
            SpinWait spin = default;
            while (Volatile.Read(ref completed) < chunks) spin.SpinOnce(sleep1Threshold: -1);
            if (failure is { } exception)
            {
                failure = null;
                ExceptionDispatchInfo.Throw(exception);
            }
        }
        finally
        {
            Monitor.Exit(dispatch);
        }
    }

    private bool HasWork
    {
        get
        {
            long state = Volatile.Read(ref claims);
            return (int)state < (int)(state >> 32);
        }
    }

    private void Help(int slot)
    {
        while (true)
        {
            long state = Volatile.Read(ref claims);
            int chunk = (int)state, chunkCount = (int)(state >> 32);
            if (chunk >= chunkCount) return;
            if (Interlocked.CompareExchange(ref claims, state + 1, state) != state) continue;
            try
            {
                int from = first + (int)((long)count * chunk / chunkCount), to = first + (int)((long)count * (chunk + 1) / chunkCount);
                kernel!.Run(scratch!.Memory(operands, kept, slot), stage, from, to);
            }
            catch (Exception exception)
            {
                Interlocked.CompareExchange(ref failure, exception, null);
            }
            Interlocked.Increment(ref completed);
        }
    }

    private void Work(int slot, ulong affinity)
    {
        ThreadAffinity.Pin(affinity);
        while (!stopping)
        {
            Help(slot);
            for (int i = 0; i < SpinsBeforeSleep && !HasWork; i++) Thread.SpinWait(Pause);
            if (HasWork) continue;
            lock (gate)
            {
                Interlocked.Increment(ref sleeping); // before the last look, so that a job published after it sees a sleeper
                while (!HasWork && !stopping) Monitor.Wait(gate);
                Interlocked.Decrement(ref sleeping);
            }
        }
    }

    public void Dispose()
    {
        stopping = true;
        lock (gate) Monitor.PulseAll(gate);
        foreach (Thread worker in workers) worker.Join();
    }
}
