using System.Runtime.Intrinsics;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>
/// The weight gradient of a 3x3 convolution with stride 1, transformed. A group of tiles takes two stages: the first
/// transforms x and dy, some tiles a unit; the second adds the group's outer products, channels of x times channels of dy,
/// to 36 planes [C, O], a plane or part of it a unit. The last stage transforms the planes back and adds them to dw.
/// </summary>
internal sealed unsafe class WinogradWeightGradientKernel : CpuKernel
{
    private const int GroupTiles = 256, TilesPerUnit = 8, ChannelsPerUnit = 4;
    private const double UnitTarget = 0.2e-3;

    private readonly Conv2dWeightGradient op;
    private readonly WinogradTiles tiles;
    private readonly int groups, group; // number of groups, tiles of one
    private readonly int rowsPerUnit, rowBlocks;

    public WinogradWeightGradientKernel(Conv2dWeightGradient op)
    {
        this.op = op;
        tiles = new WinogradTiles(op, gradient: false);
        groups = (tiles.Count + GroupTiles - 1) / GroupTiles;
        group = (tiles.Count + groups - 1) / groups;
        double tileSeconds = 2.0 * Gemm.TileRows * OutWidth * group / Gemm.FlopsPerSecond;
        rowsPerUnit = Gemm.TileRows * (int)Math.Clamp(UnitTarget / tileSeconds, 1, (op.C + Gemm.TileRows - 1) / Gemm.TileRows);
        rowBlocks = (op.C + rowsPerUnit - 1) / rowsPerUnit;
    }

    private int Width => WinogradTiles.Padded(op.C);

    private int OutWidth => WinogradTiles.Padded(op.OutChannels);

    private nint XPlane => WinogradTiles.Plane(group, Width);

    private nint DyPlane => WinogradTiles.Plane(group, OutWidth);

    private nint SumPlane => WinogradTiles.Plane(rowBlocks * rowsPerUnit, OutWidth);

    private int TransformUnits => (group + TilesPerUnit - 1) / TilesPerUnit;

    private const int Planes = WinogradTiles.Planes;

    public override int Stages => 2 * groups + 1;

    public override long KeptMemory => Math.Max(Width, OutWidth); // the row of zeros

    public override long WorkerScratch => 4L * group; // pairs of pointers

    public override long SharedScratch => Planes * (XPlane + DyPlane + SumPlane);

    public override int Units(int stage)
    {
        if (stage == 2 * groups) return (op.C + ChannelsPerUnit - 1) / ChannelsPerUnit;
        return stage % 2 == 0 ? TransformUnits : Planes * rowBlocks;
    }

    public override double UnitSeconds(int stage)
    {
        if (stage == 2 * groups) return ChannelsPerUnit * OutWidth * 40e-9;
        return stage % 2 == 0
            ? TilesPerUnit * (Width + OutWidth) * 15e-9
            : 2.0 * rowsPerUnit * OutWidth * group / Gemm.FlopsPerSecond + group * 2e-9;
    }

    public override void Run(in CpuKernelMemory memory, int stage, int from, int to)
    {
        for (int unit = from; unit < to; unit++)
            if (stage == 2 * groups) Finish(memory, unit * ChannelsPerUnit);
            else if (stage % 2 == 0) Transform(memory, stage / 2 * group, unit * TilesPerUnit);
            else AddProducts(memory, stage / 2, unit / rowBlocks, unit % rowBlocks * rowsPerUnit);
    }

    private int CountOf(int groupIndex) => Math.Min(group, tiles.Count - groupIndex * group);

    private void Transform(in CpuKernelMemory memory, int first, int start)
    {
        float** pixels = stackalloc float*[36];
        int end = Math.Min(start + TilesPerUnit, Math.Min(group, tiles.Count - first));
        float* x = memory.Shared, dy = x + Planes * XPlane;
        for (int t = start; t < end; t++)
        {
            tiles.SourcePixels(first + t, memory[0], op.C, memory.Kept, pixels);
            float* xt = x + (nint)t * Width, dyt = dy + (nint)t * OutWidth;
            if (Vector512.IsHardwareAccelerated) WinogradTransforms<Simd512, Vector512<float>>.Input(pixels, op.C, xt, XPlane);
            else if (Vector256.IsHardwareAccelerated) WinogradTransforms<Simd256, Vector256<float>>.Input(pixels, op.C, xt, XPlane);
            else WinogradTransforms<Simd128, Vector128<float>>.Input(pixels, op.C, xt, XPlane);
            tiles.TargetPixels(first + t, memory[1], op.OutChannels, memory.Kept, pixels);
            if (Vector512.IsHardwareAccelerated) WinogradTransforms<Simd512, Vector512<float>>.OutputGradient(pixels, op.OutChannels, dyt, DyPlane);
            else if (Vector256.IsHardwareAccelerated) WinogradTransforms<Simd256, Vector256<float>>.OutputGradient(pixels, op.OutChannels, dyt, DyPlane);
            else WinogradTransforms<Simd128, Vector128<float>>.OutputGradient(pixels, op.OutChannels, dyt, DyPlane);
        }
    }

    private void AddProducts(in CpuKernelMemory memory, int groupIndex, int plane, int row)
    {
        int count = CountOf(groupIndex), rows = Math.Min(rowsPerUnit, op.C - row);
        float* x = memory.Shared + plane * XPlane + row, dy = memory.Shared + Planes * XPlane + plane * DyPlane;
        float* sums = memory.Shared + Planes * (XPlane + DyPlane) + plane * SumPlane + (nint)row * OutWidth;
        float** pairs = (float**)memory.Scratch;
        for (int t = 0; t < count; t++)
        {
            pairs[2 * t] = x + (nint)t * Width;
            pairs[2 * t + 1] = dy + (nint)t * OutWidth;
        }
        float* tile = stackalloc float[Gemm.TileFloats];
        TileTarget target = new() { Alpha = 1, Tile = tile, CRow = OutWidth, Accumulate = groupIndex > 0 };
        for (int column = 0; column < op.OutChannels; column += Gemm.Panel)
        {
            target.Columns = Math.Min(Gemm.Panel, op.OutChannels - column);
            for (int r = 0; r < rows; r += Gemm.TileRows)
            {
                target.Rows = Math.Min(Gemm.TileRows, rows - r);
                target.C = sums + (nint)r * OutWidth + column;
                Gemm.Outer(count, pairs, r, column, ref target);
            }
        }
    }

    private void Finish(in CpuKernelMemory memory, int channel)
    {
        float* sums = memory.Shared + Planes * (XPlane + DyPlane), kernels = stackalloc float[9 * 32];
        for (int c = channel; c < Math.Min(op.C, channel + ChannelsPerUnit); c++)
            for (int column = 0; column < op.OutChannels; column += Gemm.Panel)
            {
                float* m = sums + (nint)c * OutWidth + column;
                if (Vector512.IsHardwareAccelerated) WinogradTransforms<Simd512, Vector512<float>>.KernelGradient(m, SumPlane, Gemm.Panel, kernels);
                else if (Vector256.IsHardwareAccelerated) WinogradTransforms<Simd256, Vector256<float>>.KernelGradient(m, SumPlane, Gemm.Panel, kernels);
                else WinogradTransforms<Simd128, Vector128<float>>.KernelGradient(m, SumPlane, Gemm.Panel, kernels);
                int columns = Math.Min(Gemm.Panel, op.OutChannels - column);
                for (int i = 0; i < columns; i++)
                {
                    float* dw = memory[2] + ((long)(column + i) * op.C + c) * 9;
                    for (int t = 0; t < 9; t++) dw[t] += kernels[t * Gemm.Panel + i];
                }
            }
    }
}
