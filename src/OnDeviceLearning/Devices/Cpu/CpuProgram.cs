using System.Diagnostics;
using System.Runtime.InteropServices;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>Kernels bound to pointers and cut into steps. Boundaries are fixed when recorded; how long steps take is learnt.</summary>
internal sealed unsafe class CpuProgram : DeviceProgram
{
    private const double StepSeconds = 0.3e-3;

    private readonly record struct Step(int Kernel, int Stage, int From, int To, double Seconds);

    private readonly CpuDevice device;
    private readonly CpuBuffer[] buffers, written, own;
    private readonly CpuKernel[] kernels;
    private readonly int[] firstOperand; // of each kernel, in pointers
    private readonly long[] keptOffset; // of each kernel, in kept
    private readonly CpuBuffer?[] packedFrom; // of each kernel: what stage 0 packs, where it need not be packed in every run
    private readonly int[] packedBy; // of each kernel: the first one that packs the same, usually itself
    private readonly long[] packedVersion; // of each kernel that is so
    private readonly Step[] steps;
    private readonly double[] pace; // measured over guessed seconds, of each kernel
    private readonly CpuScratch scratch;
    private readonly nint* pointers;
    private readonly float* kept;
    private bool disposed;

    private int nextStep;

    public CpuProgram(CpuDevice device, IReadOnlyList<BoundOperation> operations)
    {
        this.device = device;
        // Arrays and loops: generic code over structs would be compiled at every cold start.
        HashSet<CpuBuffer> bound = [], changed = [];
        var planner = new CpuPlanner(device);
        for (int i = 0; i < operations.Count; i++)
        {
            IReadOnlyList<Operand> declared = operations[i].Operation.Operands;
            for (int o = 0; o < declared.Count; o++)
            {
                var buffer = (CpuBuffer)operations[i].Operands[o].Buffer;
                ObjectDisposedException.ThrowIf(buffer.IsDisposed, buffer);
                bound.Add(buffer);
                if (declared[o].Access != OperandAccess.Read) changed.Add(buffer);
            }
            planner.Add(operations[i]);
        }
        buffers = new CpuBuffer[bound.Count];
        bound.CopyTo(buffers);
        written = new CpuBuffer[changed.Count];
        changed.CopyTo(written);
        own = [.. planner.Buffers];
        kernels = [.. planner.Kernels];
        firstOperand = new int[kernels.Length];
        keptOffset = new long[kernels.Length];
        packedFrom = new CpuBuffer?[kernels.Length];
        packedBy = new int[kernels.Length];
        packedVersion = new long[kernels.Length];
        pace = new double[kernels.Length];
        long workerScratch = 0, sharedScratch = 0, keptLength = 0, repackedLength = 0;
        int operandCount = 0, stepCount = 0;
        for (int i = 0; i < kernels.Length; i++)
        {
            CpuKernel kernel = kernels[i];
            pace[i] = 1;
            firstOperand[i] = operandCount;
            operandCount += planner.Operands[i].Length;
            packedBy[i] = i;
            packedVersion[i] = -1;
            if (planner.Packed[i] is { } source && !changed.Contains(source))
            {
                packedFrom[i] = source;
                packedBy[i] = Same(i);
            }
            int before = planner.PackedBefore[i] < 0 ? packedBy[i] : planner.PackedBefore[i];
            long length = (kernel.KeptMemory + 31) / 32 * 32;
            bool again = packedFrom[i] is null && kernel.KeepsPackedAlone && planner.PackedFor[i] is { IsPart: false };
            keptOffset[i] = again ? -1 : before < i ? keptOffset[before] : keptLength;
            if (again) repackedLength = Math.Max(repackedLength, length);
            else if (before == i) keptLength += length;
            workerScratch = Math.Max(workerScratch, kernel.WorkerScratch);
            sharedScratch = Math.Max(sharedScratch, kernel.SharedScratch);
            for (int stage = 0; stage < kernel.Stages; stage++)
            {
                int perStep = UnitsPerStep(kernel, stage);
                if (stage == 0 && planner.PackedBefore[i] >= 0) continue;
                stepCount += (kernel.Units(stage) + perStep - 1) / perStep;
            }
        }
        steps = new Step[stepCount];
        stepCount = 0;
        for (int i = 0; i < kernels.Length; i++)
            for (int stage = 0; stage < kernels[i].Stages; stage++)
            {
                int units = kernels[i].Units(stage), perStep = UnitsPerStep(kernels[i], stage);
                double unitSeconds = kernels[i].UnitSeconds(stage);
                if (stage == 0 && planner.PackedBefore[i] >= 0) continue;
                for (int from = 0; from < units; from += perStep)
                {
                    int to = Math.Min(units, from + perStep);
                    steps[stepCount++] = new Step(i, stage, from, to, (to - from) * unitSeconds);
                }
            }
        scratch = new CpuScratch(device.Threads, workerScratch, sharedScratch);
        pointers = (nint*)NativeMemory.AllocZeroed((nuint)Math.Max(1, operandCount), (nuint)sizeof(nint));
        // What the program itself changes is packed in every run: memory that is still in the cache will do for all of it.
        for (int i = 0; i < kernels.Length; i++)
            if (keptOffset[i] < 0) keptOffset[i] = keptLength;
        kept = CpuBuffer.AllocateZeroed(keptLength + repackedLength);
        for (int i = 0; i < kernels.Length; i++)
            for (int o = 0; o < planner.Operands[i].Length; o++)
                pointers[firstOperand[i] + o] = planner.Operands[i][o];
        foreach (CpuBuffer buffer in buffers) buffer.AddShare();

        // The first kernel with the operation of kernel i on the memory that it packs. A batch in parts has each several times.
        int Same(int i)
        {
            for (int k = 0; k < i; k++)
            {
                if (packedFrom[k] is null || planner.PackedFor[k] is not { } operation || !operation.Equals(planner.PackedFor[i])) continue;
                if (kernels[k].GetType() == kernels[i].GetType() && planner.Operands[k][kernels[k].PackedOperand] == planner.Operands[i][kernels[i].PackedOperand]) return packedBy[k];
            }
            return i;
        }
    }

    ~CpuProgram() => Free();

    private static int UnitsPerStep(CpuKernel kernel, int stage) =>
        (int)Math.Max(1, Math.Min(kernel.Units(stage), StepSeconds / Math.Max(kernel.UnitSeconds(stage), 1e-12)));

    public override int StepCount => steps.Length;

    public override int NextStep => nextStep;

    public override void Restart() => nextStep = 0;

    public override bool Advance(long deadline, bool atLeastOne = false)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        if (nextStep < steps.Length)
            foreach (CpuBuffer buffer in written) buffer.MarkChanged();
        long now = Stopwatch.GetTimestamp();
        while (nextStep < steps.Length)
        {
            ref readonly Step step = ref steps[nextStep];
            if (step.Stage == 0 && packedFrom[step.Kernel] is { } source)
            {
                ref long version = ref packedVersion[packedBy[step.Kernel]];
                if (version == source.Version)
                {
                    nextStep++;
                    continue;
                }
                // Good once the last step of the stage is done; a change between them packs anew in the next run.
                if (step.From == 0) version = -2 - source.Version;
            }
            // Steps of one stage that fit before the deadline together need one hand-out of work to the threads, not several.
            double available = deadline == long.MaxValue ? double.PositiveInfinity : (deadline - now) / (double)Stopwatch.Frequency;
            double guessed = 0;
            int end = nextStep;
            while (end < steps.Length && steps[end].Kernel == step.Kernel && steps[end].Stage == step.Stage
                && (guessed + steps[end].Seconds) * pace[step.Kernel] <= available)
                guessed += steps[end++].Seconds;
            if (end == nextStep)
            {
                if (!atLeastOne) return false;
                guessed = steps[end++].Seconds;
            }
            atLeastOne = false;

            int kernel = step.Kernel;
            device.Pool.Run(kernels[kernel], pointers + firstOperand[kernel], kept + keptOffset[kernel], scratch, step.Stage, step.From, steps[end - 1].To,
                guessed * pace[kernel] * device.Threads);
            long after = Stopwatch.GetTimestamp();
            Learn(ref pace[kernel], (after - now) / (double)Stopwatch.Frequency / Math.Max(guessed, 1e-9));
            now = after;
            nextStep = end;
            ref long packed = ref packedVersion[packedBy[kernel]];
            if (step.Stage == 0 && packed <= -2 && (end == steps.Length || steps[end].Kernel != kernel || steps[end].Stage > 0)) packed = -2 - packed;
        }
        GC.KeepAlive(this);
        return true;
    }

    /// <summary>Follows slowdowns faster than speed-ups, and neither in one leap: a single preemption is no trend.</summary>
    private static void Learn(ref double pace, double measured)
    {
        measured = Math.Max(measured, 0.01); // a clock too coarse to see a step must not teach that steps are free
        pace = measured > pace ? pace + 0.5 * (Math.Min(measured, 2 * pace) - pace) : pace + 0.25 * (measured - pace);
    }

    public override void Dispose()
    {
        if (disposed) return;
        disposed = true;
        scratch.Dispose();
        Free();
        GC.SuppressFinalize(this);
        foreach (CpuBuffer buffer in own) buffer.Dispose();
        foreach (CpuBuffer buffer in buffers) buffer.ReleaseShare();
    }

    private void Free()
    {
        NativeMemory.Free(pointers);
        NativeMemory.AlignedFree(kept);
    }
}
