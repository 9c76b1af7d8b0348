using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>
/// Convolution of channels-last images as a product, target pixels times taps and source channels: a tile is a dozen target
/// pixels, and for each tap its rows are gathered where the source pixels lie; what lies outside reads a row of zeros. The
/// gradient for the input is the same with source and target exchanged. Stage 0 packs the weights; stage 1, where the
/// source is a few planes, interleaves them with their padding, so that a whole kernel row is one segment; stage 2
/// computes.
/// </summary>
internal sealed unsafe class Conv2dProductKernel : CpuKernel
{
    private const double UnitTarget = 0.12e-3;
    private const int MaxTiles = 8;

    private const int LeastUnits = 16; // so that several threads get alike
    private const int CachedWeights = 128 * 1024; // floats that stay in the second-level cache from tile to tile
    private const int CachedSource = 64 * 1024; // floats of the source that do, while panels of many weights pass

    private readonly Conv2dOperation op;
    private readonly Conv2dTaps taps;
    private readonly bool gradient, planes, trains;
    private readonly ConvolutionOperands operands;
    private readonly int channels, outChannels; // of a group: of the source, of the target
    private readonly int panels, panelsPerUnit, panelBlocks, tileRows, tilesPerUnit, tilesPerBlock, tileBlocks;
    private readonly int[] firstBlock; // of each phase; the last element is their number
    private readonly int segments, segmentLength, maxPointers;

    public Conv2dProductKernel(Conv2dOperation op, bool gradient, bool planes, ConvolutionOperands operands)
    {
        this.op = op;
        this.operands = operands;
        this.gradient = gradient;
        this.planes = planes;
        trains = gradient || operands.Norm is not null; // what is written is not read soon
        taps = new Conv2dTaps(op, gradient);
        (channels, outChannels) = (op.C / op.Groups, op.OutChannels / op.Groups);
        if (gradient) (channels, outChannels) = (outChannels, channels);
        panels = Gemm.Panels(outChannels);
        // Without padding the pixels of a kernel row follow one another, channels and all.
        bool whole = planes || (!gradient && op.Padding == 0 && op.Dilation == 1 && op.Groups == 1);
        (segments, segmentLength) = whole ? (op.KernelH, op.KernelW * channels) : (op.KernelH * op.KernelW, channels);
        IsWhole = whole;

        // Units of a block lie in the order of panels, so that a thread's share reads its own weights, and those once. Where
        // few tiles fall into two halves, a unit is a tile instead, and what a thread reads next it wrote itself.
        long pixels = (long)op.N * taps.TargetPixels;
        tileRows = RowsOfTiles(pixels);
        double panelSeconds = 2.0 * tileRows * Gemm.Panel * Depth / Gemm.FlopsPerSecond; // of one tile
        long allTiles = (pixels + tileRows - 1) / tileRows;
        bool isCached = (long)Depth * outChannels <= CachedWeights, few = allTiles <= MaxTiles, byRows = few && SharesRows(pixels);
        panelsPerUnit = byRows ? panels : isCached && !few ? (int)Math.Clamp(2 * UnitTarget / panelSeconds, 1, panels) : 1;
        panelBlocks = (panels + panelsPerUnit - 1) / panelsPerUnit;
        int tiles = (int)Math.Clamp(UnitTarget / (panelSeconds * panelsPerUnit), 1, MaxTiles);
        if (few) tilesPerBlock = (int)allTiles;
        else if (isCached) tilesPerBlock = (int)Math.Min(tiles, allTiles / 8);
        else tilesPerBlock = (int)Math.Min(allTiles, Math.Max(tiles, CachedSource / (tileRows * (long)channels)));
        tilesPerUnit = byRows ? 1 : isCached && !few ? tilesPerBlock : (int)Math.Clamp((long)panelBlocks * tilesPerBlock / LeastUnits, 1, Math.Min(tiles, tilesPerBlock));
        tileBlocks = (tilesPerBlock + tilesPerUnit - 1) / tilesPerUnit;
        firstBlock = new int[taps.Phases.Length + 1];
        for (int i = 0; i < taps.Phases.Length; i++)
        {
            long phasePixels = (long)op.N * taps.Phases[i].H * taps.Phases[i].W;
            firstBlock[i + 1] = checked(firstBlock[i] + (int)((phasePixels + BlockPixels - 1) / BlockPixels));
        }
        maxPointers = segments * (1 + 12);
    }

    /// <summary>Whether threads share so many target pixels, each all channels of some; otherwise each has some channels of all.</summary>
    public static bool SharesRows(long pixels)
    {
        int rows = RowsOfTiles(pixels);
        return pixels > MaxTiles * rows || (pixels % (2 * rows) == 0);
    }

    // Of an odd number of whole tiles, nine rows make an even one.
    private static int RowsOfTiles(long pixels) =>
        Gemm.TileRows == 12 && pixels <= MaxTiles * 9 && pixels % 24 != 0 && pixels % 18 == 0 ? 9 : Gemm.TileRows;

    private bool IsWhole { get; }

    private int Depth => channels * op.KernelH * op.KernelW;

    private int BlockPixels => tilesPerBlock * tileRows;

    private int UnitsPerBlock => panelBlocks * tileBlocks;

    private int PaddedH => op.H + 2 * op.Padding;

    private int PaddedW => op.W + 2 * op.Padding;

    private long PanelLength => (long)Depth * Gemm.Panel;

    private long PackedLength => op.Groups * panels * PanelLength;

    public override int PackedOperand => operands.Packed;

    public override int Stages => 3;

    // And the row of zeros, and what a norm shifts each channel by.
    public override long KeptMemory => ShiftOffset + (operands.Norm is null ? 0 : outChannels * op.Groups + CpuBuffer.Slack);

    // Pointers of the tiles, and offsets of their rows in the target; while packing, the norm's scales.
    public override long WorkerScratch => Math.Max(2L * tilesPerBlock * (maxPointers + 12), channels + Gemm.Panel);

    private long ShiftOffset => PackedLength + channels + Gemm.Panel;

    public override long SharedScratch => planes ? (long)op.N * PaddedH * PaddedW * channels : 0;

    public override int Units(int stage) => stage switch
    {
        0 => op.Groups * panels,
        1 => planes ? op.N * PaddedH : 0,
        _ => op.Groups * firstBlock[^1] * UnitsPerBlock,
    };

    public override double UnitSeconds(int stage) => stage switch
    {
        0 => PanelLength * 2e-9,
        1 => 20e-9 + PaddedW * channels * 2e-9,
        _ => tilesPerUnit * (2.0 * tileRows * panelsPerUnit * Gemm.Panel * Depth / Gemm.FlopsPerSecond + segments * tileRows * 3e-9),
    };

    public override void Run(in CpuKernelMemory memory, int stage, int from, int to)
    {
        if (stage < 2)
        {
            for (int unit = from; unit < to; unit++)
            {
                if (stage == 0) Pack(memory, unit / panels, unit % panels);
                else Interleave(memory, unit / PaddedH, unit % PaddedH);
                if (stage == 0 && operands.Norm is { } norm) Scale(memory, norm, unit / panels, unit % panels);
            }
            return;
        }
        for (int end; from < to; from = end)
        {
            int block = from / UnitsPerBlock;
            end = Math.Min(to, (block + 1) * UnitsPerBlock);
            Compute(memory, block, from - block * UnitsPerBlock, end - block * UnitsPerBlock);
        }
    }

    // Panel [tap, source channel, target channel]; w is [OutChannels, GroupC, taps].
    private void Pack(in CpuKernelMemory memory, int group, int panel)
    {
        int kernel = op.KernelH * op.KernelW, column = panel * Gemm.Panel, columns = Math.Min(Gemm.Panel, outChannels - column);
        float* target = memory.Kept + (group * panels + panel) * PanelLength;
        float* w = memory[operands.Weights] + (long)group * channels * outChannels * kernel;
        nint channelStride = gradient ? outChannels * kernel : kernel, columnStride = gradient ? kernel : channels * kernel;
        w += column * columnStride;
        if (kernel == 1 && gradient)
        {
            Gemm.PackPanel(w, channelStride, channels, columns, target);
            return;
        }
        if (kernel == 1)
        {
            WeightPanels.PackTransposed(w, columnStride, channels, columns, target);
            return;
        }
        for (int t = 0; t < kernel; t++)
            for (int c = 0; c < channels; c++, target += Gemm.Panel)
            {
                float* source = w + c * channelStride + t;
                for (int i = 0; i < columns; i++) target[i] = source[i * columnStride];
                for (int i = columns; i < Gemm.Panel; i++) target[i] = 0;
            }
    }

    /// <summary>Scales a packed panel, whose columns are the norm's channels, or for the gradient its rows.</summary>
    private void Scale(in CpuKernelMemory memory, NormFold norm, int group, int panel)
    {
        float* row = memory.Kept + (group * panels + panel) * PanelLength, scale = memory.Scratch;
        if (gradient)
        {
            norm.Scale(memory, group * channels, channels, scale);
            for (int k = 0; k < Depth; k++, row += Gemm.Panel)
            {
                Span<float> values = new(row, Gemm.Panel);
                TensorPrimitives.Multiply(values, scale[k % channels], values);
            }
            return;
        }
        int column = group * outChannels + panel * Gemm.Panel, columns = Math.Min(Gemm.Panel, outChannels - panel * Gemm.Panel);
        norm.Scale(memory, column, columns, scale);
        norm.Shift(memory, column, columns, scale, memory.Kept + ShiftOffset + column);
        for (int k = 0; k < Depth; k++, row += Gemm.Panel)
            TensorPrimitives.Multiply(new ReadOnlySpan<float>(row, columns), new ReadOnlySpan<float>(scale, columns), new Span<float>(row, columns));
    }

    private void Interleave(in CpuKernelMemory memory, int image, int row) =>
        Conv2dPlanes.InterleaveRow(op, memory[operands.Source] + (long)image * channels * op.H * op.W, row,
            memory.Shared + ((long)image * PaddedH + row) * PaddedW * channels);

    /// <summary>Units from..to of a block, whose rows are gathered once for all of them.</summary>
    private void Compute(in CpuKernelMemory memory, int block, int from, int to)
    {
        int phaseIndex = 0, group = block / firstBlock[^1];
        block %= firstBlock[^1];
        while (firstBlock[phaseIndex + 1] <= block) phaseIndex++;
        Conv2dTaps.Phase phase = taps.Phases[phaseIndex];
        long first = (long)(block - firstBlock[phaseIndex]) * BlockPixels, end = Math.Min(first + BlockPixels, (long)op.N * phase.H * phase.W);
        int tileCount = (int)((end - first + tileRows - 1) / tileRows), unitPixels = tilesPerUnit * tileRows;
        bool onePanel = from / tileBlocks == (to - 1) / tileBlocks;
        int firstTile = onePanel ? from % tileBlocks * tilesPerUnit : 0, lastTile = onePanel ? ((to - 1) % tileBlocks + 1) * tilesPerUnit : tileCount;
        if (firstTile >= tileCount) return;
        float** pointers = (float**)memory.Scratch;
        nint* offsets = (nint*)(pointers + tilesPerBlock * maxPointers);
        Gather(memory, group, phase, first + firstTile * tileRows, Math.Min(end, first + lastTile * tileRows),
            pointers + firstTile * maxPointers, offsets + firstTile * 12);

        float* tile = stackalloc float[Gemm.TileFloats];
        TileTarget target = new() { Alpha = 1, Tile = tile, CRow = (nint)outChannels * op.Groups, Relu = operands.Epilogue.IsRelu };
        for (int unit = from, next; unit < to; unit = next)
        {
            next = Math.Min(to, (unit / tileBlocks + 1) * tileBlocks); // units of the same panels together
            int panel = unit / tileBlocks * panelsPerUnit, tiles = unit % tileBlocks * tilesPerUnit;
            long start = first + tiles * tileRows, stop = Math.Min(end, start + (next - unit) * unitPixels);
            if (start < stop) Multiply(memory, group, phase, panel, Math.Min(panels, panel + panelsPerUnit), start, stop, pointers + tiles * maxPointers, offsets + tiles * 12, ref target);
        }
    }

    private void Multiply(in CpuKernelMemory memory, int group, Conv2dTaps.Phase phase, int firstPanel, int lastPanel,
        long first, long end, float** pointers, nint* offsets, ref TileTarget target)
    {
        int used = IsWhole ? segments : phase.Taps.Length;
        ProductEpilogue epilogue = operands.Epilogue;
        float* y = memory[epilogue.Output] + group * outChannels, residual = epilogue.Residual(memory);
        float* bias = operands.Norm is { } && !gradient ? memory.Kept + ShiftOffset : epilogue.Bias(memory);
        for (int panel = firstPanel; panel < lastPanel; panel++)
        {
            int column = panel * Gemm.Panel;
            float* b = memory.Kept + (group * panels + panel) * PanelLength;
            target.C = y + column;
            target.Columns = Math.Min(Gemm.Panel, outChannels - column);
            target.Bias = bias == null ? null : bias + group * outChannels + column;
            float** at = pointers;
            nint* rows = offsets;
            for (long q = first; q < end; q += tileRows, at += maxPointers, rows += 12)
            {
                target.Rows = (int)Math.Min(tileRows, end - q);
                if (phase.Step > 1) target.Offsets = rows;
                else target.C = y + column + q * target.CRow; // pixels of a single phase follow one another
                if (residual != null) target.Residual = residual + group * outChannels + column + (phase.Step > 1 ? 0 : q * target.CRow);
                if (trains) target.Fetch();
                int stride = 1 + Gemm.TileShape(target.Rows);
                for (int s = 0; s < used; s++) at[s * stride] = b + (long)(IsWhole ? s : phase.Taps[s]) * segmentLength * Gemm.Panel;
                Gemm.Rows(used, segmentLength, at, Gemm.Panel, ref target);
            }
        }
        if (!epilogue.HasOtherActivation && !epilogue.HasMask) return;
        int firstColumn = firstPanel * Gemm.Panel, columns = Math.Min(outChannels, lastPanel * Gemm.Panel) - firstColumn;
        if (phase.Step > 1) // only gradients have several phases, and they have no activation
        {
            for (long q = first; q < end; q++)
                epilogue.ApplyMask(memory, y + offsets[(q - first) / tileRows * 12 + (q - first) % tileRows] + firstColumn, columns);
            return;
        }
        float* start = y + first * target.CRow + firstColumn;
        int pixels = (int)(end - first);
        if (!epilogue.HasMask) epilogue.Activate(start, pixels, target.CRow, columns);
        else if (columns == target.CRow) epilogue.ApplyMask(memory, start, pixels * columns); // they follow one another
        else
            for (int pixel = 0; pixel < pixels; pixel++) epilogue.ApplyMask(memory, start + pixel * target.CRow, columns);
    }

    /// <summary>For each tile, segment by segment, where its rows begin in the source; and where they go in the target.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Gather(in CpuKernelMemory memory, int group, Conv2dTaps.Phase phase, long first, long end, float** pointers, nint* offsets)
    {
        float* source = planes ? memory.Shared : memory[operands.Source] + group * channels;
        float* zeros = memory.Kept + PackedLength;
        nint pixel = planes ? channels : (nint)channels * op.Groups, sourceRow = (planes ? PaddedW : taps.SourceW) * pixel;
        nint sourceImage = (planes ? PaddedH : taps.SourceH) * sourceRow, targetPixel = (nint)outChannels * op.Groups;
        nint targetRow = taps.TargetW * targetPixel, targetImage = taps.TargetH * targetRow;
        int perImage = phase.H * phase.W, kernelH = op.KernelH, kernelW = op.KernelW;
        int[] phaseTaps = phase.Taps;
        bool all = phaseTaps.Length == kernelH * kernelW;
        if (kernelH * kernelW == 1 && op.Stride == 1 && op.Padding == 0)
        {
            // Source and target pixels are the same, one after another.
            for (long q = first; q < end; q += tileRows, pointers += maxPointers)
            {
                int rows = (int)Math.Min(tileRows, end - q), shape = Gemm.TileShape(rows);
                for (int r = 0; r < shape; r++) pointers[1 + r] = source + (q + Math.Min(r, rows - 1)) * pixel;
            }
            return;
        }
        float* corner = source;
        nint next = op.Stride * pixel;
        int image = (int)(first / perImage), i = (int)(first % perImage) / phase.W, j = (int)(first % phase.W);
        for (long q = first; q < end; q += tileRows, pointers += maxPointers, offsets += 12)
        {
            int rows = (int)Math.Min(tileRows, end - q), shape = Gemm.TileShape(rows);
            for (int r = 0; r < rows; r++)
            {
                int h = phase.Row + i * phase.Step, w = phase.Column + j * phase.Step;
                if (phase.Step > 1) offsets[r] = image * targetImage + h * targetRow + w * targetPixel;
                float* from = source + image * sourceImage;
                float** pointer = pointers + 1 + r;
                if (IsWhole)
                {
                    if (j == 0 || (r == 0 && q == first)) corner = from + (nint)h * op.Stride * sourceRow + (nint)w * op.Stride * pixel;
                    else corner += next; // of the same row
                    for (int kh = 0; kh < kernelH; kh++, pointer += 1 + shape) *pointer = corner + kh * sourceRow;
                }
                else if (all)
                {
                    for (int kh = 0; kh < kernelH; kh++)
                    {
                        int row = taps.Row(h, kh);
                        float* line = from + row * sourceRow;
                        for (int kw = 0; kw < kernelW; kw++, pointer += 1 + shape)
                        {
                            int column = taps.Column(w, kw);
                            *pointer = (row | column) < 0 ? zeros : line + column * pixel;
                        }
                    }
                }
                else
                {
                    foreach (int tap in phaseTaps)
                    {
                        int row = taps.Row(h, tap / kernelW), column = taps.Column(w, tap % kernelW);
                        *pointer = (row | column) < 0 ? zeros : from + row * sourceRow + column * pixel;
                        pointer += 1 + shape;
                    }
                }
                if (++j < phase.W) continue;
                j = 0;
                if (++i < phase.H) continue;
                i = 0;
                image++;
            }
            // The rows a shape has beyond the last one repeat it.
            for (int s = 0; s < (IsWhole ? segments : phaseTaps.Length) && rows < shape; s++)
                for (int r = rows; r < shape; r++) pointers[s * (1 + shape) + 1 + r] = pointers[s * (1 + shape) + rows];
        }
    }
}

/// <summary>Few planes as a channels-last image with its padding.</summary>
internal static unsafe class Conv2dPlanes
{
    /// <summary>Row <paramref name="row"/> of the padded image [W + 2 * Padding, C] from planes [C, H, W].</summary>
    public static void InterleaveRow(Conv2dOperation op, float* planes, int row, float* target)
    {
        int width = op.W + 2 * op.Padding, h = row - op.Padding;
        new Span<float>(target, width * op.C).Clear();
        if ((uint)h >= (uint)op.H) return;
        target += op.Padding * op.C;
        int w0 = 0;
        for (int c = 0; c < op.C; c++)
        {
            float* plane = planes + ((long)c * op.H + h) * op.W;
            if (op.C == 1) new ReadOnlySpan<float>(plane, op.W).CopyTo(new Span<float>(target, op.W));
            else if (c == 0 && op.C <= 4) w0 = Fours(op, plane, target);
            for (int w = op.C == 1 ? op.W : w0; w < op.W; w++) target[w * op.C + c] = plane[w];
        }
    }

    /// <summary>Four pixels of two to four planes at a time; returns how many. What is stored beyond a pixel's channels is its neighbour's, stored next.</summary>
    private static int Fours(Conv2dOperation op, float* planes, float* target)
    {
        nint plane = (nint)op.H * op.W;
        float* last = planes + (op.C - 1) * plane;
        int w = 0;
        for (; w + 4 < op.W; w += 4, planes += 4, last += 4, target += 4 * op.C)
            Gemm.Transpose4x4(planes, planes + plane, op.C > 2 ? planes + 2 * plane : last, last, target, op.C);
        return w;
    }
}
