using System.Diagnostics;

namespace OnDeviceLearning.Tests.Operations;

/// <summary>Measures the whole process, so nothing else may run beside it.</summary>
[CollectionDefinition("Alone", DisableParallelization = true)]
public sealed class AloneCollection;

[Collection("Alone")]
public sealed class IdleWorkerTests
{
    [Fact]
    public void Idle_workers_sleep()
    {
        using ComputeDevice device = ComputeDevice.OpenCpu(new CpuOptions { Threads = 4 });
        using DeviceProgram program = CpuDeviceTests.Record(device, 200, out _);
        using Process process = Process.GetCurrentProcess();
        // The best of a few tries: the runtime's own threads (JIT, collector) may be busy in one of them.
        double least = double.PositiveInfinity;
        for (int attempt = 0; attempt < 5; attempt++)
        {
            program.Run();
            Thread.Sleep(20);
            process.Refresh();
            TimeSpan before = process.TotalProcessorTime;
            Stopwatch watch = Stopwatch.StartNew();
            Thread.Sleep(100);
            process.Refresh();
            least = Math.Min(least, (process.TotalProcessorTime - before) / watch.Elapsed);
        }
        Assert.True(least < 0.5, $"{least:f2} cores are busy while nothing runs");
    }
}
