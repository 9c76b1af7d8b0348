using System.Diagnostics;
using OnDeviceLearning.Devices.Cpu;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Tests.Operations;

public sealed class CpuDeviceTests
{
    internal static DeviceProgram Record(ComputeDevice device, int size, out DeviceBuffer[] buffers)
    {
        DeviceBuffer a = device.Allocate(size * size), b = device.Allocate(size * size), c = device.Allocate(size * size);
        buffers = [a, b, c];
        Random random = new(3);
        float[] values = new float[size * size];
        foreach (DeviceBuffer buffer in (DeviceBuffer[])[a, b])
        {
            for (int i = 0; i < values.Length; i++) values[i] = random.NextSingle() - 0.5f;
            buffer.Write(values);
        }
        return device.Record(
        [
            new(new MatMul(1, size, size, size, TransposeB: true), [a, b, c]),
            new(new Activation(ActivationKind.Gelu, size * size), [c, c]),
            new(new Softmax(size, size), [c, c]),
            new(new SquaredNorm(size * size), [c, new BufferRange(b, 0, 1)]),
        ]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Advance_allocates_nothing(int threads)
    {
        using ComputeDevice device = ComputeDevice.OpenCpu(new CpuOptions { Threads = threads });
        using DeviceProgram program = Record(device, 200, out _);
        for (int i = 0; i < 5; i++) program.Run();
        Assert.Equal(0, Allocated.Least(() =>
        {
            for (int i = 0; i < 20; i++)
            {
                program.Restart();
                while (!program.Advance(Stopwatch.GetTimestamp() + Stopwatch.Frequency / 10_000, atLeastOne: true)) { }
                program.Run();
            }
        }));
    }

    [Fact]
    public void Advance_past_its_deadline_does_nothing_unless_told_to()
    {
        using ComputeDevice device = ComputeDevice.OpenCpu(new CpuOptions { Threads = 1 });
        using DeviceProgram program = Record(device, 300, out _);
        Assert.True(program.StepCount > 4);
        Assert.False(program.Advance(deadline: 0));
        Assert.Equal(0, program.NextStep);
        Assert.False(program.Advance(deadline: 0, atLeastOne: true));
        Assert.Equal(1, program.NextStep);
        Assert.True(program.Advance(long.MaxValue));
        Assert.Equal(program.StepCount, program.NextStep);
        program.Restart();
        Assert.Equal(0, program.NextStep);
    }

    /// <summary>Sizes a backbone for photographs or long texts would have. A step holds at least one unit, so a unit must be short.</summary>
    public static TheoryData<Operation> LargeOperations =>
    [
        new MatMul(1, 1, 1000, 16384, TransposeB: true), new MatMul(1, 4096, 4096, 4096), new MatMul(1, 197, 3072, 768, TransposeB: true),
        new Conv2d(1, 512, 14, 14, 512, 3, 3, 1, 1), new Conv2d(1, 3, 224, 224, 64, 7, 7, 2, 3), new Conv2d(1, 96, 112, 112, 96, 7, 7, 1, 3, 1, 96),
        new Conv2dInputGradient(8, 512, 14, 14, 512, 3, 3, 1, 1), new Conv2dInputGradient(8, 64, 112, 112, 64, 3, 3, 1, 1),
        new Conv2dWeightGradient(8, 512, 14, 14, 512, 3, 3, 1, 1), new Conv2dWeightGradient(8, 64, 112, 112, 64, 3, 3, 1, 1),
        new Attention(1, 512, 12, 64), new AttentionGradient(8, 256, 12, 64), new AttentionGradient(8, 256, 12, 64, Causal: true),
        new Activation(ActivationKind.Gelu, 50_000_000), new LayerNorm(8 * 197, 768), new LayerNormInputGradient(8 * 197, 768),
        new BatchNorm(8, 64, 112 * 112), new MaxPool2d(8 * 64, 112, 112, 3, 2, 1), new Softmax(64, 30_000), new AdamWStep(50_000_000),
    ];

    [Theory]
    [MemberData(nameof(LargeOperations), DisableDiscoveryEnumeration = true)]
    public void No_step_is_planned_longer_than_half_a_millisecond(Operation operation)
    {
        CpuKernel kernel = CpuKernels.For(operation);
        for (int stage = 0; stage < kernel.Stages; stage++)
            if (kernel.Units(stage) > 0) Assert.InRange(kernel.UnitSeconds(stage), 0, 0.5e-3);
    }

    [Fact]
    public void Programs_of_one_device_may_run_on_several_threads_at_once()
    {
        using ComputeDevice device = ComputeDevice.OpenCpu(new CpuOptions { Threads = 3 });
        float[][] results = new float[4][];
        Parallel.For(0, results.Length, t =>
        {
            using DeviceProgram program = Record(device, 120, out DeviceBuffer[] buffers);
            for (int i = 0; i < 10; i++) program.Run();
            results[t] = new float[120 * 120];
            buffers[2].Read(results[t]);
        });
        foreach (float[] result in results) Assert.Equal(results[0], result);
    }

    [Fact]
    public void An_exception_in_a_kernel_reaches_the_caller_and_the_device_lives_on()
    {
        using ComputeDevice device = ComputeDevice.OpenCpu(new CpuOptions { Threads = 3 });
        const int count = 5000;
        DeviceBuffer ids = device.Allocate(count, ElementType.Int32), table = device.Allocate(10 * 64), y = device.Allocate(count * 64);
        using DeviceProgram program = device.Record([new(new Embedding(count, 10, 64), [ids, table, y])]);
        ids.Write([10], count - 1);
        ArgumentException exception = Assert.Throws<ArgumentException>(program.Run);
        Assert.Equal("Embedding: id 10 is not in 0..9.", exception.Message);
        ids.Write([9], count - 1);
        program.Run();
    }

    [Fact]
    public void A_buffer_disposed_before_its_program_leaves_the_program_alive()
    {
        using ComputeDevice device = ComputeDevice.OpenCpu(new CpuOptions { Threads = 1 });
        using DeviceProgram program = Record(device, 40, out DeviceBuffer[] buffers);
        foreach (DeviceBuffer buffer in buffers) buffer.Dispose();
        program.Run();
        Assert.Throws<ObjectDisposedException>(() => buffers[0].Write([1f]));
    }

    [Fact]
    public void Misbound_operands_are_refused_with_a_sentence()
    {
        using ComputeDevice device = ComputeDevice.OpenCpu(), other = ComputeDevice.OpenCpu(new CpuOptions { Threads = 1 });
        DeviceBuffer a = device.Allocate(8), foreign = other.Allocate(8), integers = device.Allocate(8, ElementType.Int32);
        Assert.Equal("Add: operand 'b' has 7 elements; expected 8.",
            Assert.Throws<ArgumentException>(() => device.Record([new(new Add(8), [a, new BufferRange(a, 0, 7), a])])).Message);
        Assert.Equal("Add: operand 'b' is Int32; expected Float32.",
            Assert.Throws<ArgumentException>(() => device.Record([new(new Add(8), [a, integers, a])])).Message);
        Assert.StartsWith("Add: operand 'c' lies on ", Assert.Throws<ArgumentException>(() => device.Record([new(new Add(8), [a, a, foreign])])).Message);
        Assert.Equal("Add: 2 operands bound; expected 3.", Assert.Throws<ArgumentException>(() => device.Record([new(new Add(8), [a, a])])).Message);
    }

    [Fact]
    public void Without_a_provider_that_opens_the_cpu_is_opened_and_the_report_says_why()
    {
        using ComputeDevice device = ComputeDevice.Open(new NoDevice());
        Assert.Equal(DeviceKind.Cpu, device.Kind);
        Assert.Equal("Imaginary: there is none here", device.OpenReport[0]);
        Assert.StartsWith("CPU: ", device.OpenReport[1]);
        Assert.Throws<ArgumentOutOfRangeException>(() => new CpuOptions { Threads = 0 });
    }

    private sealed class NoDevice : DeviceProvider
    {
        public override string Name => "Imaginary";

        public override bool TryOpen([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out ComputeDevice? device, out string reason)
        {
            (device, reason) = (null, "there is none here");
            return false;
        }
    }
}
