using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>
/// dw, tap by tap: the sum over pixels of outer products, channels of x times channels of dy, both read where they lie in
/// channels-last images; pixels that a tap meets outside are left out of the list. It is summed as [taps, C, O] in shared
/// memory, a stretch of pixels a stage, in order; the last stage turns it over and adds it to dw. Stage 0, where x is a few
/// planes, interleaves them with their padding, so that a whole kernel row is one tap.
/// </summary>
internal sealed unsafe class Conv2dWeightGradientKernel : CpuKernel
{
    private const double UnitTarget = 0.1e-3;
    private const int PixelsPerStage = 512, OutChannelsPerUnit = 16;

    private readonly Conv2dWeightGradient op;
    private readonly Conv2dTaps taps;
    private readonly bool planes;
    private readonly int channels, outChannels; // of a group
    private readonly int taps0, rows; // taps (or kernel rows), and rows of each one's product
    private readonly int rowsPerUnit, rowBlocks, pixels, pixelStages;

    public Conv2dWeightGradientKernel(Conv2dWeightGradient op, bool planes)
    {
        this.op = op;
        this.planes = planes;
        taps = new Conv2dTaps(op, gradient: false);
        (channels, outChannels) = (op.C / op.Groups, op.OutChannels / op.Groups);
        (taps0, rows) = planes ? (op.KernelH, op.KernelW * channels) : (op.KernelH * op.KernelW, channels);
        pixels = checked(op.N * taps.TargetPixels);
        pixelStages = (pixels + PixelsPerStage - 1) / PixelsPerStage;
        double tileSeconds = 2.0 * Gemm.TileRows * Gemm.Panels(outChannels) * Gemm.Panel * Math.Min(pixels, PixelsPerStage) / Gemm.FlopsPerSecond;
        rowsPerUnit = Math.Min(rows, Gemm.TileRows * (int)Math.Clamp(UnitTarget / tileSeconds, 1, (rows + Gemm.TileRows - 1) / Gemm.TileRows));
        rowBlocks = (rows + rowsPerUnit - 1) / rowsPerUnit;
    }

    private int PaddedH => op.H + 2 * op.Padding;

    private int PaddedW => op.W + 2 * op.Padding;

    private long SumLength => (long)taps0 * rows * outChannels; // of a group

    private int FinishBlocks => (outChannels + OutChannelsPerUnit - 1) / OutChannelsPerUnit;

    public override int Stages => 2 + pixelStages;

    public override long WorkerScratch => 4L * PixelsPerStage; // pairs of pointers

    public override long SharedScratch => op.Groups * SumLength + (planes ? (long)op.N * PaddedH * PaddedW * channels : 0);

    public override int Units(int stage)
    {
        if (stage == 0) return planes ? op.N * PaddedH : 0;
        return stage <= pixelStages ? op.Groups * taps0 * rowBlocks : op.Groups * FinishBlocks;
    }

    public override double UnitSeconds(int stage)
    {
        if (stage == 0) return 20e-9 + PaddedW * channels * 2e-9;
        if (stage > pixelStages) return Math.Min(OutChannelsPerUnit, outChannels) * (double)taps0 * rows * 2e-9;
        return Math.Min(pixels, PixelsPerStage) * (2.0 * Math.Max(rowsPerUnit, Gemm.TileRows / 2) * Gemm.Panels(outChannels) * Gemm.Panel / Gemm.FlopsPerSecond + 3e-9);
    }

    public override void Run(in CpuKernelMemory memory, int stage, int from, int to)
    {
        for (int unit = from; unit < to; unit++)
            if (stage == 0)
                Conv2dPlanes.InterleaveRow(op, memory[0] + (long)(unit / PaddedH) * channels * op.H * op.W, unit % PaddedH, Interleaved(memory) + (long)unit * PaddedW * channels);
            else if (stage <= pixelStages) AddPixels(memory, (stage - 1) * PixelsPerStage, unit);
            else Finish(memory, unit);
    }

    private float* Interleaved(in CpuKernelMemory memory) => memory.Shared + op.Groups * SumLength;

    private void AddPixels(in CpuKernelMemory memory, int first, int unit)
    {
        int group = unit / (taps0 * rowBlocks), tap = unit / rowBlocks % taps0, row = unit % rowBlocks * rowsPerUnit;
        int end = Math.Min(pixels, first + PixelsPerStage), unitRows = Math.Min(rowsPerUnit, rows - row);
        float** pairs = (float**)memory.Scratch;
        int count = planes ? PlanePairs(memory, tap, first, end, pairs) : Pairs(memory, group, tap, first, end, pairs);
        float* tile = stackalloc float[Gemm.TileFloats];
        float* sums = memory.Shared + group * SumLength + ((long)tap * rows + row) * outChannels;
        TileTarget target = new() { Alpha = 1, Tile = tile, CRow = outChannels, Accumulate = first > 0 };
        for (int column = 0; column < outChannels; column += Gemm.Panel)
        {
            target.Columns = Math.Min(Gemm.Panel, outChannels - column);
            for (int r = 0; r < unitRows; r += Gemm.TileRows)
            {
                target.Rows = Math.Min(Gemm.TileRows, unitRows - r);
                target.C = sums + (long)r * outChannels + column;
                Gemm.Outer(count, pairs, row + r, column, ref target);
            }
        }
    }

    /// <summary>A pixel of x and a pixel of dy for each product of this tap.</summary>
    private int Pairs(in CpuKernelMemory memory, int group, int tap, int first, int end, float** pairs)
    {
        nint pixel = op.C, sourceRow = op.W * pixel;
        float* x = memory[0] + group * channels, dy = memory[1] + group * outChannels + (long)first * op.OutChannels;
        int count = 0, kh = tap / op.KernelW, kw = tap % op.KernelW;
        int image = first / taps.TargetPixels, h = first % taps.TargetPixels / taps.TargetW, w = first % taps.TargetW;
        for (int q = first; q < end; h++, w = 0)
        {
            if (h == taps.TargetH) (image, h) = (image + 1, 0);
            int row = taps.Row(h, kh), stop = Math.Min(taps.TargetW, w + end - q);
            q += stop - w;
            if (row < 0)
            {
                dy += (long)(stop - w) * op.OutChannels;
                continue;
            }
            float* from = x + ((nint)image * op.H + row) * sourceRow;
            for (; w < stop; w++, dy += op.OutChannels)
            {
                int column = taps.Column(w, kw);
                if (column < 0) continue;
                pairs[2 * count] = from + column * pixel;
                pairs[2 * count + 1] = dy;
                count++;
            }
        }
        return count;
    }

    private int PlanePairs(in CpuKernelMemory memory, int kernelRow, int first, int end, float** pairs)
    {
        float* x = Interleaved(memory), dy = memory[1];
        int image = first / taps.TargetPixels, h = first % taps.TargetPixels / taps.TargetW, w = first % taps.TargetW;
        for (int q = first; q < end; q++)
        {
            pairs[2 * (q - first)] = x + ((((long)image * PaddedH) + h * op.Stride + kernelRow) * PaddedW + w * op.Stride) * channels;
            pairs[2 * (q - first) + 1] = dy + (long)q * op.OutChannels;
            if (++w < taps.TargetW) continue;
            w = 0;
            if (++h < taps.TargetH) continue;
            h = 0;
            image++;
        }
        return end - first;
    }

    // sums [taps, channels, O] (with planes [KernelH, KernelW, channels, O], which is the same) to dw [O, channels, taps]
    private void Finish(in CpuKernelMemory memory, int unit)
    {
        int group = unit / FinishBlocks, o0 = unit % FinishBlocks * OutChannelsPerUnit, count = Math.Min(OutChannelsPerUnit, outChannels - o0);
        int kernel = op.KernelH * op.KernelW;
        nint depth = (nint)channels * kernel;
        float* sums = memory.Shared + group * SumLength + o0, dw = memory[2] + (group * outChannels + o0) * depth;
        for (int t = 0; t < kernel; t++)
            for (int c = 0; c < channels; c++, sums += outChannels)
            {
                float* target = dw + c * kernel + t;
                for (int o = 0; o < count; o++) target[o * depth] += sums[o];
            }
    }
}
