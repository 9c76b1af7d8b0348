using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>
/// A few threads that help the caller through the units of one stage. Each thread, the caller too, has a share of the units,
/// takes it in halves of what is left (a short one at once), and then takes from the ends of the others' shares: a helper that gets no core delays
/// nobody but for what it holds. From stage to stage a thread's share is the same part of the whole, so that what it wrote
/// is in its own caches when it reads it. Idle helpers spin for some microseconds, then sleep.
/// </summary>
internal sealed unsafe class CpuThreadPool : IDisposable
{
    // A short pause between two looks: a stage of a small network takes some microseconds, and every hand-out waits for one.
    private const int LooksBeforeSleep = 1800, Pause = 1;

    // Seconds of one core below which a stage is done alone: awake helpers take half a microsecond, waking them several.
    private const double WorthSharing = 3e-6, WorthWaking = 15e-6;

    // Seconds that are taken at once: kernels do several units together in less time than one by one.
    private const double Grain = 10e-6;

    private readonly Thread[] workers;
    private readonly Seat[] seats; // of each thread, the caller's first
    private readonly object dispatch = new();
    private readonly object gate = new();
    private int sleeping; // changed under the gate: helpers asleep whom nobody has woken
    private long finished; // units of all jobs that are done
    private volatile bool stopping;
    private Exception? failure;

    /// <summary>A thread's share and what it is of. What another thread polls has lines of the cache of its own.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 512)]
    private sealed class Seat
    {
        // Next unit in the low half, end in the high half. A successful compare-exchange claims units of the job that is
        // current at that instant, and claimed units keep their job current.
        [FieldOffset(128)] public long Share;
        [FieldOffset(136)] public CpuKernel? Kernel;
        [FieldOffset(144)] public CpuScratch? Scratch;
        [FieldOffset(152)] public nint* Operands;
        [FieldOffset(160)] public float* Kept;
        [FieldOffset(168)] public int Stage;
        [FieldOffset(172)] public int Least; // units taken at once

        // Units that this thread has done since the start.
        [FieldOffset(320)] public long Done;

        public bool HasWork
        {
            get
            {
                long share = Volatile.Read(ref Share);
                return (int)share < (int)(share >> 32);
            }
        }
    }

    public CpuThreadPool(CpuOptions options)
    {
        seats = new Seat[options.Threads];
        for (int i = 0; i < seats.Length; i++) seats[i] = new Seat();
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
    public int Threads => seats.Length;

    /// <summary>Runs units <paramref name="from"/>..<paramref name="to"/> of a stage, about <paramref name="seconds"/> of one core, and returns when all are done.</summary>
    public void Run(CpuKernel kernel, nint* operands, float* kept, CpuScratch scratch, int stage, int from, int to, double seconds)
    {
        bool wake = seconds >= WorthWaking;
        // Another program runs on the helpers just now: this one runs on its caller alone, with the same result.
        if (workers.Length == 0 || seconds < WorthSharing || to - from < 2 || (!wake && Volatile.Read(ref sleeping) == workers.Length) || !Monitor.TryEnter(dispatch))
        {
            kernel.Run(scratch.Memory(operands, kept, 0), stage, from, to);
            return;
        }
        try
        {
            int count = to - from, threads = seats.Length, least = (int)Math.Min(count, Math.Ceiling(count * Grain / seconds));
            // The caller, who starts first, gets what is left over. Its own share is the last published, with a full fence.
            for (int slot = threads - 1; slot >= 0; slot--)
            {
                Seat seat = seats[slot];
                seat.Kernel = kernel;
                seat.Scratch = scratch;
                seat.Operands = operands;
                seat.Kept = kept;
                seat.Stage = stage;
                seat.Least = least;
                long share = (long)(from + Part(count, slot + 1, threads)) << 32 | (uint)(from + Part(count, slot, threads));
                if (slot > 0) Volatile.Write(ref seat.Share, share);
                else Interlocked.Exchange(ref seat.Share, share);
            }
            if (wake && Volatile.Read(ref sleeping) > 0)
                lock (gate)
                {
                    sleeping = 0;
                    Monitor.PulseAll(gate);
                }

            Help(0);
            // A helper holds half of what was left of its share at most: it is done soon, unless its core was taken from it.
            finished += count;
            for (int i = 0; i < LooksBeforeSleep && Done() < finished; i++) Thread.SpinWait(Pause);
            SpinWait spin = default;
            while (Done() < finished) spin.SpinOnce(sleep1Threshold: -1);
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

    private static int Part(int count, int slot, int threads) => (int)(((long)count * slot + threads - 1) / threads);

    private long Done()
    {
        long done = 0;
        foreach (Seat seat in seats) done += Volatile.Read(ref seat.Done);
        return done;
    }

    private void Help(int slot)
    {
        for (int i = 0; i < seats.Length; i++)
        {
            Seat seat = seats[(slot + i) % seats.Length];
            while (Take(ref seat.Share, Volatile.Read(ref seat.Least), fromEnd: i > 0, out int from, out int to))
            {
                try
                {
                    seat.Kernel!.Run(seat.Scratch!.Memory(seat.Operands, seat.Kept, slot), seat.Stage, from, to);
                }
                catch (Exception exception)
                {
                    Interlocked.CompareExchange(ref failure, exception, null);
                }
                Seat own = seats[slot];
                Volatile.Write(ref own.Done, own.Done + to - from);
            }
        }
    }

    /// <summary>Half of what is left of a share, if anything is; all of it where the half would be too little.</summary>
    private static bool Take(ref long share, int least, bool fromEnd, out int from, out int to)
    {
        while (true)
        {
            long state = Volatile.Read(ref share);
            int next = (int)state, end = (int)(state >> 32), left = end - next, taken = left < 2 * least ? left : (left + 1) / 2;
            (from, to) = fromEnd ? (end - taken, end) : (next, next + taken);
            if (left <= 0) return false;
            long rest = fromEnd ? (long)from << 32 | (uint)next : (long)end << 32 | (uint)to;
            if (Interlocked.CompareExchange(ref share, rest, state) == state) return true;
        }
    }

    private void Work(int slot, ulong affinity)
    {
        ThreadAffinity.Pin(affinity);
        Seat seat = seats[slot];
        while (!stopping)
        {
            Help(slot);
            for (int i = 0; i < LooksBeforeSleep && !seat.HasWork; i++) Thread.SpinWait(Pause);
            if (seat.HasWork) continue;
            lock (gate)
            {
                Interlocked.Increment(ref sleeping); // before the last look, so that a job published after it sees a sleeper
                if (seat.HasWork || stopping) sleeping--;
                else Monitor.Wait(gate);
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
