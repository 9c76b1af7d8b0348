using System.Collections.Concurrent;

namespace OnDeviceLearning.Pretraining.Torch;

/// <summary>
/// Makes training batches on a thread of its own, a few ahead. A batch depends on its step alone (and on what
/// <c>make</c> closes over), so that a resumed run sees what an uninterrupted one would have seen.
/// </summary>
internal sealed class BatchQueue<T> : IDisposable
{
    private const int Ahead = 6;
    private readonly BlockingCollection<T> queue = new(Ahead);
    private readonly CancellationTokenSource stop = new();
    private readonly Thread thread;
    private Exception? failure;

    /// <param name="make">Makes the batch of a step; called on the queue's thread alone.</param>
    /// <param name="firstStep">The step of the first batch.</param>
    public BatchQueue(Func<long, T> make, long firstStep)
    {
        thread = new Thread(() => Produce(make, firstStep)) { IsBackground = true, Name = "training batches" };
        thread.Start();
    }

    /// <summary>The next step's batch; waits for it.</summary>
    public T Next()
    {
        try
        {
            return queue.Take();
        }
        catch (InvalidOperationException) when (failure is not null)
        {
            throw new InvalidOperationException("BatchQueue: making a batch failed.", failure);
        }
    }

    /// <summary>A seed for the batch of a step: SplitMix64, the same in every process (HashCode.Combine is not).</summary>
    public static int Seed(int seed, long step)
    {
        ulong z = (ulong)step * 0x9E3779B97F4A7C15 + (ulong)(uint)seed * 0xD1B54A32D192ED03 + 0x632BE59BD9B4E019;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return (int)(z ^ (z >> 31));
    }

    private void Produce(Func<long, T> make, long step)
    {
        try
        {
            while (true) queue.Add(make(step++), stop.Token);
        }
        catch (OperationCanceledException) { }
        catch (Exception e)
        {
            failure = e;
        }
        finally
        {
            queue.CompleteAdding();
        }
    }

    /// <summary>Stops the thread.</summary>
    public void Dispose()
    {
        stop.Cancel();
        thread.Join();
        queue.Dispose();
        stop.Dispose();
    }
}
