using System.Runtime.InteropServices;
using OnDeviceLearning.Graphs;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Tests.Operations;

/// <summary>Runs every operation's scalar reference, one after another: whole programs of other devices are held against it.</summary>
/// <param name="fuse">Takes operations together before they run, as a device may; null for none.</param>
internal sealed class ReferenceDevice(Func<IReadOnlyList<PlannedOperation>, IReadOnlyList<PlannedOperation>>? fuse = null) : ComputeDevice
{
    public override string Name => "Reference";

    public override DeviceKind Kind => DeviceKind.Cpu;

    internal override IReadOnlyList<PlannedOperation> Fuse(IReadOnlyList<PlannedOperation> operations) => fuse is null ? operations : fuse(operations);

    protected override DeviceBuffer AllocateCore(int length, ElementType type) => new Memory(this, length, type);

    protected override DeviceProgram RecordCore(IReadOnlyList<BoundOperation> operations) => new Program([.. operations]);

    protected override void DisposeCore() { }

    private sealed unsafe class Memory : DeviceBuffer
    {
        private int[]? elements; // floats as their bits
        private readonly GCHandle pin;

        public Memory(ComputeDevice device, int length, ElementType type) : base(device, length, type)
        {
            elements = new int[length];
            pin = GCHandle.Alloc(elements, GCHandleType.Pinned);
        }

        public int* Pointer => (int*)pin.AddrOfPinnedObject();

        protected override void WriteCore(ReadOnlySpan<byte> source, int offset) => source.CopyTo(MemoryMarshal.AsBytes(elements.AsSpan(offset)));

        protected override void ReadCore(Span<byte> target, int offset) => MemoryMarshal.AsBytes(elements.AsSpan(offset))[..target.Length].CopyTo(target);

        public override void Dispose()
        {
            if (elements is null) return;
            elements = null;
            pin.Free();
        }
    }

    private sealed unsafe class Program(BoundOperation[] operations) : DeviceProgram
    {
        public override int StepCount => operations.Length;

        public override int NextStep => next;

        private int next;

        public override void Restart() => next = 0;

        public override bool Advance(long deadline, bool atLeastOne = false)
        {
            for (; next < operations.Length; next++)
            {
                (Operation operation, IReadOnlyList<BufferRange> operands) = operations[next];
                nint[] pointers = [.. operands.Select(o => (nint)(((Memory)o.Buffer).Pointer + o.Offset))];
                operation.Reference(new OperandSpans(pointers, operation.Operands));
            }
            return true;
        }

        public override void Dispose() { }
    }
}
