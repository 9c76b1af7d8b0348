using System.Numerics.Tensors;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>An operation on rows that know nothing of each other, a row a unit.</summary>
internal abstract unsafe class RowKernel(Operation operation, int rows) : CpuKernel
{
    private readonly double unitSeconds = 50e-9 + (operation.Flops / (FlopsPerSecond / 4) + operation.Bytes / BytesPerSecond) / rows;

    public override int Units(int stage) => rows;

    public override double UnitSeconds(int stage) => unitSeconds;
}

internal sealed unsafe class SoftmaxKernel(Softmax op) : RowKernel(op, op.Rows)
{
    public override void Run(in CpuKernelMemory memory, int stage, int from, int to)
    {
        for (int row = from; row < to; row++)
        {
            ReadOnlySpan<float> x = new(memory[0] + (long)row * op.Width, op.Width);
            Span<float> y = new(memory[1] + (long)row * op.Width, op.Width);
            TensorPrimitives.Subtract(x, TensorPrimitives.Max(x), y);
            TensorPrimitives.Exp(y, y);
            TensorPrimitives.Multiply(y, 1 / TensorPrimitives.Sum<float>(y), y);
        }
    }
}

internal sealed unsafe class SoftmaxGradientKernel(SoftmaxGradient op) : RowKernel(op, op.Rows)
{
    public override void Run(in CpuKernelMemory memory, int stage, int from, int to)
    {
        for (int row = from; row < to; row++)
        {
            ReadOnlySpan<float> y = new(memory[0] + (long)row * op.Width, op.Width), dy = new(memory[1] + (long)row * op.Width, op.Width);
            Span<float> dx = new(memory[2] + (long)row * op.Width, op.Width);
            TensorPrimitives.Subtract(dy, TensorPrimitives.Dot(y, dy), dx);
            TensorPrimitives.Multiply(y, dx, dx);
        }
    }
}

internal sealed unsafe class L2NormalizeKernel(L2Normalize op) : RowKernel(op, op.Rows)
{
    public override void Run(in CpuKernelMemory memory, int stage, int from, int to)
    {
        for (int row = from; row < to; row++)
        {
            ReadOnlySpan<float> x = new(memory[0] + (long)row * op.Width, op.Width);
            float norm = TensorPrimitives.Norm(x);
            memory[2][row] = norm;
            TensorPrimitives.Multiply(x, 1 / Math.Max(norm, op.Epsilon), new Span<float>(memory[1] + (long)row * op.Width, op.Width));
        }
    }
}

internal sealed unsafe class L2NormalizeGradientKernel(L2NormalizeGradient op) : RowKernel(op, op.Rows)
{
    public override void Run(in CpuKernelMemory memory, int stage, int from, int to)
    {
        for (int row = from; row < to; row++)
        {
            float* y = memory[0] + (long)row * op.Width, dy = memory[2] + (long)row * op.Width, dx = memory[3] + (long)row * op.Width;
            float norm = memory[1][row], scale = 1 / Math.Max(norm, op.Epsilon);
            float dot = norm > op.Epsilon ? TensorPrimitives.Dot(new ReadOnlySpan<float>(y, op.Width), new ReadOnlySpan<float>(dy, op.Width)) : 0;
            for (int i = 0; i < op.Width; i++) dx[i] = (dy[i] - y[i] * dot) * scale;
        }
    }
}

/// <summary>
/// Stage 0 checks the targets and adds their weights; stage 1 takes a row a unit and leaves the row's loss in shared
/// memory; stage 2 adds the losses in order.
/// </summary>
internal sealed unsafe class SoftmaxCrossEntropyKernel(SoftmaxCrossEntropy op) : CpuKernel
{
    public override int Stages => 3;

    public override long SharedScratch => 2 + op.Rows; // total weight of the targets, sum of class weights, losses

    public override int Units(int stage) => stage == 1 ? op.Rows : 1;

    public override double UnitSeconds(int stage) => stage == 1 ? 50e-9 + op.Classes * 4e-9 : (op.Rows + op.Classes) * 2e-9;

    public override void Run(in CpuKernelMemory memory, int stage, int from, int to)
    {
        int* targets = memory.Int32(1);
        float* weights = op.HasClassWeights ? memory[2] : null, losses = memory.Shared + 2;
        int outputs = op.HasClassWeights ? 3 : 2;
        switch (stage)
        {
            case 0:
                double total = 0;
                for (int r = 0; r < op.Rows; r++)
                {
                    int target = Embedding.Checked(targets[r], op.Classes, nameof(SoftmaxCrossEntropy));
                    total += weights == null ? 1 : weights[target];
                }
                memory.Shared[0] = (float)total;
                memory.Shared[1] = weights == null ? op.Classes : TensorPrimitives.Sum(new ReadOnlySpan<float>(weights, op.Classes));
                break;
            case 1:
                for (int r = from; r < to; r++)
                    losses[r] = Row(memory[0] + (long)r * op.Classes, targets[r], weights, memory.Shared[0], memory.Shared[1], memory[outputs + 1] + (long)r * op.Classes);
                break;
            default:
                double sum = 0;
                for (int r = 0; r < op.Rows; r++) sum += losses[r];
                memory[outputs][0] = (float)(sum / memory.Shared[0]);
                break;
        }
    }

    // The target distribution puts weight q on each class; loss = sum of q * -log p, gradient = (sum of q) * p - q.
    private float Row(float* logits, int target, float* weights, float total, float weightSum, float* gradient)
    {
        ReadOnlySpan<float> x = new(logits, op.Classes);
        Span<float> dx = new(gradient, op.Classes);
        float largest = TensorPrimitives.Max(x), smooth = op.LabelSmoothing / op.Classes, own = (1 - op.LabelSmoothing) * (weights == null ? 1 : weights[target]);
        float targetLogit = x[target] - largest, smoothLogits = 0;
        if (smooth > 0)
            for (int c = 0; c < op.Classes; c++) smoothLogits += (x[c] - largest) * (weights == null ? 1 : weights[c]);
        TensorPrimitives.Subtract(x, largest, dx);
        TensorPrimitives.Exp(dx, dx);
        float sum = TensorPrimitives.Sum<float>(dx), mass = own + smooth * weightSum;
        TensorPrimitives.Multiply(dx, mass / (sum * total), dx);
        if (smooth > 0)
            for (int c = 0; c < op.Classes; c++) dx[c] -= smooth * (weights == null ? 1 : weights[c]) / total;
        dx[target] -= own / total;
        return mass * MathF.Log(sum) - own * targetLogit - smooth * smoothLogits;
    }
}
