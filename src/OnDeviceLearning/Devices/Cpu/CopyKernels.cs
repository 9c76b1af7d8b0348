using System.Numerics.Tensors;
using System.Runtime.Intrinsics.X86;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>Strided rows, one a unit.</summary>
internal sealed unsafe class CopyKernel(Copy op) : CpuKernel
{
    public override int Units(int stage) => op.Outer;

    public override double UnitSeconds(int stage) => 10e-9 + op.Inner * 8.0 / BytesPerSecond;

    public override void Run(in CpuKernelMemory memory, int stage, int from, int to)
    {
        for (int row = from; row < to; row++)
            new ReadOnlySpan<float>(memory[0] + op.SourceOffset + (long)row * op.SourceStride, op.Inner)
                .CopyTo(new Span<float>(memory[1] + op.TargetOffset + (long)row * op.TargetStride, op.Inner));
    }
}

/// <summary>One looked-up row a unit.</summary>
internal sealed unsafe class EmbeddingKernel(Embedding op) : CpuKernel
{
    /// <summary>Rows between the one fetched and the one used.</summary>
    public const int Ahead = 8;

    public override int Units(int stage) => op.Count;

    public override double UnitSeconds(int stage) => 10e-9 + op.Width * 8.0 / BytesPerSecond;

    public override void Run(in CpuKernelMemory memory, int stage, int from, int to)
    {
        for (int i = from; i < to; i++)
        {
            if (i + Ahead < to) Fetch(memory[1] + (long)memory.Int32(0)[i + Ahead] * op.Width, op.Width);
            new ReadOnlySpan<float>(memory[1] + (long)Embedding.Checked(memory.Int32(0)[i], op.Vocabulary, nameof(Embedding)) * op.Width, op.Width)
                .CopyTo(new Span<float>(memory[2] + (long)i * op.Width, op.Width));
        }
    }

    /// <summary>Begins to fetch a row of the table, if there is one: the processor cannot guess which rows are wanted next.</summary>
    public static void Fetch(float* row, int width)
    {
        for (int c = 0; c < width && Sse.IsSupported; c += 16) Sse.Prefetch0(row + c);
    }
}

/// <summary>A block of columns a unit, so that ids that repeat add in order.</summary>
internal sealed unsafe class EmbeddingGradientKernel(EmbeddingGradient op) : CpuKernel
{
    private const int Columns = 64;

    public override int Units(int stage) => (op.Width + Columns - 1) / Columns;

    public override double UnitSeconds(int stage) => op.Count * (10e-9 + Columns * 12 / BytesPerSecond);

    public override void Run(in CpuKernelMemory memory, int stage, int from, int to)
    {
        for (int unit = from; unit < to; unit++)
        {
            int column = unit * Columns, columns = Math.Min(Columns, op.Width - column);
            for (int i = 0; i < op.Count; i++)
            {
                if (i + EmbeddingKernel.Ahead < op.Count) EmbeddingKernel.Fetch(memory[2] + (long)memory.Int32(0)[i + EmbeddingKernel.Ahead] * op.Width + column, columns);
                Span<float> row = new(memory[2] + (long)Embedding.Checked(memory.Int32(0)[i], op.Vocabulary, nameof(Embedding)) * op.Width + column, columns);
                TensorPrimitives.Add(row, new ReadOnlySpan<float>(memory[1] + (long)i * op.Width + column, columns), row);
            }
        }
    }
}
