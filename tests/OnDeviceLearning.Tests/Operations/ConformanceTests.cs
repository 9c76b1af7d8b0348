using OnDeviceLearning.Conformance;

namespace OnDeviceLearning.Tests.Operations;

public sealed class ConformanceTests : IClassFixture<ConformanceTests.Devices>
{
    public sealed class Devices : IDisposable
    {
        public ComputeDevice OneThread { get; } = ComputeDevice.OpenCpu(new CpuOptions { Threads = 1 });

        public ComputeDevice ThreeThreads { get; } = ComputeDevice.OpenCpu(new CpuOptions { Threads = 3 });

        public Lazy<ComputeDevice> Vulkan { get; } = new(() => TestDevices.OpenVulkan());

        public Lazy<ComputeDevice> DirectX12 { get; } = new(() => TestDevices.OpenDirectX12());

        public void Dispose()
        {
            OneThread.Dispose();
            ThreeThreads.Dispose();
            if (Vulkan.IsValueCreated) Vulkan.Value.Dispose();
            if (DirectX12.IsValueCreated) DirectX12.Value.Dispose();
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

    [VulkanTheory]
    [MemberData(nameof(Operations))]
    public void Agrees_with_its_reference_on_Vulkan(string operation)
    {
        ComputeDevice device = devices.Vulkan.Value;
        AgreesOnGpu(device, operation, () => Vulkan.ValidationMessages(device));
    }

    [DirectX12Theory]
    [MemberData(nameof(Operations))]
    public void Agrees_with_its_reference_on_DirectX_12(string operation) => AgreesOnGpu(devices.DirectX12.Value, operation, () => []);

    private static void AgreesOnGpu(ComputeDevice device, string operation, Func<IEnumerable<string>> complaints)
    {
        List<string> failures = [];
        int index = 0;
        foreach (ConformanceCase @case in ConformanceSuite.Cases.Where(c => c.Operation.Name == operation))
        {
            ConformanceResult whole = ConformanceRunner.Run(device, @case);
            if (!whole.Passed) failures.Add(whole.Failure!);
            // A software driver takes its time: slices are tried on every third case.
            if (index++ % 3 == 0 && ConformanceRunner.Run(device, @case, ConformanceReplay.Sliced).OutputHash != whole.OutputHash) failures.Add($"{@case}: slices change the result");
        }
        failures.AddRange(complaints());
        Assert.True(failures.Count == 0, string.Join(Environment.NewLine, failures));
    }

    [Fact]
    public void There_are_cases_enough_and_none_twice()
    {
        Assert.True(ConformanceSuite.Cases.Count >= 1500, $"{ConformanceSuite.Cases.Count} cases");
        Assert.Equal(ConformanceSuite.Cases.Count, ConformanceSuite.Cases.Distinct().Count());
    }

    [Fact]
    public void Every_operation_has_cases()
    {
        string[] without = typeof(OnDeviceLearning.Operations.Operation).Assembly.GetTypes()
            .Where(t => t.IsSubclassOf(typeof(OnDeviceLearning.Operations.Operation)) && t is { IsAbstract: false, IsPublic: true }) // what is internal, a device makes for itself
            .Select(t => t.Name)
            .Except(ConformanceSuite.Cases.Select(c => c.Operation.Name))
            .ToArray();
        Assert.Empty(without);
    }
}
