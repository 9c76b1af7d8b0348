namespace OnDeviceLearning.Devices.Cpu;

/// <summary>Turns planes [N, C, Inner] into a channels-last image [N, Inner, C], or back: a block of four channels or pixels a unit.</summary>
internal sealed unsafe class LayoutKernel(int n, int c, int inner, bool toLast) : CpuKernel
{
    private const int Block = 64; // source columns of a unit: its rows of the target

    private readonly int rows = toLast ? c : inner, columns = toLast ? inner : c; // of one image's source matrix

    private int Blocks => (columns + Block - 1) / Block;

    public override int Units(int stage) => n * Blocks;

    public override double UnitSeconds(int stage) => 20e-9 + (double)rows * Math.Min(Block, columns) * 1.5e-9;

    public override void Run(in CpuKernelMemory memory, int stage, int from, int to)
    {
        for (int unit = from; unit < to; unit++)
        {
            int column = unit % Blocks * Block, count = Math.Min(Block, columns - column);
            long image = (long)(unit / Blocks) * rows * columns;
            float* source = memory[0] + image + column, target = memory[1] + image + (long)column * rows;
            int r = 0;
            for (; r + 4 <= rows; r += 4)
            {
                float* block = source + (long)r * columns;
                int i = 0;
                for (; i + 4 <= count; i += 4) Gemm.Transpose4x4(block + i, columns, target + (long)i * rows + r, rows);
                for (; i < count; i++)
                    for (int k = 0; k < 4; k++) target[(long)i * rows + r + k] = block[(long)k * columns + i];
            }
            for (; r < rows; r++)
                for (int i = 0; i < count; i++) target[(long)i * rows + r] = source[(long)r * columns + i];
        }
    }
}
