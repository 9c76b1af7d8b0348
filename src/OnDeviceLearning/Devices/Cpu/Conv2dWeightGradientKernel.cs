using OnDeviceLearning.Operations;
using static OnDeviceLearning.Devices.Cpu.Conv2dTiles;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>
/// dw' += im2col * dy', computed transposed ([Depth, O]) so that im2col rows are copied, not gathered. Stage 0 packs dy'
/// once; each later stage adds a stretch of pixels, in order; a unit owns a block of input channels.
/// </summary>
internal sealed unsafe class Conv2dWeightGradientKernel : CpuKernel
{
    private const double UnitTarget = 0.1e-3;
    private const int TileRows = 48, MaxPixels = 1024, PackedPixels = 4096;

    private readonly Conv2dWeightGradient op;
    private readonly Conv2dTiles tiles;
    private readonly int panels, channelsPerUnit, channelBlocks, pixels, pixelsPerStage, packBlocks;

    public Conv2dWeightGradientKernel(Conv2dWeightGradient op)
    {
        this.op = op;
        tiles = new Conv2dTiles(op);
        panels = Gemm.Panels(tiles.GroupO);
        pixels = checked(op.N * tiles.Pixels);
        packBlocks = (tiles.Pixels + PackedPixels - 1) / PackedPixels;
        channelsPerUnit = Math.Clamp(TileRows / tiles.KernelSize, 1, tiles.GroupC);
        channelBlocks = (tiles.GroupC + channelsPerUnit - 1) / channelsPerUnit;
        double pixelSeconds = 2.0 * TileDepth * panels * Gemm.Panel / Gemm.FlopsPerSecond;
        pixelsPerStage = (int)Math.Min(pixels, Math.Clamp(UnitTarget / pixelSeconds, 64, MaxPixels));
    }

    private int TileDepth => channelsPerUnit * tiles.KernelSize;

    private long PanelLength => (long)pixels * Gemm.Panel;

    public override int Stages => 1 + (pixels + pixelsPerStage - 1) / pixelsPerStage;

    public override long WorkerScratch => (long)TileDepth * (pixelsPerStage + panels * Gemm.Panel);

    public override long SharedScratch => op.Groups * panels * PanelLength;

    public override int Units(int stage) => stage == 0 ? op.N * op.Groups * panels * packBlocks : op.Groups * channelBlocks;

    public override double UnitSeconds(int stage) => stage == 0
        ? Math.Min(tiles.Pixels, PackedPixels) * Gemm.Panel * 12 / BytesPerSecond
        : (double)TileDepth * pixelsPerStage * (2.0 * panels * Gemm.Panel / Gemm.FlopsPerSecond + 8 / BytesPerSecond);

    public override void Run(in CpuKernelMemory memory, int stage, int from, int to)
    {
        for (int unit = from; unit < to; unit++)
            if (stage == 0) Pack(memory, unit);
            else AddPixels(memory, (stage - 1) * pixelsPerStage, unit);
    }

    private void Pack(in CpuKernelMemory memory, int unit)
    {
        int pixel = unit % packBlocks * PackedPixels, count = Math.Min(PackedPixels, tiles.Pixels - pixel);
        unit /= packBlocks;
        int image = unit / (op.Groups * panels), group = unit / panels % op.Groups, panel = unit % panels, channel = panel * Gemm.Panel;
        float* dy = memory[1] + ((long)image * op.OutChannels + group * tiles.GroupO + channel) * tiles.Pixels + pixel;
        float* target = memory.Shared + ((long)group * panels + panel) * PanelLength + ((long)image * tiles.Pixels + pixel) * Gemm.Panel;
        Gemm.PackTransposedPanel(dy, tiles.Pixels, count, Math.Min(Gemm.Panel, tiles.GroupO - channel), target);
    }

    private void AddPixels(in CpuKernelMemory memory, int q0, int unit)
    {
        int group = unit / channelBlocks, channel = unit % channelBlocks * channelsPerUnit;
        int channels = Math.Min(channelsPerUnit, tiles.GroupC - channel), rows = channels * tiles.KernelSize, k0 = channel * tiles.KernelSize;
        int count = Math.Min(pixelsPerStage, pixels - q0);
        float* columns = memory.Scratch, tile = columns + (long)TileDepth * pixelsPerStage; // [rows, count], [rows, panels]
        PixelRun* runs = stackalloc PixelRun[64];
        for (int q = 0; q < count; q += 64)
        {
            int runCount = tiles.Runs(q0 + q, q0 + Math.Min(count, q + 64), runs);
            tiles.Im2Col(memory[0], group, k0, k0 + rows, runs, runCount, columns + q, count);
        }
        int width = panels * Gemm.Panel;
        float* b = memory.Shared + (long)group * panels * PanelLength + (long)q0 * Gemm.Panel;
        Gemm.Multiply(rows, width, count, columns, count, 1, b, (nint)PanelLength, Gemm.Panel, tile, width);
        float* dw = memory[2] + (long)group * tiles.GroupO * tiles.Depth + k0;
        for (int o = 0; o < tiles.GroupO; o++)
            for (int k = 0; k < rows; k++) dw[(long)o * tiles.Depth + k] += tile[k * width + o];
    }
}
