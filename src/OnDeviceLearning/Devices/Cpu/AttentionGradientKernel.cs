using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>
/// Gradient of attention: P and dS = P * (dP - dy.y) * scale, then dq = dS * k in stage 0, for a block of queries a unit,
/// and dk = dS' * q, dv = P' * dy in stage 1, for a block of keys a unit. P and dS are computed in both: cheaper than to
/// keep [L, L] for every head, and no unit grows with the square of L. Where one block holds all, stage 0 does it all. Both
/// lie transposed, as the scores of <see cref="AttentionKernel"/> do.
/// </summary>
internal sealed unsafe class AttentionGradientKernel(AttentionGradient op) : CpuKernel
{
    private readonly float scale = 1 / MathF.Sqrt(op.HeadWidth);
    private readonly int block = AttentionBlocks.WholeOrBlock(op.L, 10.0 * op.L * op.HeadWidth);

    private int Blocks => (op.L + block - 1) / block;

    // Of P and of dS: all keys for a block of queries, or a block of keys for all queries.
    private long ScoreFloats => Math.Max((long)op.L * AttentionBlocks.Lanes(block), (long)block * AttentionBlocks.Lanes(op.L));

    private long PanelFloats => AttentionBlocks.PanelFloats(Blocks == 1 ? block : op.L, op.HeadWidth);

    public override int Stages => Blocks == 1 ? 1 : 2;

    // q or dy transposed, P, dS; largest score, inverse sum and dy.y of each query.
    public override long WorkerScratch => PanelFloats + 2 * ScoreFloats + 3L * AttentionBlocks.Lanes(op.L) + CpuBuffer.Slack;

    public override int Units(int stage) => op.N * op.Heads * Blocks;

    public override double UnitSeconds(int stage) => (Blocks == 1 ? 10.0 : stage == 0 ? 6 : 8) * block * op.L * Math.Max(op.HeadWidth, 8) / Gemm.FlopsPerSecond
        + block * (double)op.L * 2e-9 + (double)op.L * op.HeadWidth * 32 / BytesPerSecond;

    public override void Run(in CpuKernelMemory memory, int stage, int from, int to)
    {
        for (int unit = from; unit < to; unit++)
        {
            int first = unit % Blocks * block, count = Math.Min(block, op.L - first);
            Head head = new(op, memory, unit / Blocks);
            Room room = new(memory.Scratch, PanelFloats, ScoreFloats, AttentionBlocks.Lanes(op.L));
            if (stage == 0) Queries(head, room, first, count, new Head(op, memory, Math.Min(unit + 1, to - 1) / Blocks));
            else Keys(head, room, first, count);
        }
    }

    /// <summary>Has the same rows of the next head fetched, a few at a time between products.</summary>
    private void Fetch(float* next, nint stride)
    {
        if (Blocks == 1) AttentionBlocks.Fetch(next, stride, op.L, op.HeadWidth);
    }

    private void Queries(in Head head, in Room room, int row, int rows, in Head next)
    {
        int keys = op.Causal ? row + rows : op.L;
        Scores(head, room, row, rows, 0, keys, next);
        Fetch(next.Dy, head.Model);
        Gemm.Multiply(rows, op.HeadWidth, keys, room.Ds, 1, AttentionBlocks.Lanes(rows), head.K, Gemm.Panel, head.Stride, head.Dq + (long)row * head.Stride, head.Stride);
        Fetch(next.Y, head.Model);
        if (Blocks == 1) KeyGradients(head, room, 0, rows, 0, keys);
    }

    private void Keys(in Head head, in Room room, int key, int keys)
    {
        int row = op.Causal ? key : 0, rows = op.L - row; // the queries that see the first of the keys
        Scores(head, room, row, rows, key, keys, head);
        KeyGradients(head, room, row, rows, key, keys);
    }

    /// <summary>dk and dv of keys key.. from P and dS of all queries that see them.</summary>
    private void KeyGradients(in Head head, in Room room, int row, int rows, int key, int keys)
    {
        int lanes = AttentionBlocks.Lanes(rows);
        Gemm.Multiply(keys, op.HeadWidth, rows, room.Ds, lanes, 1, head.Q + (long)row * head.Stride, Gemm.Panel, head.Stride, head.Dk + (long)key * head.Stride, head.Stride);
        Gemm.Multiply(keys, op.HeadWidth, rows, room.P, lanes, 1, head.Dy + (long)row * head.Model, Gemm.Panel, head.Model, head.Dv + (long)key * head.Stride, head.Stride);
    }

    /// <summary>P and dS of queries row.. against keys key..</summary>
    private void Scores(in Head head, in Room room, int row, int rows, int key, int keys, in Head next)
    {
        int depth = op.HeadWidth, lanes = AttentionBlocks.Lanes(rows);
        Fetch(next.Q, head.Stride);
        AttentionBlocks.Transpose(head.Q + (long)row * head.Stride, head.Stride, rows, depth, room.Panels);
        AttentionBlocks.Multiply(keys, rows, depth, head.K + (long)key * head.Stride, head.Stride, room.Panels, room.P);
        Fetch(next.K, head.Stride);
        AttentionBlocks.Transpose(head.Dy + (long)row * head.Model, head.Model, rows, depth, room.Panels);
        AttentionBlocks.Multiply(keys, rows, depth, head.V + (long)key * head.Stride, head.Stride, room.Panels, room.Ds);
        Fetch(next.V, head.Stride);
        if (op.Causal) AttentionBlocks.Hide(room.P, lanes, key, keys, row, float.NegativeInfinity);
        if (Vector512.IsHardwareAccelerated) Gradients<Simd512, Vector512<float>>(head, room, row, rows, keys);
        else if (Vector256.IsHardwareAccelerated) Gradients<Simd256, Vector256<float>>(head, room, row, rows, keys);
        else Gradients<Simd128, Vector128<float>>(head, room, row, rows, keys);
        if (!op.Causal) return;
        AttentionBlocks.Hide(room.P, lanes, key, keys, row, 0);
        AttentionBlocks.Hide(room.Ds, lanes, key, keys, row, 0);
    }

    /// <summary>p = exp(p * scale - largest) / sum and ds = p * (ds - dy.y) * scale.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Gradients<TSimd, TVector>(in Head head, in Room room, int row, int rows, int keys)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        int depth = op.HeadWidth, model = head.Model, lanes = AttentionBlocks.Lanes(rows);
        float* largest = room.Largest, inverse = room.Inverse, dots = room.Dots;
        float* dy = head.Dy + (long)row * model, y = head.Y + (long)row * model, statistics = head.Statistics + 2 * row;
        for (int r = 0; r < rows; r++, dy += model, y += model)
        {
            TVector products = default;
            int d = 0;
            for (; d + TSimd.Width <= depth; d += TSimd.Width) products = TSimd.MultiplyAdd(TSimd.Load(dy + d), TSimd.Load(y + d), products);
            float dot = TSimd.Sum(products);
            for (; d < depth; d++) dot += dy[d] * y[d];
            dots[r] = dot;
            largest[r] = -statistics[2 * r];
            inverse[r] = 1 / statistics[2 * r + 1];
        }
        for (int r = rows; r < lanes; r++) dots[r] = largest[r] = inverse[r] = 0;
        TVector slope = TSimd.Broadcast(scale);
        for (int lane = 0; lane < lanes; lane += TSimd.Width)
        {
            TVector shift = TSimd.Load(largest + lane), share = TSimd.Load(inverse + lane), dot = TSimd.Load(dots + lane);
            float* p = room.P + lane, ds = room.Ds + lane;
            for (int key = 0; key < keys; key++, p += lanes, ds += lanes)
            {
                TVector probability = TSimd.Multiply(VectorExp.OfNegative<TSimd, TVector>(TSimd.MultiplyAdd(TSimd.Load(p), slope, shift)), share);
                TSimd.Store(ds, TSimd.Multiply(TSimd.Multiply(TSimd.Subtract(TSimd.Load(ds), dot), probability), slope));
                TSimd.Store(p, probability);
            }
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

    /// <summary>A worker's scratch memory in parts.</summary>
    private readonly ref struct Room(float* scratch, long panels, long scores, int lanes)
    {
        public readonly float* Panels = scratch, P = scratch + panels, Ds = scratch + panels + scores;
        public readonly float* Largest = scratch + panels + 2 * scores, Inverse = scratch + panels + 2 * scores + lanes, Dots = scratch + panels + 2 * scores + 2 * lanes;
    }
}
