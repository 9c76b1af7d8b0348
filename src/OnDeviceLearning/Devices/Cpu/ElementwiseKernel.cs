using System.Numerics;
using System.Numerics.Tensors;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>An operation whose elements know nothing of each other, a block of them a unit.</summary>
internal abstract unsafe class ElementwiseKernel(Operation operation, int length) : CpuKernel
{
    /// <summary>Elements of a block: its operands and temporaries stay in the first-level cache.</summary>
    protected const int Block = 2048;

    private readonly double unitSeconds = (operation.Flops / (FlopsPerSecond / 4) + operation.Bytes / BytesPerSecond) / length * Math.Min(Block, length);

    public override int Units(int stage) => (length + Block - 1) / Block;

    public override double UnitSeconds(int stage) => unitSeconds;

    public override void Run(in CpuKernelMemory memory, int stage, int from, int to)
    {
        for (int unit = from; unit < to; unit++) Compute(memory, unit * Block, Math.Min(Block, length - unit * Block));
    }

    /// <summary>Computes <paramref name="count"/> elements from <paramref name="start"/> on.</summary>
    protected abstract void Compute(in CpuKernelMemory memory, int start, int count);
}

internal sealed unsafe class AddKernel(Add op) : ElementwiseKernel(op, op.Length)
{
    protected override void Compute(in CpuKernelMemory memory, int start, int count) =>
        TensorPrimitives.Add(new ReadOnlySpan<float>(memory[0] + start, count), new ReadOnlySpan<float>(memory[1] + start, count), new Span<float>(memory[2] + start, count));
}

internal sealed unsafe class FillKernel(Fill op) : ElementwiseKernel(op, op.Length)
{
    protected override void Compute(in CpuKernelMemory memory, int start, int count) => new Span<float>(memory[0] + start, count).Fill(op.Value);
}

internal sealed unsafe class ClipScaleKernel(ClipScale op) : ElementwiseKernel(op, op.Length)
{
    protected override void Compute(in CpuKernelMemory memory, int start, int count)
    {
        float scale = (float)Math.Min(1, memory[2][0] / (Math.Sqrt(memory[1][0]) + 1e-6));
        Span<float> x = new(memory[0] + start, count);
        TensorPrimitives.Multiply(x, scale, x);
    }
}

internal sealed unsafe class PullToKernel(PullTo op) : ElementwiseKernel(op, op.Length)
{
    protected override void Compute(in CpuKernelMemory memory, int start, int count)
    {
        float* w = memory[0] + start, target = memory[1] + start, dw = memory[3] + start;
        float factor = 2 * memory[2][0];
        int i = 0;
        for (; i + Vector<float>.Count <= count; i += Vector<float>.Count)
            Vector.Store(Vector.Load(dw + i) + factor * (Vector.Load(w + i) - Vector.Load(target + i)), dw + i);
        for (; i < count; i++) dw[i] += factor * (w[i] - target[i]);
    }
}
