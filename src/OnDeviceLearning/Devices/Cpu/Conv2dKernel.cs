using OnDeviceLearning.Operations;
using static OnDeviceLearning.Devices.Cpu.Conv2dTiles;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>
/// Convolution as a product w [O, Depth] * im2col [Depth, pixels], a few panels of pixels at a time: the im2col matrix
/// never exists as a whole. Pixels of several images share a panel, so small late layers fill it too.
/// </summary>
internal sealed unsafe class Conv2dKernel : CpuKernel
{
    private const double UnitTarget = 0.1e-3;
    private const int MaxPackedFloats = 48 * 1024; // stays in the second-level cache

    private readonly Conv2d op;
    private readonly Conv2dTiles tiles;
    private readonly ProductEpilogue epilogue;
    private readonly int panels, panelsPerUnit, panelBlocks, channelsPerUnit, channelBlocks;

    public Conv2dKernel(Conv2d op)
    {
        this.op = op;
        epilogue = new ProductEpilogue(op.HasBias, op.HasResidual, op.Activation);
        tiles = new Conv2dTiles(op);
        panels = Gemm.Panels(checked(op.N * tiles.Pixels));
        double panelSeconds = 2.0 * tiles.GroupO * tiles.Depth * Gemm.Panel / Gemm.FlopsPerSecond;
        channelBlocks = (int)Math.Clamp(Math.Ceiling(panelSeconds / (2 * UnitTarget)), 1, (tiles.GroupO + 11) / 12);
        channelsPerUnit = ((tiles.GroupO + channelBlocks - 1) / channelBlocks + 11) / 12 * 12;
        channelBlocks = (tiles.GroupO + channelsPerUnit - 1) / channelsPerUnit;
        panelsPerUnit = (int)Math.Clamp(Math.Min(UnitTarget / panelSeconds, MaxPackedFloats / (double)(tiles.Depth * Gemm.Panel)), 1, panels);
        panelBlocks = (panels + panelsPerUnit - 1) / panelsPerUnit;
    }

    // One packed panel, and a tile of y for panels that cross images.
    public override long WorkerScratch => (long)(tiles.Depth + channelsPerUnit) * Gemm.Panel;

    public override int Units(int stage) => op.Groups * channelBlocks * panelBlocks;

    public override double UnitSeconds(int stage) =>
        panelsPerUnit * Gemm.Panel * (2.0 * Math.Min(channelsPerUnit, tiles.GroupO) * tiles.Depth / Gemm.FlopsPerSecond + tiles.Depth * 4 / BytesPerSecond);

    public override void Run(in CpuKernelMemory memory, int stage, int from, int to)
    {
        float* x = memory[0], w = memory[1], bias = op.HasBias ? memory[2] : null, y = memory[epilogue.Output];
        float* packed = memory.Scratch, tile = packed + (long)tiles.Depth * Gemm.Panel;
        PixelRun* runs = stackalloc PixelRun[32];
        for (int unit = from; unit < to; unit++)
        {
            int group = unit / (channelBlocks * panelBlocks), channel = unit / panelBlocks % channelBlocks * channelsPerUnit;
            int channels = Math.Min(channelsPerUnit, tiles.GroupO - channel), firstPanel = unit % panelBlocks * panelsPerUnit;
            int outChannel = group * tiles.GroupO + channel;
            float* weights = w + (long)outChannel * tiles.Depth, shift = bias == null ? null : bias + outChannel;
            for (int panel = firstPanel; panel < Math.Min(panels, firstPanel + panelsPerUnit); panel++)
            {
                int q = panel * Gemm.Panel, end = Math.Min(q + Gemm.Panel, op.N * tiles.Pixels), image = q / tiles.Pixels, pixel = q % tiles.Pixels;
                bool inOneImage = pixel + Gemm.Panel <= tiles.Pixels;
                float* b = packed;
                nint bK = Gemm.Panel;
                if (inOneImage && tiles.IsPointwise)
                {
                    b = x + ((long)image * op.C + group * tiles.GroupC) * tiles.Pixels + pixel;
                    bK = tiles.Pixels;
                }
                else
                {
                    int runCount = tiles.Runs(q, end, runs);
                    tiles.Im2Col(x, group, 0, tiles.Depth, runs, runCount, packed, Gemm.Panel);
                }
                if (inOneImage)
                {
                    float* target = y + ((long)image * op.OutChannels + outChannel) * tiles.Pixels + pixel;
                    Gemm.Multiply(channels, Gemm.Panel, tiles.Depth, weights, tiles.Depth, 1, b, 0, bK, target, tiles.Pixels, bias: shift);
                    epilogue.Apply(memory, target - y, tiles.Pixels, channels, Gemm.Panel, -1);
                    continue;
                }
                Gemm.Multiply(channels, Gemm.Panel, tiles.Depth, weights, tiles.Depth, 1, b, 0, bK, tile, Gemm.Panel, bias: shift);
                for (int i = q; i < end;)
                {
                    int next = Math.Min(end, (i / tiles.Pixels + 1) * tiles.Pixels), count = next - i;
                    long start = ((long)(i / tiles.Pixels) * op.OutChannels + outChannel) * tiles.Pixels + i % tiles.Pixels;
                    for (int c = 0; c < channels; c++)
                        new ReadOnlySpan<float>(tile + c * Gemm.Panel + i - q, count).CopyTo(new Span<float>(y + start + (long)c * tiles.Pixels, count));
                    epilogue.Apply(memory, start, tiles.Pixels, channels, count, -1);
                    i = next;
                }
            }
        }
    }
}
