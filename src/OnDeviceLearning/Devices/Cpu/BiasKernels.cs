using System.Numerics.Tensors;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>Row by row where Inner is 1, otherwise plane by plane.</summary>
internal sealed unsafe class BiasAddKernel(BiasAdd op) : CpuKernel
{
    private int Width => op.Inner == 1 ? op.Channels : op.Inner;

    public override int Units(int stage) => op.Inner == 1 ? op.Outer : op.Outer * op.Channels;

    public override double UnitSeconds(int stage) => 20e-9 + Width * 8.0 / BytesPerSecond;

    public override void Run(in CpuKernelMemory memory, int stage, int from, int to)
    {
        for (int unit = from; unit < to; unit++)
        {
            ReadOnlySpan<float> x = new(memory[0] + (long)unit * Width, Width);
            Span<float> y = new(memory[2] + (long)unit * Width, Width);
            if (op.Inner == 1) TensorPrimitives.Add(x, new ReadOnlySpan<float>(memory[1], Width), y);
            else TensorPrimitives.Add(x, memory[1][unit % op.Channels], y);
        }
    }
}

/// <summary>A channel of planes a unit.</summary>
internal sealed unsafe class BiasPlaneGradientKernel(BiasGradient op) : CpuKernel
{
    public override int Units(int stage) => op.Channels;

    public override double UnitSeconds(int stage) => (double)op.Outer * op.Inner * 4 / BytesPerSecond + 20e-9 * op.Outer;

    public override void Run(in CpuKernelMemory memory, int stage, int from, int to)
    {
        for (int unit = from; unit < to; unit++)
        {
            float sum = 0;
            for (int o = 0; o < op.Outer; o++) sum += TensorPrimitives.Sum(new ReadOnlySpan<float>(memory[0] + ((long)o * op.Channels + unit) * op.Inner, op.Inner));
            memory[1][unit] += sum;
        }
    }
}

/// <summary>Means along the middle axis: a row a unit where Inner is 1, otherwise a block of columns.</summary>
internal sealed unsafe class MeanKernel(Mean op) : CpuKernel
{
    private int Blocks => op.Inner == 1 ? 1 : ColumnSums.Blocks(op.Inner);

    public override int Units(int stage) => op.Outer * Blocks;

    public override double UnitSeconds(int stage) => 20e-9 + (double)op.Count * Math.Min(op.Inner, ColumnSums.Width) * 4 / BytesPerSecond;

    public override void Run(in CpuKernelMemory memory, int stage, int from, int to)
    {
        for (int unit = from; unit < to; unit++)
        {
            float* x = memory[0] + (long)(unit / Blocks) * op.Count * op.Inner, y = memory[1] + (long)(unit / Blocks) * op.Inner;
            if (op.Inner == 1)
            {
                *y = TensorPrimitives.Sum(new ReadOnlySpan<float>(x, op.Count)) / op.Count;
                continue;
            }
            int column = unit % Blocks * ColumnSums.Width, columns = Math.Min(ColumnSums.Width, op.Inner - column);
            ColumnSums.Sum(x + column, op.Inner, op.Count, columns, y + column);
            for (int i = column; i < column + columns; i++) y[i] /= op.Count;
        }
    }
}

/// <summary>Spreads dy / Count over the middle axis, one outer index a unit.</summary>
internal sealed unsafe class MeanGradientKernel(MeanGradient op) : CpuKernel
{
    public override int Units(int stage) => op.Outer;

    public override double UnitSeconds(int stage) => 20e-9 + (double)op.Count * op.Inner * 4.0 / BytesPerSecond;

    public override void Run(in CpuKernelMemory memory, int stage, int from, int to)
    {
        for (int unit = from; unit < to; unit++)
        {
            float* dy = memory[0] + (long)unit * op.Inner, dx = memory[1] + (long)unit * op.Count * op.Inner;
            if (op.Inner == 1)
                new Span<float>(dx, op.Count).Fill(*dy / op.Count);
            else
            {
                Span<float> share = new(dx, op.Inner);
                TensorPrimitives.Divide(new ReadOnlySpan<float>(dy, op.Inner), op.Count, share);
                for (int c = 1; c < op.Count; c++) share.CopyTo(new Span<float>(dx + (long)c * op.Inner, op.Inner));
            }
        }
    }
}
