using System.Numerics.Tensors;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>A sum over all elements: blocks first, then the blocks' sums in order, in double.</summary>
internal abstract unsafe class SumKernel(Operation operation, int length) : CpuKernel
{
    private const int Block = 4096;

    private readonly double blockSeconds = (double)operation.Bytes / length * Block / BytesPerSecond;

    private int Blocks => (length + Block - 1) / Block;

    public override int Stages => 2;

    public override long SharedScratch => Blocks;

    public override int Units(int stage) => stage == 0 ? Blocks : 1;

    public override double UnitSeconds(int stage) => stage == 0 ? blockSeconds : Blocks * 1e-9;

    public override void Run(in CpuKernelMemory memory, int stage, int from, int to)
    {
        if (stage == 0)
        {
            for (int unit = from; unit < to; unit++) memory.Shared[unit] = BlockSum(memory, unit * Block, Math.Min(Block, length - unit * Block));
            return;
        }
        double sum = 0;
        for (int i = 0; i < Blocks; i++) sum += memory.Shared[i];
        Finish(memory, sum);
    }

    protected abstract float BlockSum(in CpuKernelMemory memory, int start, int count);

    protected abstract void Finish(in CpuKernelMemory memory, double sum);
}

internal sealed unsafe class SquaredNormKernel(SquaredNorm op) : SumKernel(op, op.Length)
{
    protected override float BlockSum(in CpuKernelMemory memory, int start, int count) => TensorPrimitives.SumOfSquares(new ReadOnlySpan<float>(memory[0] + start, count));

    protected override void Finish(in CpuKernelMemory memory, double sum) => memory[1][0] = (float)(memory[1][0] + sum);
}

internal sealed unsafe class SquaredErrorKernel(SquaredError op) : SumKernel(op, op.Length)
{
    protected override float BlockSum(in CpuKernelMemory memory, int start, int count)
    {
        Span<float> dx = new(memory[3] + start, count);
        TensorPrimitives.Subtract(new ReadOnlySpan<float>(memory[0] + start, count), new ReadOnlySpan<float>(memory[1] + start, count), dx);
        float sum = TensorPrimitives.SumOfSquares<float>(dx);
        TensorPrimitives.Multiply(dx, 2f / op.Length, dx);
        return sum;
    }

    protected override void Finish(in CpuKernelMemory memory, double sum) => memory[2][0] = (float)(sum / op.Length);
}
