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
        // No operation of a model: what measures devices, and what reads a game's pictures.
        used.UnionWith([nameof(FmaChain), nameof(StreamCopy), nameof(ImageToGrey)]);
        Assert.Empty(GpuManifest.Embedded.Keys.Except(used));
    }

    [Fact]
    public void No_dispatch_has_more_groups_than_a_device_takes_at_a_time()
    {
        int sliced = 0;
        foreach ((Operation operation, KernelDispatch dispatch, LoweredOperation lowered) in All(Devices[3]))
        {
            (int x, int y, int z) = Groups(dispatch);
            Assert.True(x <= 3 && y <= 2 && z <= 2, $"{operation}: {dispatch.Kernel} asks for {x} x {y} x {z} groups");
            if (lowered.Dispatches.Count > 1) sliced++;
        }
        Assert.True(sliced > 1000, $"{sliced} dispatches of sliced operations");
    }

    [Fact]
    public void No_dispatch_has_more_work_than_a_slice_unless_it_is_one_groups_threads()
    {
        // A slow device, so that even these small cases must be cut.
        GpuLimits slow = GpuLimits.Guaranteed with { SliceFlops = 20_000, SliceBytes = 5_000 };
        int cut = 0;
        foreach ((Operation operation, KernelDispatch dispatch, _) in All(slow))
        {
            long threads = (long)dispatch.ThreadsX * dispatch.ThreadsY * dispatch.ThreadsZ;
            Assert.True((dispatch.Flops <= slow.SliceFlops && dispatch.Bytes <= slow.SliceBytes) || threads <= 256,
                $"{operation}: {dispatch.Kernel} in {threads} threads computes {dispatch.Flops} and moves {dispatch.Bytes} bytes");
            if (threads <= 256) cut++;
        }
        Assert.True(cut > 1000, $"{cut} dispatches of one group's threads");
    }

    [Fact]
    public void Slices_have_no_fewer_groups_than_keep_the_device_busy()
    {
        GpuLimits wide = GpuLimits.Guaranteed with { SliceFlops = 1000, SliceBytes = 1000, SliceGroups = 64 };
        LoweredOperation lowered = Lowering.Lower(new MatMul(1, 2048, 2048, 64), wide); // 16 x 16 tiles of 128
        Assert.All(lowered.Dispatches, d => Assert.Equal((16, 4, 1), Groups(d)));
        Assert.Equal(4, lowered.Dispatches.Count);
        Assert.All(Lowering.Lower(new Add(1 << 20), wide).Dispatches, d => Assert.InRange(Groups(d).X, 64, 65));
    }

    [Fact]
    public void How_work_is_sliced_decides_no_sum()
    {
        // The kernels that add up, in what parts, is the same for the slowest device and the fastest; only their dispatches differ.
        GpuLimits slow = GpuLimits.Guaranteed with { SliceFlops = 1, SliceBytes = 1 }, fast = GpuLimits.Guaranteed with { SliceFlops = long.MaxValue, SliceBytes = long.MaxValue };
        foreach (ConformanceCase @case in ConformanceSuite.Cases)
        {
            LoweredOperation small = Lowering.Lower(@case.Operation, slow), large = Lowering.Lower(@case.Operation, fast);
            Assert.Equal(large.ScratchLengths, small.ScratchLengths);
            Assert.Equal(Distinct(large), Distinct(small));
        }

        // Kernels, and the constants that are no place of a slice's beginning.
        static IEnumerable<string> Distinct(LoweredOperation lowered) => lowered.Dispatches
            .Select(d => $"{d.Kernel}({string.Join(",", d.Constants.Where((_, c) => !GpuManifest.Embedded[d.Kernel].Constants[c].StartsWith("first", StringComparison.Ordinal) || d.Kernel.StartsWith("Conv2dWeightGradientTile", StringComparison.Ordinal) && GpuManifest.Embedded[d.Kernel].Constants[c] == "firstSplit").Select(c => c.Bits))})")
            .Distinct();
    }

    private static (int X, int Y, int Z) Groups(KernelDispatch dispatch)
    {
        GpuKernel kernel = GpuManifest.Embedded[dispatch.Kernel];
        return ((dispatch.ThreadsX - 1) / kernel.GroupX + 1, (dispatch.ThreadsY - 1) / kernel.GroupY + 1, (dispatch.ThreadsZ - 1) / kernel.GroupZ + 1);
    }

    [Theory]
    [InlineData(4096)]
    [InlineData(1024)]
    public void No_dispatch_of_a_long_product_is_long(int size)
    {
        foreach (Operation operation in (Operation[])[new MatMul(1, size, size, 1024), new MatMul(64, size, 256, 256), new MatMul(1, 64 * size, 1, 4000), new Conv2d(64, 128, size / 16, size / 16, 128, 3, 3, Padding: 1),
            new Conv2dInputGradient(64, 128, size / 16, size / 16, 128, 3, 3, Padding: 1), new Conv2dWeightGradient(64, 128, size / 16, size / 16, 128, 3, 3, Padding: 1)])
        {
            LoweredOperation lowered = Lowering.Lower(operation, GpuLimits.Guaranteed);
            Assert.All(lowered.Dispatches, d => Assert.InRange(d.Flops, 1, GpuLimits.Guaranteed.SliceFlops));
            long total = lowered.Dispatches.Where(d => d.Kernel != "SplitSum").Sum(d => d.Flops);
            Assert.InRange(total, operation.Flops * 0.99, operation.Flops * 1.01);
        }
    }

    [Fact]
    public void A_product_with_a_vector_is_sliced_along_its_rows()
    {
        // More outputs than the groups of one dispatch along x could ever give.
        LoweredOperation lowered = Lowering.Lower(new MatMul(1, 600_000, 1, 8), GpuLimits.Guaranteed);
        Assert.True(lowered.Dispatches.Count > 1);
        Assert.All(lowered.Dispatches, d => Assert.InRange(Groups(d).X, 1, 65535));
        Assert.Equal(75_000, lowered.Dispatches.Sum(d => Groups(d).X));
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
