using OnDeviceLearning.Gpu;

namespace OnDeviceLearning.Devices.DirectX12;

/// <summary>Something the worker does, again and again; it is made once, so that asking for it allocates nothing.</summary>
internal abstract class DirectX12Work
{
    public abstract void Execute(in DirectX12Request request);
}

/// <summary>What is asked of a work; what the numbers mean is the work's business.</summary>
internal readonly record struct DirectX12Request(DirectX12Work Work, int From, int To, GpuBlock? Block = null, int BlockOffset = 0);

/// <summary>
/// The one thread that submits to the GPU. ComputeSharp's batches wait where they are disposed, so they are made and
/// disposed here, one after another: a request starts when everything asked for before it is finished, on the CPU and the
/// GPU, which is all the order that copies and programs need. Callers only ask and look; that allocates nothing.
/// </summary>
/// <remarks>What fails once is not trusted again: every later request is dropped and every later call throws.</remarks>
internal sealed class DirectX12Worker : IDisposable
{
    private readonly object gate = new();
    private readonly Func<Exception, DeviceException> explain;
    private readonly Action check;
    private readonly Thread thread;
    private DirectX12Request[] ring = new DirectX12Request[64]; // a request lies where its ticket modulo the length points
    private long asked, finished;
    private volatile DeviceException? failure;
    private bool stopping;

    /// <param name="name">The thread's, for debuggers.</param>
    /// <param name="explain">What a failure of a request means; must not throw.</param>
    /// <param name="check">Called after each request; throws where the device is gone, which requests need not notice.</param>
    public DirectX12Worker(string name, Func<Exception, DeviceException> explain, Action check)
    {
        this.explain = explain;
        this.check = check;
        thread = new Thread(Loop) { Name = name, IsBackground = true };
        thread.Start();
    }

    /// <summary>Asks for something, after everything asked for so far; does not wait.</summary>
    /// <returns>Its ticket.</returns>
    /// <exception cref="DeviceException">An earlier request failed.</exception>
    /// <exception cref="ObjectDisposedException">The device is disposed.</exception>
    public long Ask(in DirectX12Request request)
    {
        lock (gate)
        {
            ThrowIfFailed();
            ObjectDisposedException.ThrowIf(stopping, typeof(ComputeDevice)); // what is asked for now would never be done
            if (asked - finished == ring.Length) Grow();
            ring[asked % ring.Length] = request;
            asked++;
            Monitor.PulseAll(gate);
            return asked;
        }
    }

    /// <summary>Whether a request is finished; 0 is the ticket of none. Does not wait.</summary>
    /// <exception cref="DeviceException">It, or an earlier one, failed.</exception>
    public bool IsFinished(long ticket)
    {
        bool isFinished = ticket <= Volatile.Read(ref finished);
        ThrowIfFailed(); // after the look: a failure is known before its request counts as finished
        return isFinished;
    }

    /// <summary>Waits for a request.</summary>
    /// <exception cref="DeviceException">It, or an earlier one, failed.</exception>
    public void Wait(long ticket)
    {
        lock (gate)
        {
            while (finished < ticket) Monitor.Wait(gate);
        }
        ThrowIfFailed();
    }

    /// <summary>Waits for everything asked for, whatever comes of it: before things are freed.</summary>
    public void Drain()
    {
        lock (gate)
        {
            long last = asked;
            while (finished < last) Monitor.Wait(gate);
        }
    }

    /// <summary>Ends the thread after everything asked for.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            stopping = true;
            Monitor.PulseAll(gate);
        }
        thread.Join();
    }

    private void Loop()
    {
        while (true)
        {
            DirectX12Request request;
            lock (gate)
            {
                while (asked == finished && !stopping) Monitor.Wait(gate);
                if (asked == finished) return;
                ref DirectX12Request next = ref ring[finished % ring.Length];
                request = next;
                next = default;
            }
            DeviceException? failed = failure;
            if (failed is null)
            {
                try
                {
                    request.Work.Execute(request);
                    check();
                }
                catch (Exception e)
                {
                    failed = explain(e);
                }
            }
            lock (gate)
            {
                failure = failed;
                Volatile.Write(ref finished, finished + 1);
                Monitor.PulseAll(gate);
            }
        }
    }

    private void Grow()
    {
        var longer = new DirectX12Request[2 * ring.Length];
        for (long i = finished; i < asked; i++) longer[i % longer.Length] = ring[i % ring.Length];
        ring = longer;
    }

    // A new exception each time: one object thrown from several threads would mix their stacks.
    private void ThrowIfFailed()
    {
        if (failure is not { } failed) return;
        // Every later request is dropped: whatever it was, the device is as good as lost.
        throw new DeviceLostException(failed.Message, failed);
    }
}
