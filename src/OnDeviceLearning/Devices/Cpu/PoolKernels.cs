using System.Numerics;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>Pooling and its gradients, one plane a unit.</summary>
internal abstract unsafe class PoolKernel(Pool2dOperation op) : CpuKernel
{
    protected readonly int OutH = op.OutH, OutW = op.OutW, Plane = op.H * op.W, OutPlane = op.OutH * op.OutW;

    public override int Units(int stage) => op.Planes;

    public override double UnitSeconds(int stage) => OutPlane * (op.Kernel * op.Kernel + 4) * 1e-9 + Plane * 8.0 / BytesPerSecond;
}

internal sealed unsafe class MaxPool2dKernel(MaxPool2d op) : PoolKernel(op)
{
    public override void Run(in CpuKernelMemory memory, int stage, int from, int to)
    {
        for (int plane = from; plane < to; plane++)
        {
            float* x = memory[0] + (long)plane * Plane, y = memory[1] + (long)plane * OutPlane;
            int* argmax = memory.Int32(2) + (long)plane * OutPlane;
            for (int oh = 0; oh < OutH; oh++)
                for (int ow = 0; ow < OutW; ow++)
                {
                    (int h0, int h1, int w0, int w1) = op.Window(oh, ow);
                    int best = h0 * op.W + w0;
                    float largest = x[best];
                    for (int h = h0; h < h1; h++)
                        for (int i = h * op.W + w0; i < h * op.W + w1; i++)
                            if (x[i] > largest) (largest, best) = (x[i], i);
                    y[oh * OutW + ow] = largest;
                    argmax[oh * OutW + ow] = best;
                }
        }
    }
}

internal sealed unsafe class MaxPool2dGradientKernel(MaxPool2dGradient op) : PoolKernel(op)
{
    public override void Run(in CpuKernelMemory memory, int stage, int from, int to)
    {
        for (int plane = from; plane < to; plane++)
        {
            float* dy = memory[0] + (long)plane * OutPlane;
            int* argmax = memory.Int32(1) + (long)plane * OutPlane;
            Span<float> dx = new(memory[2] + (long)plane * Plane, Plane); // its bounds check guards against a foreign argmax
            dx.Clear();
            for (int i = 0; i < OutPlane; i++) dx[argmax[i]] += dy[i];
        }
    }
}

internal sealed unsafe class AveragePool2dKernel(AveragePool2d op) : PoolKernel(op)
{
    public override void Run(in CpuKernelMemory memory, int stage, int from, int to)
    {
        for (int plane = from; plane < to; plane++)
        {
            float* x = memory[0] + (long)plane * Plane, y = memory[1] + (long)plane * OutPlane;
            for (int oh = 0; oh < OutH; oh++)
                for (int ow = 0; ow < OutW; ow++)
                {
                    (int h0, int h1, int w0, int w1) = op.Window(oh, ow);
                    float sum = 0;
                    for (int h = h0; h < h1; h++)
                        for (int i = h * op.W + w0; i < h * op.W + w1; i++) sum += x[i];
                    y[oh * OutW + ow] = sum / (op.CountIncludePadding ? op.Kernel * op.Kernel : (h1 - h0) * (w1 - w0));
                }
        }
    }
}

internal sealed unsafe class AveragePool2dGradientKernel(AveragePool2dGradient op) : PoolKernel(op)
{
    public override void Run(in CpuKernelMemory memory, int stage, int from, int to)
    {
        for (int plane = from; plane < to; plane++)
        {
            float* dy = memory[0] + (long)plane * OutPlane, dx = memory[1] + (long)plane * Plane;
            new Span<float>(dx, Plane).Clear();
            for (int oh = 0; oh < OutH; oh++)
                for (int ow = 0; ow < OutW; ow++)
                {
                    (int h0, int h1, int w0, int w1) = op.Window(oh, ow);
                    float share = dy[oh * OutW + ow] / (op.CountIncludePadding ? op.Kernel * op.Kernel : (h1 - h0) * (w1 - w0));
                    for (int h = h0; h < h1; h++)
                        for (int i = h * op.W + w0; i < h * op.W + w1; i++) dx[i] += share;
                }
        }
    }
}

/// <summary>Pooling of channels-last images, a row of the output a unit, a vector of channels at a time.</summary>
internal abstract unsafe class PoolLastKernel(Pool2dOperation op, int channels) : CpuKernel
{
    protected readonly int OutH = op.OutH, OutW = op.OutW, Channels = channels;

    public override int Units(int stage) => op.Planes / Channels * OutH;

    public override double UnitSeconds(int stage) => 50e-9 + OutW * (double)Channels * (op.Kernel * op.Kernel + 2) * 0.5e-9;
}

internal sealed unsafe class MaxPool2dLastKernel(MaxPool2d op, int channels) : PoolLastKernel(op, channels)
{
    public override void Run(in CpuKernelMemory memory, int stage, int from, int to)
    {
        for (int unit = from; unit < to; unit++)
        {
            float* x = memory[0] + (long)(unit / OutH) * op.H * op.W * Channels;
            for (int ow = 0; ow < OutW; ow++)
            {
                (int h0, int h1, int w0, int w1) = op.Window(unit % OutH, ow);
                long target = ((long)unit * OutW + ow) * Channels;
                Largest(x, h0, h1, w0, w1, memory[1] + target, memory.Int32(2) + target);
            }
        }
    }

    private void Largest(float* x, int h0, int h1, int w0, int w1, float* y, int* argmax)
    {
        int c = 0;
        for (; c + Vector<float>.Count <= Channels; c += Vector<float>.Count)
        {
            Vector<int> best = new(h0 * op.W + w0);
            Vector<float> largest = Vector.Load(x + (long)(h0 * op.W + w0) * Channels + c);
            for (int h = h0; h < h1; h++)
                for (int i = h * op.W + w0; i < h * op.W + w1; i++)
                {
                    Vector<float> value = Vector.Load(x + (long)i * Channels + c);
                    Vector<int> larger = Vector.GreaterThan(value, largest);
                    largest = Vector.ConditionalSelect(larger, value, largest);
                    best = Vector.ConditionalSelect(larger, new Vector<int>(i), best);
                }
            Vector.Store(largest, y + c);
            Vector.Store(best, argmax + c);
        }
        for (; c < Channels; c++)
        {
            int best = h0 * op.W + w0;
            for (int h = h0; h < h1; h++)
                for (int i = h * op.W + w0; i < h * op.W + w1; i++)
                    if (x[(long)i * Channels + c] > x[(long)best * Channels + c]) best = i;
            y[c] = x[(long)best * Channels + c];
            argmax[c] = best;
        }
    }
}

/// <summary>
/// Where windows touch no input twice and leave none out between them, a row of the output a unit writes the input rows
/// below it; otherwise a unit scatters a block of an image's channels.
/// </summary>
internal sealed unsafe class MaxPool2dGradientLastKernel(MaxPool2dGradient op, int channels) : PoolLastKernel(op, channels)
{
    private readonly bool tiled = op.Kernel == op.Stride && op.Padding == 0;

    private const int ScatteredChannels = 16;

    private int ChannelBlocks => (Channels + ScatteredChannels - 1) / ScatteredChannels;

    public override int Units(int stage) => tiled ? base.Units(stage) : op.Planes / Channels * ChannelBlocks;

    public override double UnitSeconds(int stage) =>
        tiled ? base.UnitSeconds(stage) : (op.H * op.W * 0.3e-9 + OutH * OutW * 3e-9) * Math.Min(Channels, ScatteredChannels);

    public override void Run(in CpuKernelMemory memory, int stage, int from, int to)
    {
        for (int unit = from; unit < to; unit++)
            if (tiled) Row(memory, unit / OutH, unit % OutH);
            else Scatter(memory, unit / ChannelBlocks, unit % ChannelBlocks * ScatteredChannels);
    }

    private void Row(in CpuKernelMemory memory, int image, int oh)
    {
        float* dy = memory[0] + ((long)image * OutH + oh) * OutW * Channels, dx = memory[2] + (long)image * op.H * op.W * Channels;
        int* argmax = memory.Int32(1) + ((long)image * OutH + oh) * OutW * Channels;
        int h0 = oh * op.Kernel, h1 = oh == OutH - 1 ? op.H : h0 + op.Kernel, covered = OutW * op.Kernel;
        for (int h = h0; h < h1; h++)
        {
            float* row = dx + (long)h * op.W * Channels;
            if (h >= h0 + op.Kernel) covered = 0;
            new Span<float>(row + (long)covered * Channels, (op.W - covered) * Channels).Clear();
            for (int w = 0; w < covered; w++)
            {
                long source = (long)(w / op.Kernel) * Channels;
                Select(dy + source, argmax + source, h * op.W + w, row + (long)w * Channels);
            }
        }
    }

    private void Select(float* dy, int* argmax, int position, float* dx)
    {
        int c = 0;
        for (; c + Vector<float>.Count <= Channels; c += Vector<float>.Count)
            Vector.Store(Vector.ConditionalSelect(Vector.Equals(Vector.Load(argmax + c), new Vector<int>(position)), Vector.Load(dy + c), Vector<float>.Zero), dx + c);
        for (; c < Channels; c++) dx[c] = argmax[c] == position ? dy[c] : 0;
    }

    private void Scatter(in CpuKernelMemory memory, int image, int channel)
    {
        int outPixels = OutH * OutW;
        float* dy = memory[0] + (long)image * outPixels * Channels;
        int* argmax = memory.Int32(1) + (long)image * outPixels * Channels;
        Span<float> dx = new(memory[2] + (long)image * op.H * op.W * Channels, op.H * op.W * Channels); // its bounds check guards against a foreign argmax
        int end = Math.Min(Channels, channel + ScatteredChannels);
        for (int i = 0; i < op.H * op.W; i++) dx[(i * Channels + channel)..(i * Channels + end)].Clear();
        for (int i = 0; i < outPixels; i++, dy += Channels, argmax += Channels)
            for (int c = channel; c < end; c++) dx[argmax[c] * Channels + c] += dy[c];
    }
}
