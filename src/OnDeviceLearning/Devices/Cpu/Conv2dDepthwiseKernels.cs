using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using OnDeviceLearning.Operations;
using static OnDeviceLearning.Devices.Cpu.Conv2dTiles;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>Depthwise convolution (one channel a group) and its gradients: a product would have one row, so rows of pixels are combined directly.</summary>
internal abstract unsafe class DepthwiseKernel(Conv2dOperation op) : CpuKernel
{
    protected readonly Conv2dTiles Tiles = new(op);

    protected double PlaneSeconds => 2.0 * Tiles.Pixels * Tiles.KernelSize / (op.Stride == 1 ? 4e9 : 1e9) + 4.0 * (Tiles.Pixels + op.H * op.W) / BytesPerSecond;

    /// <summary>For kernel element k and output row: the input row it meets and the columns lead..end that lie inside; false where it lies outside.</summary>
    protected bool Meets(int k, int outRow, out long inputStart, out int lead, out int end)
    {
        int h = outRow * op.Stride - op.Padding + k / op.KernelW * op.Dilation, w = -op.Padding + k % op.KernelW * op.Dilation;
        (lead, end) = Tiles.Inside(w, Tiles.OutW);
        inputStart = (long)h * op.W + w;
        return (uint)h < (uint)op.H && lead < end;
    }

    /// <summary>to[i * toStride] += scale * from[i * fromStride] for i in 0..count.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    protected static void AddScaled(float scale, float* from, int fromStride, float* to, int toStride, int count)
    {
        int i = 0;
        if (fromStride == 1 && toStride == 1)
        {
            Vector<float> factor = new(scale);
            for (; i + Vector<float>.Count <= count; i += Vector<float>.Count)
                Vector.Store(Vector.Load(to + i) + factor * Vector.Load(from + i), to + i);
        }
        for (; i < count; i++) to[i * toStride] += scale * from[i * fromStride];
    }
}

/// <summary>One plane of y a unit.</summary>
internal sealed unsafe class DepthwiseConv2dKernel(Conv2d op) : DepthwiseKernel(op)
{
    private readonly ProductEpilogue epilogue = new(op.HasBias, op.HasResidual, op.Activation);

    public override int Units(int stage) => op.N * op.C;

    public override double UnitSeconds(int stage) => PlaneSeconds;

    public override void Run(in CpuKernelMemory memory, int stage, int from, int to)
    {
        for (int plane = from; plane < to; plane++)
        {
            int channel = plane % op.C;
            float* x = memory[0] + (long)plane * op.H * op.W, w = memory[1] + channel * Tiles.KernelSize;
            float* y = memory[epilogue.Output] + (long)plane * Tiles.Pixels;
            new Span<float>(y, Tiles.Pixels).Fill(op.HasBias ? memory[2][channel] : 0);
            for (int row = 0; row < Tiles.OutH; row++)
                for (int k = 0; k < Tiles.KernelSize; k++)
                    if (Meets(k, row, out long start, out int lead, out int end))
                        AddScaled(w[k], x + start + lead * op.Stride, op.Stride, y + row * Tiles.OutW + lead, 1, end - lead);
            epilogue.Apply(memory, (long)plane * Tiles.Pixels, 0, 1, Tiles.Pixels, -1);
        }
    }
}

/// <summary>One plane of dx a unit.</summary>
internal sealed unsafe class DepthwiseInputGradientKernel(Conv2dInputGradient op) : DepthwiseKernel(op)
{
    public override int Units(int stage) => op.N * op.C;

    public override double UnitSeconds(int stage) => PlaneSeconds;

    public override void Run(in CpuKernelMemory memory, int stage, int from, int to)
    {
        for (int plane = from; plane < to; plane++)
        {
            float* w = memory[0] + plane % op.C * Tiles.KernelSize, dy = memory[1] + (long)plane * Tiles.Pixels, dx = memory[2] + (long)plane * op.H * op.W;
            new Span<float>(dx, op.H * op.W).Clear();
            for (int row = 0; row < Tiles.OutH; row++)
                for (int k = 0; k < Tiles.KernelSize; k++)
                    if (Meets(k, row, out long start, out int lead, out int end))
                        AddScaled(w[k], dy + row * Tiles.OutW + lead, 1, dx + start + lead * op.Stride, op.Stride, end - lead);
        }
    }
}

/// <summary>One channel of dw a unit, one image a stage.</summary>
internal sealed unsafe class DepthwiseWeightGradientKernel(Conv2dWeightGradient op) : DepthwiseKernel(op)
{
    public override int Stages => op.N;

    public override int Units(int stage) => op.C;

    public override double UnitSeconds(int stage) => PlaneSeconds;

    public override void Run(in CpuKernelMemory memory, int stage, int from, int to)
    {
        for (int channel = from; channel < to; channel++)
        {
            long plane = (long)stage * op.C + channel;
            float* x = memory[0] + plane * op.H * op.W, dy = memory[1] + plane * Tiles.Pixels, dw = memory[2] + channel * Tiles.KernelSize;
            for (int k = 0; k < Tiles.KernelSize; k++)
            {
                float sum = 0;
                for (int row = 0; row < Tiles.OutH; row++)
                {
                    if (!Meets(k, row, out long start, out int lead, out int end)) continue;
                    float* gradient = dy + row * Tiles.OutW;
                    if (op.Stride == 1)
                        sum += TensorPrimitives.Dot(new ReadOnlySpan<float>(x + start + lead, end - lead), new ReadOnlySpan<float>(gradient + lead, end - lead));
                    else
                        for (int i = lead; i < end; i++) sum += x[start + i * op.Stride] * gradient[i];
                }
                dw[k] += sum;
            }
        }
    }
}
