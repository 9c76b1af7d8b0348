using OnDeviceLearning.Conformance;
using OnDeviceLearning.Devices.Vulkan;
using OnDeviceLearning.Gpu;

namespace OnDeviceLearning.Tests.Gpu;

/// <summary>
/// What is chosen by the size of the device, tiles, splits and slices, is chosen here as other devices would, and runs on
/// the one at hand: the results hold to the reference wherever a player's device falls.
/// </summary>
public sealed class LoweringVariantTests
{
    private static readonly string[] Chosen = ["MatMul", "Conv2d", "Conv2dInputGradient", "Conv2dWeightGradient", "BiasGradient", "LayerNormAffineGradient", "GroupNormAffineGradient",
        "BatchNormAffineGradient", "SquaredError", "SquaredNorm", "Attention", "AttentionGradient", "Softmax", "GroupNorm", "GroupNormInputGradient", "EmbeddingGradient"];

    public static TheoryData<string, int, int> Devices
    {
        get
        {
            TheoryData<string, int, int> devices = [];
            foreach (string operation in Chosen)
            {
                devices.Add(operation, 1, 65535); // one group fills it: the largest tiles, nothing split
                devices.Add(operation, 1000, 65535); // a thousand do: the smallest tiles, everything split
                devices.Add(operation, 4, 2); // it takes two groups at a time: everything in slices
            }
            return devices;
        }
    }

    public static TheoryData<string> Operations => [.. ConformanceSuite.Cases.Select(c => c.Operation.Name).Distinct()];

    [VulkanTheory]
    [MemberData(nameof(Operations))]
    public void Slices_change_no_bit(string operation)
    {
        // As a device would that is measured to be slow, and as one that is never too slow.
        using ComputeDevice slow = Slicing(20_000, 20_000), fast = Slicing(long.MaxValue, long.MaxValue);
        int index = 0, cut = 0;
        foreach (ConformanceCase @case in ConformanceSuite.Cases.Where(c => c.Operation.Name == operation))
        {
            if (index++ % 4 != 0) continue;
            if (((GpuDevice)slow).Lower(@case.Operation).Dispatches.Count > ((GpuDevice)fast).Lower(@case.Operation).Dispatches.Count) cut++;
            Assert.True(ConformanceRunner.Run(slow, @case).OutputHash == ConformanceRunner.Run(fast, @case).OutputHash, $"{@case}: slices change the result");
        }
        Assert.True(cut > 0, "no case was sliced");
        Assert.Empty(Vulkan.ValidationMessages(slow));

        static ComputeDevice Slicing(long flops, long bytes)
        {
            GpuKernelSet kernels = GpuKernelSet.Embedded with { Lower = (op, limits) => Lowering.Lower(op, limits with { SliceFlops = flops, SliceBytes = bytes, SliceGroups = 1 }) };
            return TestDevices.OpenVulkan(new VulkanOptions { PipelineCacheFolder = "", Shaders = (kernels, VulkanShaders.Embedded) });
        }
    }

    [VulkanTheory]
    [MemberData(nameof(Devices))]
    public void Agrees_with_its_reference_as_another_device_would_run_it(string operation, int groupsToFill, int mostGroups)
    {
        GpuKernelSet kernels = GpuKernelSet.Embedded with
        {
            Lower = (op, limits) => Lowering.Lower(op, limits with { GroupsToFill = groupsToFill, MaxGroupsX = Math.Min(limits.MaxGroupsX, mostGroups), MaxGroupsY = Math.Min(limits.MaxGroupsY, mostGroups), MaxGroupsZ = Math.Min(limits.MaxGroupsZ, mostGroups) }),
        };
        using ComputeDevice device = TestDevices.OpenVulkan(new VulkanOptions { PipelineCacheFolder = "", Shaders = (kernels, VulkanShaders.Embedded) });
        List<string> failures = [];
        int index = 0;
        foreach (ConformanceCase @case in ConformanceSuite.Cases.Where(c => c.Operation.Name == operation))
        {
            if (index++ % 2 == 1 && operation == "MatMul") continue; // half of the many transposes and sizes will do here
            ConformanceResult result = ConformanceRunner.Run(device, @case);
            if (!result.Passed) failures.Add(result.Failure!);
            if (ConformanceRunner.Run(device, @case).OutputHash != result.OutputHash) failures.Add($"{@case}: a second run differs");
        }
        failures.AddRange(Vulkan.ValidationMessages(device));
        Assert.True(failures.Count == 0, string.Join(Environment.NewLine, failures));
    }
}
