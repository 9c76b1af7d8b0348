using System.Runtime.InteropServices;
using OnDeviceLearning.Conformance;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Tests.Operations;

/// <summary>The judge is judged: a device with one defect must be caught, one without must pass.</summary>
public sealed class ConformanceRunnerTests
{
    private static readonly ConformanceCase Case = new(new Add(100));

    private static string? FailureOf(Action<FaultyBuffer[]> defect)
    {
        using FaultyDevice device = new(defect);
        return ConformanceRunner.Run(device, Case).Failure;
    }

    [Fact]
    public void A_sound_device_passes() => Assert.Null(FailureOf(_ => { }));

    [Fact]
    public void A_wrong_element_is_caught() => Assert.Contains("error", FailureOf(b => b[2].Floats[67 + 50] += 0.01f));

    [Fact]
    public void Not_a_number_is_caught() => Assert.Contains("is NaN", FailureOf(b => b[2].Floats[67 + 99] = float.NaN));

    [Fact]
    public void A_write_before_an_operand_is_caught() => Assert.Contains("wrote outside 'c', at element -1", FailureOf(b => b[2].Floats[66] = 0));

    [Fact]
    public void A_write_behind_an_operand_is_caught() => Assert.Contains("wrote outside 'a', at element 100", FailureOf(b => b[0].Floats[167] = 0));

    [Fact]
    public void A_changed_input_is_caught() => Assert.Contains("input 'b' was changed", FailureOf(b => b[1].Floats[67] += 1));

    private sealed class FaultyDevice(Action<FaultyBuffer[]> defect) : ComputeDevice
    {
        public override string Name => "Faulty";

        public override DeviceKind Kind => DeviceKind.Cpu;

        protected override DeviceBuffer AllocateCore(int length, ElementType type) => new FaultyBuffer(this, length, type);

        protected override DeviceProgram RecordCore(IReadOnlyList<BoundOperation> operations) => new FaultyProgram(operations.Single(), defect);

        protected override void DisposeCore() { }
    }

    private sealed class FaultyBuffer(ComputeDevice device, int length, ElementType type) : DeviceBuffer(device, length, type)
    {
        public float[] Floats { get; } = new float[length];

        protected override void WriteCore(ReadOnlySpan<byte> source, int offset) => source.CopyTo(MemoryMarshal.AsBytes(Floats.AsSpan(offset)));

        protected override void ReadCore(Span<byte> target, int offset) => MemoryMarshal.AsBytes(Floats.AsSpan(offset))[..target.Length].CopyTo(target);

        public override void Dispose() { }
    }

    private sealed class FaultyProgram(BoundOperation bound, Action<FaultyBuffer[]> defect) : DeviceProgram
    {
        private bool done;

        public override int StepCount => 1;

        public override int NextStep => done ? 1 : 0;

        public override void Restart() => done = false;

        public override bool Advance(long deadline, bool atLeastOne = false)
        {
            FaultyBuffer[] buffers = bound.Operands.Select(r => (FaultyBuffer)r.Buffer).ToArray();
            int offset = bound.Operands[0].Offset, length = bound.Operands[0].Length;
            for (int i = offset; i < offset + length; i++) buffers[2].Floats[i] = buffers[0].Floats[i] + buffers[1].Floats[i];
            defect(buffers);
            return done = true;
        }

        public override void Dispose() { }
    }
}
