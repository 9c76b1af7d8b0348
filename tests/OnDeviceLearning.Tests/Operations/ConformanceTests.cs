using OnDeviceLearning.Conformance;

namespace OnDeviceLearning.Tests.Operations;

public sealed class ConformanceTests : IClassFixture<ConformanceTests.Devices>
{
    public sealed class Devices : IDisposable
    {
        public ComputeDevice OneThread { get; } = ComputeDevice.OpenCpu(new CpuOptions { Threads = 1 });

        public ComputeDevice ThreeThreads { get; } = ComputeDevice.OpenCpu(new CpuOptions { Threads = 3 });

        public void Dispose()
        {
            OneThread.Dispose();
            ThreeThreads.Dispose();
        }
    }

    private readonly Devices devices;

    public ConformanceTests(Devices devices) => this.devices = devices;

    public static TheoryData<string> Operations => [.. ConformanceSuite.Cases.Select(c => c.Operation.Name).Distinct()];

    [Theory]
    [MemberData(nameof(Operations))]
    public void Agrees_with_its_reference_in_one_thread_in_three_and_in_slices(string operation)
    {
        List<string> failures = [];
        foreach (ConformanceCase @case in ConformanceSuite.Cases.Where(c => c.Operation.Name == operation))
        {
            ConformanceResult one = ConformanceRunner.Run(devices.OneThread, @case);
            if (!one.Passed) failures.Add(one.Failure!);
            if (ConformanceRunner.Run(devices.OneThread, @case, ConformanceReplay.Sliced).OutputHash != one.OutputHash) failures.Add($"{@case}: slices change the result");
            if (ConformanceRunner.Run(devices.ThreeThreads, @case).OutputHash != one.OutputHash) failures.Add($"{@case}: three threads change the result");
            if (ConformanceRunner.Run(devices.ThreeThreads, @case, ConformanceReplay.Sliced).OutputHash != one.OutputHash) failures.Add($"{@case}: three threads in slices change the result");
        }
        Assert.True(failures.Count == 0, string.Join(Environment.NewLine, failures));
    }

    [Fact]
    public void Every_operation_has_cases()
    {
        string[] without = typeof(OnDeviceLearning.Operations.Operation).Assembly.GetTypes()
            .Where(t => t.IsSubclassOf(typeof(OnDeviceLearning.Operations.Operation)) && !t.IsAbstract)
            .Select(t => t.Name)
            .Except(ConformanceSuite.Cases.Select(c => c.Operation.Name))
            .ToArray();
        Assert.Empty(without);
    }
}
