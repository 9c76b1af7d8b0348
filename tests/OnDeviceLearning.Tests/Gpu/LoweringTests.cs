using OnDeviceLearning.Conformance;
using OnDeviceLearning.Gpu;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Tests.Gpu;

/// <summary>Operations as dispatches: every case of the conformance suite fits its kernels, on small devices and on large ones.</summary>
public sealed class LoweringTests
{
    // From a device that one group fills to one that wants a thousand; and one that takes few groups at a time.
    private static readonly GpuLimits[] Devices =
    [
        GpuLimits.Guaranteed with { GroupsToFill = 1 },
        GpuLimits.Guaranteed,
        GpuLimits.Guaranteed with { GroupsToFill = 1000 },
        GpuLimits.Guaranteed with { GroupsToFill = 1, MaxGroupsX = 3, MaxGroupsY = 2, MaxGroupsZ = 2 },
    ];

    private static IEnumerable<(Operation Operation, KernelDispatch Dispatch, LoweredOperation Lowered)> All(GpuLimits limits) =>
        from @case in ConformanceSuite.Cases
        let lowered = Lowering.Lower(@case.Operation, limits)
        from dispatch in lowered.Dispatches
        select (@case.Operation, dispatch, lowered);

    [Fact]
    public void Arguments_and_constants_are_those_of_the_kernel()
    {
        foreach (GpuLimits limits in Devices)
            foreach ((Operation operation, KernelDispatch dispatch, LoweredOperation lowered) in All(limits))
            {
                GpuKernel kernel = GpuManifest.Embedded[dispatch.Kernel];
                Assert.True(kernel.Bindings.Count == dispatch.Arguments.Length && kernel.Constants.Count == dispatch.Constants.Length, $"{operation}: {dispatch.Kernel}");
                for (int b = 0; b < kernel.Bindings.Count; b++)
                {
                    // An offset is the constant of its buffer: xOffset of x.
                    Assert.Equal(kernel.Bindings[b].Name + "Offset", kernel.Constants[b]);
                    int argument = dispatch.Arguments[b];
                    Assert.Equal(argument, dispatch.Constants[b].Argument);
                    Assert.InRange(argument, 0, operation.Operands.Count + lowered.ScratchLengths.Count - 1);
                    if (argument >= operation.Operands.Count || kernel.Bindings[b].Access == OperandAccess.Read) continue;
                    Assert.True(operation.Operands[argument].Access != OperandAccess.Read, $"{operation}: {dispatch.Kernel} writes '{operation.Operands[argument].Name}'");
                }
            }
    }

    [Fact]
    public void A_kernel_with_barriers_runs_in_whole_groups()
    {
        foreach (GpuLimits limits in Devices)
            foreach ((Operation operation, KernelDispatch dispatch, _) in All(limits))
            {
                GpuKernel kernel = GpuManifest.Embedded[dispatch.Kernel];
                if (kernel.SharedBytes == 0) continue;
                Assert.True(dispatch.ThreadsX % kernel.GroupX == 0 && dispatch.ThreadsY % kernel.GroupY == 0 && dispatch.ThreadsZ % kernel.GroupZ == 0, $"{operation}: {dispatch.Kernel}");
            }
    }

    [Fact]
    public void Every_kernel_is_in_use()
    {
        HashSet<string> used = [.. Devices.SelectMany(All).Select(d => d.Dispatch.Kernel)];
        Assert.Empty(GpuManifest.Embedded.Keys.Except(used));
    }

    [Fact]
    public void Products_stay_within_the_groups_that_a_device_takes_at_a_time()
    {
        GpuLimits small = Devices[3];
        int sliced = 0;
        foreach ((Operation operation, KernelDispatch dispatch, LoweredOperation lowered) in All(small))
        {
            if (operation is not (MatMul or Conv2d or Add or Softmax)) continue;
            GpuKernel kernel = GpuManifest.Embedded[dispatch.Kernel];
            Assert.InRange((dispatch.ThreadsX - 1) / kernel.GroupX + 1, 1, operation is MatMul ? int.MaxValue : small.MaxGroupsX);
            if (operation is MatMul) Assert.InRange(dispatch.ThreadsY, 1, small.MaxGroupsY);
            if (lowered.Dispatches.Count > 1) sliced++;
        }
        Assert.True(sliced > 100, $"{sliced} dispatches of sliced operations");
    }

    [Theory]
    [InlineData(4096)]
    [InlineData(1024)]
    public void No_dispatch_of_a_long_product_is_long(int size)
    {
        foreach (Operation operation in (Operation[])[new MatMul(1, size, size, 1024), new MatMul(64, size, 256, 256), new Conv2d(64, 128, size / 16, size / 16, 128, 3, 3, Padding: 1),
            new Conv2dInputGradient(64, 128, size / 16, size / 16, 128, 3, 3, Padding: 1), new Conv2dWeightGradient(64, 128, size / 16, size / 16, 128, 3, 3, Padding: 1)])
        {
            LoweredOperation lowered = Lowering.Lower(operation, GpuLimits.Guaranteed);
            Assert.All(lowered.Dispatches, d => Assert.InRange(d.Flops, 1, 2_500_000_000));
            long total = lowered.Dispatches.Where(d => d.Kernel != "SplitSum").Sum(d => d.Flops);
            Assert.InRange(total, operation.Flops * 0.99, operation.Flops * 1.01);
        }
    }

    [Fact]
    public void A_convolution_with_a_stride_multiplies_with_no_zeros_between_the_outputs()
    {
        var operation = new Conv2dInputGradient(8, 32, 32, 32, 64, 3, 3, Stride: 2, Padding: 1);
        // Four phases, of 1, 2, 2 and 4 of the nine taps, each over a quarter of the inputs: what the forward pass does.
        LoweredOperation lowered = Lowering.Lower(operation, GpuLimits.Guaranteed);
        Assert.Equal(4, lowered.Dispatches.Count);
        Assert.Equal(operation.Flops, lowered.Dispatches.Sum(d => d.Flops));
    }

    private sealed record Unheard(int Length) : Operation
    {
        public override IReadOnlyList<Operand> Operands => [new("x", Length, OperandAccess.Accumulate)];

        public override long Flops => 0;

        public override void Reference(OperandSpans operands) { }
    }

    [Fact]
    public void An_operation_without_a_kernel_is_named()
    {
        NotSupportedException error = Assert.Throws<NotSupportedException>(() => Lowering.Lower(new Unheard(3), GpuLimits.Guaranteed));
        Assert.Contains("Unheard", error.Message, StringComparison.Ordinal);
    }
}
