using Silk.NET.Vulkan;

namespace OnDeviceLearning.Devices.Vulkan;

/// <summary>
/// Submissions to one queue, numbered from 1 on, and which have finished. Fences, not timeline semaphores, so that a
/// game's device need have no feature enabled. Allocates nothing in steady state. From any thread.
/// </summary>
internal sealed unsafe class VulkanQueue
{
    private sealed class Submission
    {
        public ulong Ticket;
        public Fence Fence;
        public int Waiters;
        public bool Finished;
        public bool IsFree;
    }

    private readonly VulkanApi api;
    private readonly Device device;
    private readonly Queue queue;
    private readonly object queueLock;
    private readonly Queue<Submission> underWay = new(64);
    private readonly Stack<Submission> free = new(64);
    private ulong last, finished;

    public VulkanQueue(VulkanApi api, Device device, Queue queue, object queueLock)
    {
        this.api = api;
        this.device = device;
        this.queue = queue;
        this.queueLock = queueLock;
    }

    /// <summary>Held while anything is recorded or submitted; short.</summary>
    public object Gate { get; } = new();

    /// <summary>The latest submission.</summary>
    public ulong Last
    {
        get
        {
            lock (Gate) return last;
        }
    }

    /// <summary>Submits command buffers, in order, after everything before them. Does not wait.</summary>
    /// <returns>The submission's number.</returns>
    public ulong Submit(CommandBuffer* buffers, int count)
    {
        lock (Gate)
        {
            Poll();
            Submission submission = Take();
            SubmitInfo info = new() { SType = StructureType.SubmitInfo, CommandBufferCount = (uint)count, PCommandBuffers = buffers };
            Result result;
            lock (queueLock) result = api.Vk.QueueSubmit(queue, 1, &info, submission.Fence);
            if (result < 0)
            {
                free.Push(submission);
            }
            else
            {
                submission.Ticket = ++last;
                underWay.Enqueue(submission);
            }
            api.Check(result, "vkQueueSubmit");
            return last;
        }
    }

    /// <summary>Whether a submission has finished. Does not wait.</summary>
    public bool IsFinished(ulong ticket)
    {
        if (ticket <= Volatile.Read(ref finished)) return true;
        lock (Gate)
        {
            Poll();
            return ticket <= finished;
        }
    }

    /// <summary>Waits for a submission.</summary>
    public void Wait(ulong ticket)
    {
        Submission? waited = null;
        lock (Gate)
        {
            Poll();
            if (ticket <= finished) return;
            foreach (Submission submission in underWay)
                if (submission.Ticket == ticket) waited = submission;
            waited!.Waiters++;
        }
        Fence fence = waited.Fence;
        Result result = api.Vk.WaitForFences(device, 1, &fence, true, ulong.MaxValue);
        lock (Gate)
        {
            waited.Waiters--;
            try
            {
                api.Check(result, "vkWaitForFences");
                Poll();
            }
            finally
            {
                // Whoever waits last gives the fence back; Poll does it only where nobody waits.
                if (waited is { Waiters: 0, Finished: true, IsFree: false }) GiveBack(waited);
            }
        }
    }

    /// <summary>Waits for everything, whatever comes of it: before things are destroyed.</summary>
    public void Drain()
    {
        lock (Gate)
        {
            foreach (Submission submission in underWay)
            {
                Fence fence = submission.Fence;
                api.Vk.WaitForFences(device, 1, &fence, true, api.IsLost ? 5_000_000_000 : ulong.MaxValue);
            }
            finished = last;
        }
    }

    /// <summary>Destroys the fences, after <see cref="Drain"/>.</summary>
    public void Destroy()
    {
        while (underWay.TryDequeue(out Submission? submission)) free.Push(submission);
        while (free.TryPop(out Submission? submission)) api.Vk.DestroyFence(device, submission.Fence, null);
    }

    private void Poll()
    {
        while (underWay.TryPeek(out Submission? submission))
        {
            if (api.Check(api.Vk.GetFenceStatus(device, submission.Fence), "vkGetFenceStatus") == Result.NotReady) return;
            underWay.Dequeue();
            submission.Finished = true;
            Volatile.Write(ref finished, submission.Ticket);
            if (submission.Waiters == 0) GiveBack(submission);
        }
    }

    private void GiveBack(Submission submission)
    {
        submission.IsFree = true;
        free.Push(submission);
    }

    private Submission Take()
    {
        if (free.TryPop(out Submission? submission))
        {
            Fence used = submission.Fence;
            if (api.Vk.ResetFences(device, 1, &used) is var result && result != Result.Success) free.Push(submission);
            api.Check(result, "vkResetFences");
            (submission.Finished, submission.IsFree) = (false, false);
            return submission;
        }
        FenceCreateInfo info = new() { SType = StructureType.FenceCreateInfo };
        Fence fence;
        api.Check(api.Vk.CreateFence(device, &info, null, &fence), "vkCreateFence");
        return new Submission { Fence = fence };
    }
}
