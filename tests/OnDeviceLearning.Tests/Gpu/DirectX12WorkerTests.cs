using OnDeviceLearning.Devices.DirectX12;

namespace OnDeviceLearning.Tests.Gpu;

/// <summary>The thread that submits to DirectX 12, with work that has nothing to do with it.</summary>
public sealed class DirectX12WorkerTests
{
    private sealed class Notes : DirectX12Work
    {
        public List<int> Done { get; } = [];

        public override void Execute(in DirectX12Request request) => Done.Add(request.From);
    }

    private sealed class Held : DirectX12Work
    {
        public ManualResetEventSlim Started { get; } = new();
        public ManualResetEventSlim Go { get; } = new();

        public override void Execute(in DirectX12Request request)
        {
            Started.Set();
            Go.Wait();
        }
    }

    private sealed class Failing(Exception failure) : DirectX12Work
    {
        public override void Execute(in DirectX12Request request) => throw failure;
    }

    private static DirectX12Worker Start() => new("test", e => e as DeviceException ?? new DeviceException($"explained: {e.Message}", e), () => { });

    [Fact]
    public void Requests_run_one_after_another_in_their_order_however_many_are_asked_for()
    {
        using DirectX12Worker worker = Start();
        Notes notes = new();
        Held held = new();
        worker.Ask(new DirectX12Request(held, 0, 0));
        held.Started.Wait();
        long last = 0;
        for (int i = 0; i < 1000; i++) last = worker.Ask(new DirectX12Request(notes, i, 0));
        Assert.False(worker.IsFinished(1));
        Assert.Empty(notes.Done);
        held.Go.Set();
        worker.Wait(last);
        Assert.True(worker.IsFinished(1));
        Assert.True(worker.IsFinished(last));
        Assert.False(worker.IsFinished(last + 1));
        Assert.Equal(Enumerable.Range(0, 1000), notes.Done);
    }

    [Fact]
    public void Asking_looking_and_waiting_allocate_nothing()
    {
        using DirectX12Worker worker = Start();
        Notes notes = new();
        notes.Done.Capacity = 10_000;
        void Frame()
        {
            long ticket = worker.Ask(new DirectX12Request(notes, 1, 2));
            worker.IsFinished(ticket);
            worker.Wait(ticket);
        }
        for (int i = 0; i < 200; i++) Frame();
        Assert.Equal(0, Allocated.Least(() =>
        {
            for (int i = 0; i < 1000; i++) Frame();
        }));
    }

    [Fact]
    public void After_a_failure_nothing_runs_and_every_call_says_what_failed()
    {
        using DirectX12Worker worker = Start();
        Notes notes = new();
        Held held = new();
        worker.Ask(new DirectX12Request(held, 0, 0));
        long failed = worker.Ask(new DirectX12Request(new Failing(new InvalidOperationException("broken")), 0, 0));
        long later = worker.Ask(new DirectX12Request(notes, 1, 0));
        held.Go.Set();
        Assert.Contains("explained: broken", Assert.Throws<DeviceLostException>(() => worker.Wait(failed)).Message, StringComparison.Ordinal);
        Assert.Throws<DeviceLostException>(() => worker.Wait(later));
        Assert.Throws<DeviceLostException>(() => worker.IsFinished(failed));
        Assert.Throws<DeviceLostException>(() => worker.Ask(new DirectX12Request(notes, 1, 0)));
        worker.Drain();
        Assert.Empty(notes.Done);
    }

    [Fact]
    public void A_device_found_gone_after_a_request_fails_that_request()
    {
        int requests = 0;
        using var worker = new DirectX12Worker("test", e => (DeviceException)e, () => { if (++requests == 2) throw new DeviceLostException("gone"); });
        Notes notes = new();
        worker.Wait(worker.Ask(new DirectX12Request(notes, 1, 0)));
        long second = worker.Ask(new DirectX12Request(notes, 2, 0));
        Assert.Throws<DeviceLostException>(() => worker.Wait(second));
        Assert.Equal([1, 2], notes.Done);
        Assert.Equal(2, requests);
    }

    [Fact]
    public void A_lost_device_stays_lost_for_every_thread()
    {
        using DirectX12Worker worker = Start();
        long ticket = worker.Ask(new DirectX12Request(new Failing(new DeviceLostException("gone")), 0, 0));
        worker.Drain();
        for (int i = 0; i < 2; i++) Assert.Equal("gone", Assert.Throws<DeviceLostException>(() => worker.IsFinished(ticket)).Message);
    }

    [Fact]
    public void Disposing_finishes_what_was_asked_for()
    {
        Notes notes = new();
        DirectX12Worker worker = Start();
        for (int i = 0; i < 100; i++) worker.Ask(new DirectX12Request(notes, i, 0));
        worker.Dispose();
        Assert.Equal(100, notes.Done.Count);
        Assert.Throws<ObjectDisposedException>(() => worker.Ask(new DirectX12Request(notes, 0, 0)));
        worker.Drain();
    }
}
