using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>Of kernels other than 3x3. Stage 0 sums a block of output rows of one image a unit, as [taps, C]; stage 1 adds the blocks in order, a block of channels a unit.</summary>
internal sealed unsafe class DepthwiseWeightGradientKernel : CpuKernel
{
    private const double UnitTarget = 0.1e-3;
    private const int ChannelsPerUnit = 32;

    private readonly Conv2dWeightGradient op;
    private readonly Conv2dTaps taps;
    private readonly int rowsPerUnit, rowBlocks;

    public DepthwiseWeightGradientKernel(Conv2dWeightGradient op)
    {
        this.op = op;
        taps = new Conv2dTaps(op, gradient: false);
        rowsPerUnit = (int)Math.Clamp(UnitTarget / RowSeconds, 1, taps.TargetH);
        rowBlocks = (taps.TargetH + rowsPerUnit - 1) / rowsPerUnit;
    }

    private int Kernel => op.KernelH * op.KernelW;

    private double RowSeconds => taps.TargetW * (double)op.C * Kernel * 0.2e-9 + Kernel * op.C * 0.5e-9;

    private long SumLength => (long)Kernel * op.C;

    public override int Stages => 2;

    public override long SharedScratch => op.N * rowBlocks * SumLength + CpuBuffer.Slack;

    public override int Units(int stage) => stage == 0 ? op.N * rowBlocks : (op.C + ChannelsPerUnit - 1) / ChannelsPerUnit;

    public override double UnitSeconds(int stage) => stage == 0 ? rowsPerUnit * RowSeconds : (double)op.N * rowBlocks * Kernel * Math.Min(op.C, ChannelsPerUnit) * 0.3e-9;

    public override void Run(in CpuKernelMemory memory, int stage, int from, int to)
    {
        for (int unit = from; unit < to; unit++)
            if (stage == 0) SumRows(memory, unit);
            else Add(memory, unit * ChannelsPerUnit);
    }

    private void SumRows(in CpuKernelMemory memory, int unit)
    {
        int image = unit / rowBlocks, h0 = unit % rowBlocks * rowsPerUnit, h1 = Math.Min(taps.TargetH, h0 + rowsPerUnit);
        float* x = memory[0] + (long)image * taps.SourcePixels * op.C, dy = memory[1] + (long)image * taps.TargetPixels * op.C;
        for (int t = 0; t < Kernel; t++)
        {
            int kh = t / op.KernelW, kw = t % op.KernelW, first = 0, end = taps.TargetW;
            while (first < end && taps.Column(first, kw) < 0) first++;
            while (end > first && taps.Column(end - 1, kw) < 0) end--;
            float* sums = memory.Shared + unit * SumLength + (long)t * op.C;
            new Span<float>(sums, op.C).Clear();
            if (first == end) continue;
            for (int h = h0; h < h1; h++)
            {
                int row = taps.Row(h, kh);
                if (row < 0) continue;
                AddProducts(x + ((nint)row * op.W + taps.Column(first, kw)) * op.C, op.Stride * op.C, dy + ((nint)h * taps.TargetW + first) * op.C, op.C, end - first, sums);
            }
        }
    }

    private static void AddProducts(float* x, nint pixel, float* dy, int channels, int count, float* sums)
    {
        if (Vector512.IsHardwareAccelerated) AddProducts<Simd512, Vector512<float>>(x, pixel, dy, channels, count, sums);
        else if (Vector256.IsHardwareAccelerated) AddProducts<Simd256, Vector256<float>>(x, pixel, dy, channels, count, sums);
        else AddProducts<Simd128, Vector128<float>>(x, pixel, dy, channels, count, sums);
    }

    /// <summary>sums [channels] += x * dy over <paramref name="count"/> pixels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddProducts<TSimd, TVector>(float* x, nint pixel, float* dy, int channels, int count, float* sums)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        for (int c = 0; c < channels; c += TSimd.Width)
        {
            TVector s0 = TSimd.Load(sums + c), s1 = default, s2 = default, s3 = default;
            float* a = x + c, b = dy + c;
            int i = 0;
            for (; i + 4 <= count; i += 4, a += 4 * pixel, b += 4 * (nint)channels)
            {
                s0 = TSimd.MultiplyAdd(TSimd.Load(a), TSimd.Load(b), s0);
                s1 = TSimd.MultiplyAdd(TSimd.Load(a + pixel), TSimd.Load(b + channels), s1);
                s2 = TSimd.MultiplyAdd(TSimd.Load(a + 2 * pixel), TSimd.Load(b + 2 * channels), s2);
                s3 = TSimd.MultiplyAdd(TSimd.Load(a + 3 * pixel), TSimd.Load(b + 3 * channels), s3);
            }
            for (; i < count; i++, a += pixel, b += channels) s0 = TSimd.MultiplyAdd(TSimd.Load(a), TSimd.Load(b), s0);
            s0 = TSimd.Add(TSimd.Add(s0, s1), TSimd.Add(s2, s3));
            if (c + TSimd.Width <= channels) TSimd.Store(sums + c, s0);
            else TSimd.StorePart(sums + c, s0, channels - c);
        }
    }

    private void Add(in CpuKernelMemory memory, int channel)
    {
        int count = Math.Min(ChannelsPerUnit, op.C - channel);
        float* total = stackalloc float[ChannelsPerUnit];
        for (int t = 0; t < Kernel; t++)
        {
            float* sums = memory.Shared + (long)t * op.C + channel;
            new Span<float>(total, count).Clear();
            for (int block = 0; block < op.N * rowBlocks; block++, sums += SumLength)
                for (int i = 0; i < count; i++) total[i] += sums[i];
            for (int i = 0; i < count; i++) memory[2][(long)(channel + i) * Kernel + t] += total[i];
        }
    }
}
