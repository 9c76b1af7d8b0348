using System.Runtime.Intrinsics;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>The tiles of a 3x3 convolution with stride 1, and which sizes are worth transforming.</summary>
internal sealed unsafe class WinogradTiles(Conv2dOperation op, bool gradient)
{
    public const int Planes = 36;

    private const int LeastChannels = 12;

    /// <summary>Most products of a pixel: a register's tiles of it are computed in one unit, which must be short.</summary>
    private static readonly int maxProducts = Math.Min(16, Gemm.Panel) * 1024;

    /// <summary>Rows of the target, of the source, columns of both, and padding.</summary>
    public readonly int TargetH = gradient ? op.H : op.OutH, TargetW = gradient ? op.W : op.OutW, SourceH = gradient ? op.OutH : op.H, SourceW = gradient ? op.OutW : op.W;
    public readonly int Padding = gradient ? 2 - op.Padding : op.Padding;

    public int Rows => (TargetH + 3) / 4;

    public int Columns => (TargetW + 3) / 4;

    public int Count => op.N * Rows * Columns;

    public static bool Fits(Conv2dOperation op) =>
        op is { KernelH: 3, KernelW: 3, Stride: 1, Dilation: 1, Groups: 1, Padding: <= 2 }
        && op.C >= LeastChannels && op.OutChannels >= LeastChannels && op.C * op.OutChannels <= maxProducts && op.OutH >= 4 && op.OutW >= 4;

    /// <summary>Floats of a row of channels in a plane: whole panels, so that products are never partial.</summary>
    public static int Padded(int channels) => Gemm.Panels(channels) * Gemm.Panel;

    /// <summary>Floats between planes of so many rows; a little more than they need, so that planes do not compete for the same lines of the cache.</summary>
    public static nint Plane(int rows, int width) => (nint)rows * width + 16;

    /// <summary>The 36 source pixels below a tile, <paramref name="zeros"/> for those outside.</summary>
    public void SourcePixels(int tile, float* source, int channels, float* zeros, float** pixels)
    {
        int image = tile / (Rows * Columns), h = tile / Columns % Rows * 4 - Padding, w = tile % Columns * 4 - Padding;
        float* x = source + (nint)image * SourceH * SourceW * channels;
        for (int i = 0; i < 6; i++)
            for (int j = 0; j < 6; j++)
                *pixels++ = (uint)(h + i) < (uint)SourceH && (uint)(w + j) < (uint)SourceW ? x + ((nint)(h + i) * SourceW + w + j) * channels : zeros;
    }

    /// <summary>The 16 target pixels of a tile from channel <paramref name="from"/> on, <paramref name="outside"/> for those outside.</summary>
    public void TargetPixels(int tile, float* target, int channels, float* outside, float** pixels, int from = 0)
    {
        int image = tile / (Rows * Columns), h = tile / Columns % Rows * 4, w = tile % Columns * 4;
        float* y = target + (nint)image * TargetH * TargetW * channels + from;
        for (int i = 0; i < 4; i++)
            for (int j = 0; j < 4; j++)
                *pixels++ = h + i < TargetH && w + j < TargetW ? y + ((nint)(h + i) * TargetW + w + j) * channels : outside;
    }
}

/// <summary>
/// A 3x3 convolution with stride 1 of channels-last images, or its gradient for the input (the same with turned kernels), by
/// <see cref="WinogradTransforms{TSimd, TVector}"/>. Stage 0 transforms and packs the weights, stage 1 takes a few tiles a
/// unit, and as many units as it is given together: transforms them, multiplies plane by plane, transforms back. Of an image
/// of few tiles a unit is a panel of the target's channels: threads share the weights then, which are most of the work.
/// </summary>
internal sealed unsafe class WinogradKernel : CpuKernel
{
    private const double UnitTarget = 0.4e-3;
    private const int MaxTiles = 24, UnitTiles = 4, FewTiles = 8;

    private readonly Conv2dOperation op;
    private readonly WinogradTiles tiles;
    private readonly bool gradient;
    private readonly ConvolutionOperands operands;
    private readonly int channels, outChannels, panels, tilesPerUnit, tilesPerBlock;
    private readonly bool byPanel;

    public WinogradKernel(Conv2dOperation op, bool gradient, ConvolutionOperands operands)
    {
        this.op = op;
        this.operands = operands;
        this.gradient = gradient;
        tiles = new WinogradTiles(op, gradient);
        (channels, outChannels) = gradient ? (op.OutChannels, op.C) : (op.C, op.OutChannels);
        panels = Gemm.Panels(outChannels);
        byPanel = tiles.Count <= FewTiles;
        tilesPerBlock = Math.Min(tiles.Count, Math.Clamp((int)(UnitTarget / TileSeconds), Gemm.TileRows, MaxTiles) / Gemm.TileRows * Gemm.TileRows);
        tilesPerUnit = byPanel ? tiles.Count : tiles.Count < 8 * Gemm.TileRows ? UnitTiles : Gemm.TileRows;
    }

    private int Width => WinogradTiles.Padded(channels);

    private int OutWidth => WinogradTiles.Padded(outChannels);

    private nint Plane => WinogradTiles.Plane(Rows, Width);

    private nint OutPlane => WinogradTiles.Plane(Rows, OutWidth);

    // The last tile of rows may be written in full.
    private int Rows => (tilesPerBlock + 11) / 12 * 12;

    private long PanelLength => (long)channels * Gemm.Panel;

    public override int PackedOperand => operands.Packed;

    public override int Stages => 2;

    // And the row of zeros, and what a norm shifts each channel by.
    public override long KeptMemory => ShiftOffset + (operands.Norm is null ? 0 : OutWidth);

    private long ShiftOffset => WinogradTiles.Planes * panels * PanelLength + Width;

    public override long WorkerScratch => WinogradTiles.Planes * (Plane + OutPlane);

    public override int Units(int stage) => stage == 0 ? panels : byPanel ? panels : (tiles.Count + tilesPerUnit - 1) / tilesPerUnit;

    public override double UnitSeconds(int stage) => stage == 0
        ? channels * Gemm.Panel * 30e-9
        : tilesPerUnit * TileSeconds / (byPanel ? panels : 1);

    // Products of 36 planes, whose panels lie in the cache: half as fast again as the careful guess for any product.
    private double TileSeconds => 2.0 * WinogradTiles.Planes * channels * outChannels / (1.5 * Gemm.FlopsPerSecond) + (Width + OutWidth) * 12e-9;

    public override void Run(in CpuKernelMemory memory, int stage, int from, int to)
    {
        if (stage == 0)
        {
            for (int unit = from; unit < to; unit++) Pack(memory, unit);
            return;
        }
        if (byPanel)
        {
            Compute(memory, 0, tiles.Count, from, to);
            return;
        }
        int end = Math.Min(tiles.Count, to * tilesPerUnit);
        for (int tile = from * tilesPerUnit; tile < end; tile += tilesPerBlock) Compute(memory, tile, Math.Min(tilesPerBlock, end - tile), 0, panels);
    }

    // Planes of panels [source channel, target channel]; w is [OutChannels, C, 3, 3].
    private void Pack(in CpuKernelMemory memory, int panel)
    {
        int column = panel * Gemm.Panel, columns = Math.Min(Gemm.Panel, outChannels - column);
        float* w = memory[operands.Weights], kernels = stackalloc float[9 * 32], scale = memory.Scratch;
        nint channelStride = gradient ? outChannels * 9 : 9, columnStride = gradient ? 9 : channels * 9;
        new Span<float>(kernels, 9 * Gemm.Panel).Clear();
        if (operands.Norm is { } norm)
        {
            norm.Scale(memory, gradient ? 0 : column, gradient ? channels : columns, scale);
            if (!gradient) norm.Shift(memory, column, columns, scale, memory.Kept + ShiftOffset + column);
        }
        for (int c = 0; c < channels; c++)
        {
            for (int i = 0; i < columns; i++)
            {
                float* kernel = w + c * channelStride + (column + i) * columnStride;
                float factor = operands.Norm is null ? 1 : scale[gradient ? c : i];
                for (int t = 0; t < 9; t++) kernels[t * Gemm.Panel + i] = factor * kernel[gradient ? 8 - t : t];
            }
            float* u = memory.Kept + panel * PanelLength + (long)c * Gemm.Panel;
            nint plane = (nint)(panels * PanelLength);
            if (Vector512.IsHardwareAccelerated) WinogradTransforms<Simd512, Vector512<float>>.Kernel(kernels, Gemm.Panel, u, plane);
            else if (Vector256.IsHardwareAccelerated) WinogradTransforms<Simd256, Vector256<float>>.Kernel(kernels, Gemm.Panel, u, plane);
            else WinogradTransforms<Simd128, Vector128<float>>.Kernel(kernels, Gemm.Panel, u, plane);
        }
    }

    private void Compute(in CpuKernelMemory memory, int first, int count, int firstPanel, int lastPanel)
    {
        float* v = memory.Scratch, m = v + WinogradTiles.Planes * Plane, zeros = memory.Kept + WinogradTiles.Planes * panels * PanelLength;
        float** pixels = stackalloc float*[36];
        for (int t = 0; t < count; t++)
        {
            tiles.SourcePixels(first + t, memory[operands.Source], channels, zeros, pixels);
            if (Vector512.IsHardwareAccelerated) WinogradTransforms<Simd512, Vector512<float>>.Input(pixels, channels, v + t * Width, Plane);
            else if (Vector256.IsHardwareAccelerated) WinogradTransforms<Simd256, Vector256<float>>.Input(pixels, channels, v + t * Width, Plane);
            else WinogradTransforms<Simd128, Vector128<float>>.Input(pixels, channels, v + t * Width, Plane);
        }
        float** rows = stackalloc float*[13];
        TileTarget target = new() { Alpha = 1, Roomy = true, CRow = OutWidth };
        for (int plane = 0; plane < WinogradTiles.Planes; plane++)
            for (int panel = firstPanel; panel < lastPanel; panel++)
            {
                rows[0] = memory.Kept + (plane * (long)panels + panel) * PanelLength;
                int column = panel * Gemm.Panel;
                target.Columns = Math.Min(Gemm.Panel, outChannels - column);
                for (int r = 0; r < count; r += Gemm.TileRows)
                {
                    target.Rows = Math.Min(Gemm.TileRows, count - r);
                    target.C = m + plane * OutPlane + (nint)r * OutWidth + column;
                    int shape = Gemm.TileShape(target.Rows);
                    for (int i = 0; i < shape; i++) rows[1 + i] = v + plane * Plane + (nint)(r + Math.Min(i, target.Rows - 1)) * Width;
                    Gemm.Rows(1, channels, rows, Gemm.Panel, ref target);
                }
            }
        ProductEpilogue epilogue = operands.Epilogue;
        float* y = memory[epilogue.Output], bias = operands.Norm is { } && !gradient ? memory.Kept + ShiftOffset : epilogue.Bias(memory), residual = epilogue.Residual(memory);
        nint shift = residual == null ? 0 : (nint)(residual - y);
        int from = firstPanel * Gemm.Panel, width = Math.Min(outChannels, lastPanel * Gemm.Panel) - from;
        if (bias != null) bias += from;
        int activated = byPanel ? Gemm.Panel : width; // together: an activation may compute a row's end in another way
        for (int t = 0; t < count; t++)
        {
            tiles.TargetPixels(first + t, y, outChannels, null, pixels, from);
            float* at = m + (nint)t * OutWidth + from;
            if (Vector512.IsHardwareAccelerated) WinogradTransforms<Simd512, Vector512<float>>.Output(at, OutPlane, width, bias, residual != null, shift, epilogue.IsRelu, pixels);
            else if (Vector256.IsHardwareAccelerated) WinogradTransforms<Simd256, Vector256<float>>.Output(at, OutPlane, width, bias, residual != null, shift, epilogue.IsRelu, pixels);
            else WinogradTransforms<Simd128, Vector128<float>>.Output(at, OutPlane, width, bias, residual != null, shift, epilogue.IsRelu, pixels);
            if (!epilogue.HasOtherActivation && !epilogue.HasMask) continue;
            for (int i = 0; i < 16; i++)
            {
                if (pixels[i] == null) continue;
                if (epilogue.HasMask) epilogue.ApplyMask(memory, pixels[i], width);
                else
                    for (int n = 0; n < width; n += activated) epilogue.Activate(pixels[i] + n, 1, 0, Math.Min(activated, width - n));
            }
        }
    }
}
