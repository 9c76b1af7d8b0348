using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>
/// The weight gradient of a depthwise 3x3 convolution with stride 1 or 2, of channels-last images. Stage 0 takes some rows
/// of dy a unit, of one image or several: for a vector of channels the sums of a row of the kernel stay in registers while
/// four neighbours of dy at a time meet the columns of x. Stage 1 adds the units' sums in order, a block of channels a unit.
/// </summary>
internal sealed unsafe class Depthwise3x3WeightGradientKernel : CpuKernel
{
    private const double UnitTarget = 0.1e-3;
    private const int ChannelsPerUnit = 64, Quad = 4;
    private const int Slots = 32; // of a quad's list of pointers: null, dy and three rows of x where all is inside, otherwise every pixel
    private const int QuadsPerUnit = 24; // a vector of channels of them, and of x, stays in the first-level cache for three rows of the kernel

    private readonly Conv2dWeightGradient op;
    private readonly Conv2dTaps taps;
    private readonly int rowsPerUnit, blocks;

    public Depthwise3x3WeightGradientKernel(Conv2dWeightGradient op)
    {
        this.op = op;
        taps = new Conv2dTaps(op, gradient: false);
        double rowSeconds = taps.TargetW * op.C * 1.5e-9;
        rowsPerUnit = Math.Min(Rows, (int)Math.Clamp(UnitTarget / rowSeconds, 1, Math.Max(1, QuadsPerUnit / Quads)));
        blocks = (Rows + rowsPerUnit - 1) / rowsPerUnit;
    }

    /// <summary>Whether this kernel computes it.</summary>
    public static bool Fits(Conv2dOperation op) => op is { KernelH: 3, KernelW: 3, Dilation: 1, Stride: 1 or 2 };

    private int Rows => op.N * taps.TargetH;

    private int Quads => (taps.TargetW + Quad - 1) / Quad;

    private long SumLength => 9L * op.C;

    private int Met => op.Stride == 1 ? 6 : 9; // columns of x that a quad meets

    public override int Stages => 2;

    public override long KeptMemory => op.C; // a pixel of zeros

    public override long WorkerScratch => 2L * rowsPerUnit * Quads * Slots;

    public override long SharedScratch => blocks * SumLength + CpuBuffer.Slack;

    public override int Units(int stage) => stage == 0 ? blocks : (op.C + ChannelsPerUnit - 1) / ChannelsPerUnit;

    public override double UnitSeconds(int stage) => stage == 0
        ? rowsPerUnit * (taps.TargetW * op.C * 1.5e-9 + Quads * 60e-9)
        : blocks * 9.0 * Math.Min(op.C, ChannelsPerUnit) * 0.3e-9;

    public override void Run(in CpuKernelMemory memory, int stage, int from, int to)
    {
        for (int unit = from; unit < to; unit++)
            if (stage == 0) Sum(memory, unit);
            else Add(memory, unit * ChannelsPerUnit);
    }

    private void Sum(in CpuKernelMemory memory, int unit)
    {
        int first = unit * rowsPerUnit, end = Math.Min(Rows, first + rowsPerUnit);
        float** list = (float**)memory.Scratch;
        for (int row = first; row < end; row++)
        {
            list = List(memory, row, list);
            FetchAhead(memory, row + rowsPerUnit);
        }
        int quads = (int)(list - (float**)memory.Scratch) / Slots;
        float* sums = memory.Shared + unit * SumLength;
        list = (float**)memory.Scratch;
        if (Vector512.IsHardwareAccelerated) Sums<Simd512, Vector512<float>>(quads, list, sums);
        else if (Vector256.IsHardwareAccelerated) Sums<Simd256, Vector256<float>>(quads, list, sums);
        else Sums<Simd128, Vector128<float>>(quads, list, sums);
    }

    /// <summary>
    /// A row of dy of the next unit, and the rows of x that it is the first to meet: vectors of channels of many pixels are
    /// more than the processor sees coming. The dy of a part of a batch was computed just before, and is near.
    /// </summary>
    private void FetchAhead(in CpuKernelMemory memory, int row)
    {
        if (!Sse.IsSupported || row >= Rows) return;
        float* dy = memory[1] + (long)row * taps.TargetW * op.C, x = memory[0] + ((long)(row / taps.TargetH) * op.H + (long)(row % taps.TargetH) * op.Stride) * op.W * op.C;
        for (int i = 0; i < taps.TargetW * op.C && !op.IsPart; i += 16) Sse.Prefetch1(dy + i);
        for (int i = 0; i < op.Stride * op.W * op.C; i += 16) Sse.Prefetch1(x + i);
    }

    /// <summary>The quads of one row of dy: null, dy, three rows of x; or dy's four pixels and from slot 4 on x's columns, row by row.</summary>
    private float** List(in CpuKernelMemory memory, int row, float** list)
    {
        int image = row / taps.TargetH, h = row % taps.TargetH;
        float* zeros = memory.Kept, x = memory[0] + (long)image * taps.SourcePixels * op.C, dy = memory[1] + (long)row * taps.TargetW * op.C;
        float** lines = stackalloc float*[3];
        bool all = true;
        for (int kh = 0; kh < 3; kh++)
        {
            int source = taps.Row(h, kh);
            lines[kh] = source < 0 ? null : x + (nint)source * taps.SourceW * op.C;
            all &= source >= 0;
        }
        for (int w = 0; w < taps.TargetW; w += Quad, list += Slots)
        {
            int column = w * op.Stride - op.Padding;
            if (all && w + Quad <= taps.TargetW && column >= 0 && column + Met <= taps.SourceW)
            {
                list[0] = null;
                list[1] = dy + (nint)w * op.C;
                for (int kh = 0; kh < 3; kh++) list[2 + kh] = lines[kh] + (nint)column * op.C;
                continue;
            }
            for (int i = 0; i < Quad; i++) list[i] = w + i < taps.TargetW ? dy + (nint)(w + i) * op.C : zeros;
            for (int kh = 0; kh < 3; kh++)
                for (int i = 0; i < Met; i++)
                    list[4 + kh * Met + i] = lines[kh] != null && (uint)(column + i) < (uint)taps.SourceW ? lines[kh] + (nint)(column + i) * op.C : zeros;
        }
        return list;
    }

    private void Sums<TSimd, TVector>(int quads, float** list, float* sums)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        if (op.Stride == 1) Sums1<TSimd, TVector>(quads, list, op.C, sums);
        else Sums2<TSimd, TVector>(quads, list, op.C, sums);
    }

    // Sums of even and odd pixels apart, so that they need not wait for one another.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Sums1<TSimd, TVector>(int quads, float** list, int channels, float* sums)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        nint pixel = channels;
        for (int c = 0; c < channels; c += TSimd.Width)
            for (int kh = 0; kh < 3; kh++)
            {
                TVector a0 = default, a1 = default, a2 = default, b0 = default, b1 = default, b2 = default, x, g0, g1, g2, g3;
                float** at = list, end = list + quads * Slots;
                for (; at < end; at += Slots)
                {
                    if (at[0] == null)
                    {
                        float* d = at[1] + c, from = at[2 + kh] + c;
                        g0 = TSimd.Load(d);
                        g1 = TSimd.Load(d += pixel);
                        g2 = TSimd.Load(d += pixel);
                        g3 = TSimd.Load(d += pixel);
                        x = TSimd.Load(from);
                        a0 = TSimd.MultiplyAdd(g0, x, a0);
                        x = TSimd.Load(from += pixel);
                        a1 = TSimd.MultiplyAdd(g0, x, a1);
                        b0 = TSimd.MultiplyAdd(g1, x, b0);
                        x = TSimd.Load(from += pixel);
                        a2 = TSimd.MultiplyAdd(g0, x, a2);
                        b1 = TSimd.MultiplyAdd(g1, x, b1);
                        a0 = TSimd.MultiplyAdd(g2, x, a0);
                        x = TSimd.Load(from += pixel);
                        b2 = TSimd.MultiplyAdd(g1, x, b2);
                        a1 = TSimd.MultiplyAdd(g2, x, a1);
                        b0 = TSimd.MultiplyAdd(g3, x, b0);
                        x = TSimd.Load(from += pixel);
                        a2 = TSimd.MultiplyAdd(g2, x, a2);
                        b1 = TSimd.MultiplyAdd(g3, x, b1);
                        x = TSimd.Load(from += pixel);
                        b2 = TSimd.MultiplyAdd(g3, x, b2);
                        continue;
                    }
                    float** columns = at + 4 + 6 * kh;
                    g0 = TSimd.Load(at[0] + c);
                    g1 = TSimd.Load(at[1] + c);
                    g2 = TSimd.Load(at[2] + c);
                    g3 = TSimd.Load(at[3] + c);
                    x = TSimd.Load(columns[0] + c);
                    a0 = TSimd.MultiplyAdd(g0, x, a0);
                    x = TSimd.Load(columns[1] + c);
                    a1 = TSimd.MultiplyAdd(g0, x, a1);
                    b0 = TSimd.MultiplyAdd(g1, x, b0);
                    x = TSimd.Load(columns[2] + c);
                    a2 = TSimd.MultiplyAdd(g0, x, a2);
                    b1 = TSimd.MultiplyAdd(g1, x, b1);
                    a0 = TSimd.MultiplyAdd(g2, x, a0);
                    x = TSimd.Load(columns[3] + c);
                    b2 = TSimd.MultiplyAdd(g1, x, b2);
                    a1 = TSimd.MultiplyAdd(g2, x, a1);
                    b0 = TSimd.MultiplyAdd(g3, x, b0);
                    x = TSimd.Load(columns[4] + c);
                    a2 = TSimd.MultiplyAdd(g2, x, a2);
                    b1 = TSimd.MultiplyAdd(g3, x, b1);
                    x = TSimd.Load(columns[5] + c);
                    b2 = TSimd.MultiplyAdd(g3, x, b2);
                }
                float* target = sums + 3 * kh * pixel + c;
                int left = channels - c;
                Store<TSimd, TVector>(target, TSimd.Add(a0, b0), left);
                Store<TSimd, TVector>(target + pixel, TSimd.Add(a1, b1), left);
                Store<TSimd, TVector>(target + 2 * pixel, TSimd.Add(a2, b2), left);
            }
    }

    // Sums of even and odd pixels apart, so that they need not wait for one another.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Sums2<TSimd, TVector>(int quads, float** list, int channels, float* sums)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        nint pixel = channels;
        for (int c = 0; c < channels; c += TSimd.Width)
            for (int kh = 0; kh < 3; kh++)
            {
                TVector a0 = default, a1 = default, a2 = default, b0 = default, b1 = default, b2 = default, x, g0, g1, g2, g3;
                float** at = list, end = list + quads * Slots;
                for (; at < end; at += Slots)
                {
                    if (at[0] == null)
                    {
                        float* d = at[1] + c, from = at[2 + kh] + c;
                        g0 = TSimd.Load(d);
                        g1 = TSimd.Load(d += pixel);
                        g2 = TSimd.Load(d += pixel);
                        g3 = TSimd.Load(d += pixel);
                        x = TSimd.Load(from);
                        a0 = TSimd.MultiplyAdd(g0, x, a0);
                        x = TSimd.Load(from += pixel);
                        a1 = TSimd.MultiplyAdd(g0, x, a1);
                        x = TSimd.Load(from += pixel);
                        a2 = TSimd.MultiplyAdd(g0, x, a2);
                        b0 = TSimd.MultiplyAdd(g1, x, b0);
                        x = TSimd.Load(from += pixel);
                        b1 = TSimd.MultiplyAdd(g1, x, b1);
                        x = TSimd.Load(from += pixel);
                        b2 = TSimd.MultiplyAdd(g1, x, b2);
                        a0 = TSimd.MultiplyAdd(g2, x, a0);
                        x = TSimd.Load(from += pixel);
                        a1 = TSimd.MultiplyAdd(g2, x, a1);
                        x = TSimd.Load(from += pixel);
                        a2 = TSimd.MultiplyAdd(g2, x, a2);
                        b0 = TSimd.MultiplyAdd(g3, x, b0);
                        x = TSimd.Load(from += pixel);
                        b1 = TSimd.MultiplyAdd(g3, x, b1);
                        x = TSimd.Load(from += pixel);
                        b2 = TSimd.MultiplyAdd(g3, x, b2);
                        continue;
                    }
                    float** columns = at + 4 + 9 * kh;
                    g0 = TSimd.Load(at[0] + c);
                    g1 = TSimd.Load(at[1] + c);
                    g2 = TSimd.Load(at[2] + c);
                    g3 = TSimd.Load(at[3] + c);
                    x = TSimd.Load(columns[0] + c);
                    a0 = TSimd.MultiplyAdd(g0, x, a0);
                    x = TSimd.Load(columns[1] + c);
                    a1 = TSimd.MultiplyAdd(g0, x, a1);
                    x = TSimd.Load(columns[2] + c);
                    a2 = TSimd.MultiplyAdd(g0, x, a2);
                    b0 = TSimd.MultiplyAdd(g1, x, b0);
                    x = TSimd.Load(columns[3] + c);
                    b1 = TSimd.MultiplyAdd(g1, x, b1);
                    x = TSimd.Load(columns[4] + c);
                    b2 = TSimd.MultiplyAdd(g1, x, b2);
                    a0 = TSimd.MultiplyAdd(g2, x, a0);
                    x = TSimd.Load(columns[5] + c);
                    a1 = TSimd.MultiplyAdd(g2, x, a1);
                    x = TSimd.Load(columns[6] + c);
                    a2 = TSimd.MultiplyAdd(g2, x, a2);
                    b0 = TSimd.MultiplyAdd(g3, x, b0);
                    x = TSimd.Load(columns[7] + c);
                    b1 = TSimd.MultiplyAdd(g3, x, b1);
                    x = TSimd.Load(columns[8] + c);
                    b2 = TSimd.MultiplyAdd(g3, x, b2);
                }
                float* target = sums + 3 * kh * pixel + c;
                int left = channels - c;
                Store<TSimd, TVector>(target, TSimd.Add(a0, b0), left);
                Store<TSimd, TVector>(target + pixel, TSimd.Add(a1, b1), left);
                Store<TSimd, TVector>(target + 2 * pixel, TSimd.Add(a2, b2), left);
            }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TSimd, TVector>(float* target, TVector value, int left)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        if (left >= TSimd.Width) TSimd.Store(target, value);
        else TSimd.StorePart(target, value, left);
    }

    private void Add(in CpuKernelMemory memory, int channel)
    {
        int count = Math.Min(ChannelsPerUnit, op.C - channel);
        float* total = stackalloc float[ChannelsPerUnit];
        for (int t = 0; t < 9; t++)
        {
            ColumnSums.Sum(memory.Shared + (long)t * op.C + channel, (nint)SumLength, blocks, count, total);
            for (int i = 0; i < count; i++) memory[2][(long)(channel + i) * 9 + t] += total[i];
        }
    }
}
