using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>
/// Attention of one head for a block of query rows a unit: scores = q * k', softmax, y = scores * v, both products through
/// the tiles of <see cref="Gemm"/>.
/// </summary>
internal sealed unsafe class AttentionKernel(Attention op) : CpuKernel
{
    private readonly float scale = 1 / MathF.Sqrt(op.HeadWidth);
    private readonly int block = AttentionPanels.Block(op.L, 4.0 * op.L * op.HeadWidth);

    private int Blocks => (op.L + block - 1) / block;

    private int Padded => Gemm.Panels(op.L) * Gemm.Panel;

    // k' in panels [HeadWidth, L], scores [block, L]; v is read where it lies.
    public override long WorkerScratch => (long)op.HeadWidth * Padded + (long)block * Padded;

    public override int Units(int stage) => op.N * op.Heads * Blocks;

    public override double UnitSeconds(int stage) => 4.0 * block * op.L * Math.Max(op.HeadWidth, 8) / Gemm.FlopsPerSecond
        + block * (double)op.L * 2e-9 + (double)op.L * op.HeadWidth * 16 / BytesPerSecond;

    public override void Run(in CpuKernelMemory memory, int stage, int from, int to)
    {
        int model = op.Heads * op.HeadWidth, stride = 3 * model;
        float* keys = memory.Scratch, scores = keys + (long)op.HeadWidth * Padded;
        for (int unit = from; unit < to; unit++)
        {
            int head = unit / Blocks % op.Heads, image = unit / (Blocks * op.Heads), row = unit % Blocks * block;
            int rows = Math.Min(block, op.L - row), seen = op.Causal ? row + rows : op.L;
            float* q = memory[0] + (long)image * op.L * stride + head * op.HeadWidth;
            AttentionPanels.PackTransposed(q + model, stride, seen, op.HeadWidth, keys);
            Gemm.Multiply(rows, seen, op.HeadWidth, q + (long)row * stride, stride, 1, keys, op.HeadWidth * Gemm.Panel, Gemm.Panel, scores, Padded, scale);
            for (int r = 0; r < rows; r++)
            {
                int visible = op.Causal ? row + r + 1 : op.L;
                float* p = scores + (long)r * Padded;
                (float largest, float sum) = VectorExp.SoftmaxRow(p, visible);
                TensorPrimitives.Multiply(new ReadOnlySpan<float>(p, visible), 1 / sum, new Span<float>(p, visible));
                new Span<float>(scores + (long)r * Padded + visible, seen - visible).Clear();
                float* statistics = memory[2] + (((long)image * op.Heads + head) * op.L + row + r) * 2;
                statistics[0] = largest;
                statistics[1] = sum;
            }
            float* y = memory[1] + ((long)image * op.L + row) * model + head * op.HeadWidth;
            Gemm.Multiply(rows, op.HeadWidth, seen, scores, Padded, 1, q + 2 * model, Gemm.Panel, stride, y, model);
        }
    }
}

/// <summary>
/// Gradient of attention: P and dS = P * (dP - dy.y) * scale, then dq = dS * k in stage 0, for a block of queries a unit,
/// and dk = dS' * q, dv = P' * dy in stage 1, for a block of keys a unit. P and dS are computed in both: cheaper than to
/// keep [L, L] for every head, and no unit grows with the square of L. Where one block holds all, stage 0 does it all.
/// </summary>
internal sealed unsafe class AttentionGradientKernel(AttentionGradient op) : CpuKernel
{
    private readonly float scale = 1 / MathF.Sqrt(op.HeadWidth);
    private readonly int block = AttentionPanels.WholeOrBlock(op.L, 10.0 * op.L * op.HeadWidth);

    private int Blocks => (op.L + block - 1) / block;

    private int Padded => Gemm.Panels(op.L) * Gemm.Panel;

    private int PaddedBlock => Gemm.Panels(block) * Gemm.Panel;

    private long PanelFloats => Math.Max((long)op.HeadWidth * Padded, (long)op.L * Gemm.Panels(op.HeadWidth) * Gemm.Panel);

    public override int Stages => Blocks == 1 ? 1 : 2;

    // P and dS [block, L] or [L, block], and one operand in panels at a time.
    public override long WorkerScratch => 2 * Math.Max((long)block * Padded, (long)op.L * PaddedBlock) + PanelFloats;

    public override int Units(int stage) => op.N * op.Heads * Blocks;

    public override double UnitSeconds(int stage) => (Blocks == 1 ? 10.0 : stage == 0 ? 6 : 8) * block * op.L * Math.Max(op.HeadWidth, 8) / Gemm.FlopsPerSecond
        + block * (double)op.L * 2e-9 + (double)op.L * op.HeadWidth * 32 / BytesPerSecond;

    public override void Run(in CpuKernelMemory memory, int stage, int from, int to)
    {
        for (int unit = from; unit < to; unit++)
        {
            int first = unit % Blocks * block, count = Math.Min(block, op.L - first);
            Head head = new(op, memory, unit / Blocks);
            if (stage == 0) Queries(head, first, count, memory.Scratch);
            else Keys(head, first, count, memory.Scratch);
        }
    }

    private void Queries(in Head head, int row, int rows, float* p)
    {
        int keys = op.Causal ? row + rows : op.L;
        float* ds = p + (long)rows * Padded, panels = ds + (long)rows * Padded;
        Scores(head, row, rows, 0, keys, p, ds, Padded, panels);
        Gemm.Multiply(rows, op.HeadWidth, keys, ds, Padded, 1, head.K, Gemm.Panel, head.Stride, head.Dq + (long)row * head.Stride, head.Stride);
        if (Blocks == 1) KeyGradients(head, 0, rows, 0, keys, p, ds, Padded);
    }

    private void Keys(in Head head, int key, int keys, float* p)
    {
        int row = op.Causal ? key : 0, rows = op.L - row; // the queries that see the first of the keys
        float* ds = p + (long)rows * PaddedBlock, panels = ds + (long)rows * PaddedBlock;
        Scores(head, row, rows, key, keys, p, ds, PaddedBlock, panels);
        KeyGradients(head, row, rows, key, keys, p, ds, PaddedBlock);
    }

    /// <summary>dk and dv of keys key.. from P and dS of all queries that see them.</summary>
    private void KeyGradients(in Head head, int row, int rows, int key, int keys, float* p, float* ds, int width)
    {
        Gemm.Multiply(keys, op.HeadWidth, rows, ds, 1, width, head.Q + (long)row * head.Stride, Gemm.Panel, head.Stride, head.Dk + (long)key * head.Stride, head.Stride);
        Gemm.Multiply(keys, op.HeadWidth, rows, p, 1, width, head.Dy + (long)row * head.Model, Gemm.Panel, head.Model, head.Dv + (long)key * head.Stride, head.Stride);
    }

    /// <summary>P and dS of queries row.. against keys key.., row r at p + r * width and ds + r * width.</summary>
    private void Scores(in Head head, int row, int rows, int key, int keys, float* p, float* ds, int width, float* panels)
    {
        int depth = op.HeadWidth;
        nint panelStride = depth * Gemm.Panel;
        float* dy = head.Dy + (long)row * head.Model;
        AttentionPanels.PackTransposed(head.K + (long)key * head.Stride, head.Stride, keys, depth, panels);
        Gemm.Multiply(rows, keys, depth, head.Q + (long)row * head.Stride, head.Stride, 1, panels, panelStride, Gemm.Panel, p, width);
        AttentionPanels.PackTransposed(head.V + (long)key * head.Stride, head.Stride, keys, depth, panels);
        Gemm.Multiply(rows, keys, depth, dy, head.Model, 1, panels, panelStride, Gemm.Panel, ds, width);
        if (Vector512.IsHardwareAccelerated) Gradients<Simd512, Vector512<float>>(head, row, rows, key, keys, p, ds, width);
        else if (Vector256.IsHardwareAccelerated) Gradients<Simd256, Vector256<float>>(head, row, rows, key, keys, p, ds, width);
        else Gradients<Simd128, Vector128<float>>(head, row, rows, key, keys, p, ds, width);
    }

    /// <summary>p = exp(p * scale - largest) / sum and ds = p * (ds - dy.y) * scale, row by row; zero for keys that a query does not see.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Gradients<TSimd, TVector>(in Head head, int row, int rows, int key, int keys, float* p, float* ds, int width)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        int depth = op.HeadWidth, model = head.Model;
        bool causal = op.Causal;
        float* dy = head.Dy + (long)row * model, y = head.Y + (long)row * model, statistics = head.Statistics + 2 * row;
        for (int r = 0; r < rows; r++, p += width, ds += width, dy += model, y += model, statistics += 2)
        {
            TVector dots = default;
            int d = 0;
            for (; d + TSimd.Width <= depth; d += TSimd.Width) dots = TSimd.MultiplyAdd(TSimd.Load(dy + d), TSimd.Load(y + d), dots);
            float dot = TSimd.Sum(dots);
            for (; d < depth; d++) dot += dy[d] * y[d];
            int visible = causal ? Math.Min(keys, row + r + 1 - key) : keys;
            Gradients<TSimd, TVector>(p, ds, visible, statistics[0], 1 / statistics[1], dot);
            if (visible == keys) continue;
            new Span<float>(p + visible, keys - visible).Clear();
            new Span<float>(ds + visible, keys - visible).Clear();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Gradients<TSimd, TVector>(float* p, float* ds, int count, float largest, float inverse, float dot)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        TVector shift = TSimd.Broadcast(-largest), dots = TSimd.Broadcast(dot), share = TSimd.Broadcast(inverse), slope = TSimd.Broadcast(scale);
        for (int i = 0; i < count; i += TSimd.Width)
        {
            TVector probability = TSimd.Multiply(VectorExp.OfNegative<TSimd, TVector>(TSimd.MultiplyAdd(TSimd.Load(p + i), slope, shift)), share);
            TVector gradient = TSimd.Multiply(TSimd.Multiply(TSimd.Subtract(TSimd.Load(ds + i), dots), probability), slope);
            if (i + TSimd.Width <= count)
            {
                TSimd.Store(p + i, probability);
                TSimd.Store(ds + i, gradient);
                continue;
            }
            TSimd.StorePart(p + i, probability, count - i);
            TSimd.StorePart(ds + i, gradient, count - i);
        }
    }

    /// <summary>Where one head of one sequence lies; rows of q, k, v and their gradients a Stride apart, of y and dy a Model.</summary>
    private readonly ref struct Head
    {
        public readonly int Model, Stride;
        public readonly float* Q, K, V, Statistics, Y, Dy, Dq, Dk, Dv;

        public Head(AttentionGradient op, in CpuKernelMemory memory, int imageHead)
        {
            int image = imageHead / op.Heads, offset = imageHead % op.Heads * op.HeadWidth;
            Model = op.Heads * op.HeadWidth;
            Stride = 3 * Model;
            Q = memory[0] + (long)image * op.L * Stride + offset;
            K = Q + Model;
            V = K + Model;
            Statistics = memory[1] + (long)imageHead * op.L * 2;
            Y = memory[2] + (long)image * op.L * Model + offset;
            Dy = memory[3] + (long)image * op.L * Model + offset;
            Dq = memory[4] + (long)image * op.L * Stride + offset;
            Dk = Dq + Model;
            Dv = Dk + Model;
        }
    }
}

/// <summary>One head's k or v, rows a stride apart, in panels for <see cref="Gemm"/>.</summary>
internal static unsafe class AttentionPanels
{
    private const double UnitTarget = 0.2e-3;

    /// <summary>Rows of a block: whole tiles, 48 where a unit of so many is short enough, at least 12.</summary>
    public static int Block(int rows, double flopsPerRow) =>
        Math.Min(rows, Math.Clamp((int)Math.Min(48, UnitTarget * Gemm.FlopsPerSecond / flopsPerRow) / 12 * 12, 12, 48));

    /// <summary>All rows where a unit of so many is short enough, otherwise a block of them.</summary>
    public static int WholeOrBlock(int rows, double flopsPerRow) => rows * flopsPerRow <= UnitTarget * Gemm.FlopsPerSecond ? rows : Block(rows, flopsPerRow);

    /// <summary>As its transpose [width, rows].</summary>
    public static void PackTransposed(float* source, nint stride, int rows, int width, float* panels)
    {
        for (int row = 0; row < rows; row += Gemm.Panel, panels += width * Gemm.Panel)
            Gemm.PackTransposedPanel(source + row * stride, stride, width, Math.Min(Gemm.Panel, rows - row), panels);
    }
}
