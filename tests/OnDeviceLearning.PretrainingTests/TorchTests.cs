using TorchSharp;

[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace OnDeviceLearning.PretrainingTests;

/// <summary>Both sides on one thread: the runtime's own rule makes its bits independent of that, torch's are not.</summary>
public abstract class TorchTests : IDisposable
{
    private protected readonly ComputeDevice device = ComputeDevice.OpenCpu(new CpuOptions { Threads = 1 });
    private readonly DisposeScope scope;

    protected TorchTests()
    {
        torch.set_num_threads(1);
        torch.manual_seed(1);
        scope = torch.NewDisposeScope();
    }

    public virtual void Dispose()
    {
        scope.Dispose();
        device.Dispose();
        GC.SuppressFinalize(this);
    }
}
