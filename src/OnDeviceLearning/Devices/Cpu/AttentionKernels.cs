using System.Numerics.Tensors;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>
/// Attention of one head for a block of query rows a unit: scores = q * k', softmax, y = scores * v, both products through
/// the tiles of <see cref="Gemm"/>.
/// </summary>
internal sealed unsafe class AttentionKernel(Attention op) : CpuKernel
{
    private const int BlockRows = 48;

    private readonly float scale = 1 / MathF.Sqrt(op.HeadWidth);

    private int Blocks => (op.L + BlockRows - 1) / BlockRows;

    private int RowBlock => Math.Min(BlockRows, op.L);

    private int Padded => Gemm.Panels(op.L) * Gemm.Panel;

    private int PaddedWidth => Gemm.Panels(op.HeadWidth) * Gemm.Panel;

    // k' in panels [HeadWidth, L], v in panels [L, HeadWidth], scores [rows, L].
    public override long WorkerScratch => (long)op.HeadWidth * Padded + (long)op.L * PaddedWidth + (long)RowBlock * Padded;

    public override int Units(int stage) => op.N * op.Heads * Blocks;

    public override double UnitSeconds(int stage) => 4.0 * RowBlock * op.L * Math.Max(op.HeadWidth, 8) / Gemm.FlopsPerSecond
        + RowBlock * op.L * 2e-9 + op.L * op.HeadWidth * 16 / BytesPerSecond;

    public override void Run(in CpuKernelMemory memory, int stage, int from, int to)
    {
        int model = op.Heads * op.HeadWidth, stride = 3 * model;
        float* keys = memory.Scratch, values = keys + (long)op.HeadWidth * Padded, scores = values + (long)op.L * PaddedWidth;
        for (int unit = from; unit < to; unit++)
        {
            int head = unit / Blocks % op.Heads, image = unit / (Blocks * op.Heads), row = unit % Blocks * BlockRows;
            int rows = Math.Min(BlockRows, op.L - row), seen = op.Causal ? row + rows : op.L;
            float* q = memory[0] + (long)image * op.L * stride + head * op.HeadWidth;
            AttentionPanels.PackTransposed(q + model, stride, seen, op.HeadWidth, keys);
            AttentionPanels.Pack(q + 2 * model, stride, seen, op.HeadWidth, values);
            Gemm.Multiply(rows, seen, op.HeadWidth, q + (long)row * stride, stride, 1, keys, op.HeadWidth * Gemm.Panel, Gemm.Panel, scores, Padded, scale);
            for (int r = 0; r < rows; r++)
            {
                int visible = op.Causal ? row + r + 1 : op.L;
                Span<float> p = new(scores + (long)r * Padded, visible);
                float largest = TensorPrimitives.Max<float>(p);
                TensorPrimitives.Subtract(p, largest, p);
                TensorPrimitives.Exp(p, p);
                float sum = TensorPrimitives.Sum<float>(p);
                TensorPrimitives.Multiply(p, 1 / sum, p);
                new Span<float>(scores + (long)r * Padded + visible, seen - visible).Clear();
                float* statistics = memory[2] + (((long)image * op.Heads + head) * op.L + row + r) * 2;
                statistics[0] = largest;
                statistics[1] = sum;
            }
            float* y = memory[1] + ((long)image * op.L + row) * model + head * op.HeadWidth;
            Gemm.Multiply(rows, op.HeadWidth, seen, scores, Padded, 1, values, seen * Gemm.Panel, Gemm.Panel, y, model);
        }
    }
}

/// <summary>Gradient of attention, one head of one sequence a unit: P and dS = P * (dP - dy.y) * scale, then dq, dk and dv as products.</summary>
internal sealed unsafe class AttentionGradientKernel(AttentionGradient op) : CpuKernel
{
    private readonly float scale = 1 / MathF.Sqrt(op.HeadWidth);

    private int Padded => Gemm.Panels(op.L) * Gemm.Panel;

    private long PanelFloats => Math.Max((long)op.HeadWidth * Padded, (long)op.L * Gemm.Panels(op.HeadWidth) * Gemm.Panel);

    // P and dS [L, L], and one operand in panels at a time.
    public override long WorkerScratch => 2L * op.L * Padded + PanelFloats;

    public override int Units(int stage) => op.N * op.Heads;

    public override double UnitSeconds(int stage) => 10.0 * op.L * op.L * Math.Max(op.HeadWidth, 8) / Gemm.FlopsPerSecond
        + op.L * (double)op.L * 2e-9 + op.L * op.HeadWidth * 40 / BytesPerSecond;

    public override void Run(in CpuKernelMemory memory, int stage, int from, int to)
    {
        int l = op.L, width = op.HeadWidth, model = op.Heads * width, stride = 3 * model;
        float* p = memory.Scratch, ds = p + (long)l * Padded, panels = ds + (long)l * Padded;
        nint transposedStride = width * Gemm.Panel, panelStride = l * Gemm.Panel;
        for (int unit = from; unit < to; unit++)
        {
            int head = unit % op.Heads, image = unit / op.Heads;
            float* q = memory[0] + (long)image * l * stride + head * width, k = q + model, v = k + model;
            float* statistics = memory[1] + ((long)image * op.Heads + head) * l * 2;
            float* y = memory[2] + (long)image * l * model + head * width, dy = memory[3] + (long)image * l * model + head * width;
            float* dq = memory[4] + (long)image * l * stride + head * width, dk = dq + model, dv = dk + model;

            AttentionPanels.PackTransposed(k, stride, l, width, panels);
            Gemm.Multiply(l, l, width, q, stride, 1, panels, transposedStride, Gemm.Panel, p, Padded, scale);
            AttentionPanels.PackTransposed(v, stride, l, width, panels);
            Gemm.Multiply(l, l, width, dy, model, 1, panels, transposedStride, Gemm.Panel, ds, Padded);
            for (int i = 0; i < l; i++)
            {
                int visible = op.Causal ? i + 1 : l;
                Span<float> probabilities = new(p + (long)i * Padded, visible), gradients = new(ds + (long)i * Padded, visible);
                TensorPrimitives.Subtract(probabilities, statistics[2 * i], probabilities);
                TensorPrimitives.Exp(probabilities, probabilities);
                TensorPrimitives.Multiply(probabilities, 1 / statistics[2 * i + 1], probabilities);
                float dot = TensorPrimitives.Dot(new ReadOnlySpan<float>(dy + (long)i * model, width), new ReadOnlySpan<float>(y + (long)i * model, width));
                TensorPrimitives.Subtract(gradients, dot, gradients);
                TensorPrimitives.Multiply(gradients, probabilities, gradients);
                TensorPrimitives.Multiply(gradients, scale, gradients);
                new Span<float>(p + (long)i * Padded + visible, l - visible).Clear();
                new Span<float>(ds + (long)i * Padded + visible, l - visible).Clear();
            }
            AttentionPanels.Pack(k, stride, l, width, panels);
            Gemm.Multiply(l, width, l, ds, Padded, 1, panels, panelStride, Gemm.Panel, dq, stride);
            AttentionPanels.Pack(q, stride, l, width, panels);
            Gemm.Multiply(l, width, l, ds, 1, Padded, panels, panelStride, Gemm.Panel, dk, stride);
            AttentionPanels.Pack(dy, model, l, width, panels);
            Gemm.Multiply(l, width, l, p, 1, Padded, panels, panelStride, Gemm.Panel, dv, stride);
        }
    }
}

/// <summary>One head's q, k, v or dy, rows a stride apart, in panels for <see cref="Gemm"/>.</summary>
internal static unsafe class AttentionPanels
{
    /// <summary>As the matrix [rows, width].</summary>
    public static void Pack(float* source, nint stride, int rows, int width, float* panels)
    {
        for (int column = 0; column < width; column += Gemm.Panel, panels += rows * Gemm.Panel)
            Gemm.PackPanel(source + column, stride, rows, Math.Min(Gemm.Panel, width - column), panels);
    }

    /// <summary>As its transpose [width, rows].</summary>
    public static void PackTransposed(float* source, nint stride, int rows, int width, float* panels)
    {
        for (int row = 0; row < rows; row += Gemm.Panel, panels += width * Gemm.Panel)
            Gemm.PackTransposedPanel(source + row * stride, stride, width, Math.Min(Gemm.Panel, rows - row), panels);
    }
}
