using System.Runtime.InteropServices;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>A program's scratch memory: one part for each thread and one for all, as much as its hungriest kernel needs.</summary>
internal sealed unsafe class CpuScratch : IDisposable
{
    private readonly float* memory;
    private readonly long workerLength;
    private readonly float* shared;
    private bool freed;

    public CpuScratch(int threads, long workerLength, long sharedLength)
    {
        this.workerLength = (workerLength + 31) / 32 * 32; // whole cache lines, and a neighbour's prefetcher kept apart
        memory = CpuBuffer.AllocateZeroed(threads * this.workerLength + sharedLength + 32);
        shared = memory + threads * this.workerLength;
    }

    ~CpuScratch() => Free();

    public CpuKernelMemory Memory(nint* operands, float* kept, int thread) => new(operands, memory + thread * workerLength, shared, kept);

    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        if (freed) return;
        freed = true;
        NativeMemory.AlignedFree(memory);
    }
}
