using OnDeviceLearning.Operations;
using static OnDeviceLearning.Devices.Cpu.Conv2dTiles;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>
/// dx = col2im(w' * dy), one block of input channels of one image a unit, so that units add to disjoint parts of dx. Stage
/// 0 packs dy where its rows are no whole panels; each later stage covers a stretch of output pixels, in order.
/// </summary>
internal sealed unsafe class Conv2dInputGradientKernel : CpuKernel
{
    private const double UnitTarget = 0.1e-3;
    private const int TileRows = 48, MaxTileFloats = 32 * 1024;

    private readonly Conv2dInputGradient op;
    private readonly Conv2dTiles tiles;
    private readonly int panels, panelsPerStage, channelsPerUnit, channelBlocks;
    private readonly bool packed;

    public Conv2dInputGradientKernel(Conv2dInputGradient op)
    {
        this.op = op;
        tiles = new Conv2dTiles(op);
        panels = Gemm.Panels(tiles.Pixels);
        packed = tiles.Pixels % Gemm.Panel != 0;
        channelsPerUnit = Math.Clamp(TileRows / tiles.KernelSize, 1, tiles.GroupC);
        channelBlocks = (tiles.GroupC + channelsPerUnit - 1) / channelsPerUnit;
        double panelSeconds = 2.0 * tiles.GroupO * TileDepth * Gemm.Panel / Gemm.FlopsPerSecond;
        panelsPerStage = (int)Math.Clamp(Math.Min(UnitTarget / panelSeconds, MaxTileFloats / (double)(TileDepth * Gemm.Panel)), 1, panels);
    }

    private int TileDepth => channelsPerUnit * tiles.KernelSize;

    private long PanelLength => (long)tiles.GroupO * Gemm.Panel;

    public override int Stages => 1 + (panels + panelsPerStage - 1) / panelsPerStage;

    public override long WorkerScratch => (long)TileDepth * panelsPerStage * Gemm.Panel;

    public override long SharedScratch => packed ? op.N * op.Groups * panels * PanelLength : 0;

    public override int Units(int stage) => stage > 0 ? op.N * op.Groups * channelBlocks : packed ? op.N * op.Groups * panels : 0;

    public override double UnitSeconds(int stage) => stage == 0
        ? PanelLength * 8 / BytesPerSecond
        : (double)TileDepth * panelsPerStage * Gemm.Panel * (2.0 * tiles.GroupO / Gemm.FlopsPerSecond + 12 / BytesPerSecond);

    public override void Run(in CpuKernelMemory memory, int stage, int from, int to)
    {
        float* w = memory[0], dy = memory[1], dx = memory[2];
        for (int unit = from; unit < to; unit++)
            if (stage == 0)
            {
                int column = unit % panels * Gemm.Panel;
                Gemm.PackPanel(dy + (long)(unit / panels) * tiles.GroupO * tiles.Pixels + column, tiles.Pixels, tiles.GroupO,
                    Math.Min(Gemm.Panel, tiles.Pixels - column), memory.Shared + unit * PanelLength);
            }
            else
            {
                AddPixels(memory, w, dy, dx, (stage - 1) * panelsPerStage, unit);
            }
    }

    private void AddPixels(in CpuKernelMemory memory, float* w, float* dy, float* dx, int panel, int unit)
    {
        int image = unit / (op.Groups * channelBlocks), group = unit / channelBlocks % op.Groups, channel = unit % channelBlocks * channelsPerUnit;
        int channels = Math.Min(channelsPerUnit, tiles.GroupC - channel), rows = channels * tiles.KernelSize;
        int p0 = panel * Gemm.Panel, p1 = Math.Min(tiles.Pixels, p0 + panelsPerStage * Gemm.Panel);
        long imageGroup = (long)image * op.Groups + group;
        float* a = w + (long)group * tiles.GroupO * tiles.Depth + channel * tiles.KernelSize; // element (row, o) at row + o * Depth
        float* b = packed ? memory.Shared + (imageGroup * panels + panel) * PanelLength : dy + imageGroup * tiles.GroupO * tiles.Pixels + p0;
        nint panelStride = packed ? (nint)PanelLength : Gemm.Panel, bK = packed ? Gemm.Panel : tiles.Pixels;
        float* plane = dx + (imageGroup * tiles.GroupC + channel) * op.H * op.W;
        if (tiles.IsPointwise)
        {
            Gemm.Multiply(rows, p1 - p0, tiles.GroupO, a, 1, tiles.Depth, b, panelStride, bK, plane + p0, tiles.Pixels);
            return;
        }
        if (panel == 0) new Span<float>(plane, channels * op.H * op.W).Clear();
        int width = panelsPerStage * Gemm.Panel;
        Gemm.Multiply(rows, p1 - p0, tiles.GroupO, a, 1, tiles.Depth, b, panelStride, bK, memory.Scratch, width);
        // A few runs at a time: their number has no bound but the pixels.
        PixelRun* runs = stackalloc PixelRun[64];
        int first = image * tiles.Pixels;
        for (int p = p0; p < p1;)
        {
            int end = Math.Min(p1, p + 64);
            int runCount = tiles.Runs(first + p, first + end, runs);
            tiles.Col2Im(dx, group, channel * tiles.KernelSize, channel * tiles.KernelSize + rows, runs, runCount, memory.Scratch + (p - p0), width);
            p = end;
        }
    }
}
