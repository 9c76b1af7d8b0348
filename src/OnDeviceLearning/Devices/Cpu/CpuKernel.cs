using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>
/// How the CPU computes one operation: stages in order, each of them units that may run in any order and at the same time.
/// A unit writes elements no other unit of its stage touches, and computes each of them in a fixed order. So slices and
/// threads are one mechanism, and neither changes a bit of the result.
/// </summary>
internal abstract unsafe class CpuKernel
{
    /// <summary>A careful guess at one core's rates; they place the step boundaries, before anything was measured.</summary>
    protected const double FlopsPerSecond = 10e9, BytesPerSecond = 5e9;

    /// <summary>Number of stages; a stage starts when the one before it is complete.</summary>
    public virtual int Stages => 1;

    /// <summary>Floats of scratch memory each worker needs.</summary>
    public virtual long WorkerScratch => 0;

    /// <summary>Floats of scratch memory all workers share, kept from stage to stage.</summary>
    public virtual long SharedScratch => 0;

    /// <summary>Floats of memory of its own, zero at first, that a program keeps for the kernel from run to run.</summary>
    public virtual long KeptMemory => 0;

    /// <summary>
    /// The operand of which stage 0 makes a copy in the kept memory, packed as the later stages read it, and nothing else;
    /// -1 for none. Where the operand has not changed since the last run, stage 0 is left out.
    /// </summary>
    public virtual int PackedOperand => -1;

    /// <summary>Whether that copy is all there is in the kept memory, and stage 0 writes all of it.</summary>
    public virtual bool KeepsPackedAlone => false;

    /// <summary>Number of units of a stage.</summary>
    public abstract int Units(int stage);

    /// <summary>What one unit takes on one core, guessed high, in seconds. Decides where steps end; must not depend on time.</summary>
    public abstract double UnitSeconds(int stage);

    /// <summary>Computes units <paramref name="from"/> up to, not including, <paramref name="to"/>.</summary>
    public abstract void Run(in CpuKernelMemory memory, int stage, int from, int to);
}

/// <summary>The memory a kernel works on.</summary>
internal readonly unsafe struct CpuKernelMemory(nint* operands, float* scratch, float* shared, float* kept)
{
    private readonly nint* operands = operands;

    /// <summary>This worker's scratch memory.</summary>
    public readonly float* Scratch = scratch;

    /// <summary>The scratch memory of all workers.</summary>
    public readonly float* Shared = shared;

    /// <summary>The kernel's own memory.</summary>
    public readonly float* Kept = kept;

    /// <summary>Operand <paramref name="index"/>.</summary>
    public float* this[int index] => (float*)operands[index];

    /// <summary>Operand <paramref name="index"/>, which holds integers.</summary>
    public int* Int32(int index) => (int*)operands[index];

    /// <summary>All operands, for a <see cref="Operation.Reference"/>.</summary>
    public ReadOnlySpan<nint> Pointers(int count) => new(operands, count);
}

/// <summary>Runs an operation's <see cref="Operation.Reference"/>: correct, slow, and a single unit.</summary>
internal sealed unsafe class ReferenceKernel(Operation operation) : CpuKernel
{
    private readonly IReadOnlyList<Operand> operands = operation.Operands;

    public override int Units(int stage) => 1;

    public override double UnitSeconds(int stage) => operation.Flops / 1e9 + operation.Bytes / 1e9;

    public override void Run(in CpuKernelMemory memory, int stage, int from, int to) =>
        operation.Reference(new OperandSpans(memory.Pointers(operands.Count), operands));
}
