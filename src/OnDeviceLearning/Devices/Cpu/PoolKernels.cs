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
