namespace OnDeviceLearning.Devices.Cpu;

/// <summary>Turns planes [N, C, Inner] into a channels-last image [N, Inner, C], or back, a block of one image's matrix a unit.</summary>
internal sealed unsafe class LayoutKernel(int n, int c, int inner, bool toLast) : CpuKernel
{
    private const int Block = 64, RowBlock = 1024; // source columns and rows of a unit

    private readonly int rows = toLast ? c : inner, columns = toLast ? inner : c; // of one image's source matrix

    private int Blocks => (columns + Block - 1) / Block;

    private int RowBlocks => (rows + RowBlock - 1) / RowBlock;

    public override int Units(int stage) => n * RowBlocks * Blocks;

    public override double UnitSeconds(int stage) => 20e-9 + (double)Math.Min(RowBlock, rows) * Math.Min(Block, columns) * 1.5e-9;

    public override void Run(in CpuKernelMemory memory, int stage, int from, int to)
    {
        for (int unit = from; unit < to; unit++)
        {
            int column = unit % Blocks * Block, count = Math.Min(Block, columns - column);
            long image = (long)(unit / (RowBlocks * Blocks)) * rows * columns;
            float* source = memory[0] + image + column, target = memory[1] + image + (long)column * rows;
            int r = unit / Blocks % RowBlocks * RowBlock, end = Math.Min(rows, r + RowBlock);
            for (; r + 4 <= end; r += 4)
            {
                float* block = source + (long)r * columns;
                int i = 0;
                for (; i + 4 <= count; i += 4) Gemm.Transpose4x4(block + i, columns, target + (long)i * rows + r, rows);
                for (; i < count; i++)
                    for (int k = 0; k < 4; k++) target[(long)i * rows + r + k] = block[(long)k * columns + i];
            }
            for (; r < end; r++)
                for (int i = 0; i < count; i++) target[(long)i * rows + r] = source[(long)r * columns + i];
        }
    }
}
