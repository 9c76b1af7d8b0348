using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Devices.Cpu;

/// <summary>
/// Attention of one head for a block of queries a unit. Scores lie transposed, a row for each key and in it a lane for each
/// query: softmax then goes down the rows, with nothing to sum across a vector, and keys and values are read where they are.
/// </summary>
internal sealed unsafe class AttentionKernel(Attention op) : CpuKernel
{
    private readonly float scale = 1 / MathF.Sqrt(op.HeadWidth);
    private readonly int block = AttentionBlocks.Block(op.L, 4.0 * op.L * op.HeadWidth);

    private int Blocks => (op.L + block - 1) / block;

    // Queries transposed [HeadWidth, block], scores [L, block].
    public override long WorkerScratch => AttentionBlocks.PanelFloats(block, op.HeadWidth) + (long)op.L * AttentionBlocks.Lanes(block) + CpuBuffer.Slack;

    public override int Units(int stage) => op.N * op.Heads * Blocks;

    public override double UnitSeconds(int stage) => 4.0 * block * op.L * Math.Max(op.HeadWidth, 8) / Gemm.FlopsPerSecond
        + block * (double)op.L * 2e-9 + (double)op.L * op.HeadWidth * 16 / BytesPerSecond;

    public override void Run(in CpuKernelMemory memory, int stage, int from, int to)
    {
        int model = op.Heads * op.HeadWidth, stride = 3 * model;
        float* queries = memory.Scratch, scores = queries + AttentionBlocks.PanelFloats(block, op.HeadWidth);
        for (int unit = from; unit < to; unit++)
        {
            int head = unit / Blocks % op.Heads, image = unit / (Blocks * op.Heads), row = unit % Blocks * block;
            int rows = Math.Min(block, op.L - row), seen = op.Causal ? row + rows : op.L, lanes = AttentionBlocks.Lanes(rows);
            float* q = memory[0] + (long)image * op.L * stride + head * op.HeadWidth;
            if (Blocks == 1 && unit + 1 < to)
            {
                float* next = memory[0] + (long)((unit + 1) / op.Heads) * op.L * stride + (unit + 1) % op.Heads * op.HeadWidth;
                for (int i = 0; i < 3; i++) AttentionBlocks.Fetch(next + i * model, stride, op.L, op.HeadWidth);
            }
            AttentionBlocks.Transpose(q + (long)row * stride, stride, rows, op.HeadWidth, queries);
            AttentionBlocks.Multiply(seen, rows, op.HeadWidth, q + model, stride, queries, scores);
            if (op.Causal) AttentionBlocks.Hide(scores, lanes, 0, seen, row, float.NegativeInfinity);
            float* statistics = memory[2] + (((long)image * op.Heads + head) * op.L + row) * 2;
            if (Vector512.IsHardwareAccelerated) Softmax<Simd512, Vector512<float>>(scores, seen, rows, lanes, statistics);
            else if (Vector256.IsHardwareAccelerated) Softmax<Simd256, Vector256<float>>(scores, seen, rows, lanes, statistics);
            else Softmax<Simd128, Vector128<float>>(scores, seen, rows, lanes, statistics);
            if (op.Causal) AttentionBlocks.Hide(scores, lanes, 0, seen, row, 0);
            float* y = memory[1] + ((long)image * op.L + row) * model + head * op.HeadWidth;
            Gemm.Multiply(rows, op.HeadWidth, seen, scores, 1, lanes, q + 2 * model, Gemm.Panel, stride, y, model);
        }
    }

    /// <summary>Scores become probabilities; the largest and the sum of each lane are left in the statistics.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Softmax<TSimd, TVector>(float* scores, int keys, int rows, int lanes, float* statistics)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        float* found = stackalloc float[2 * 16];
        TVector slope = TSimd.Broadcast(scale), minus = TSimd.Broadcast(-scale);
        for (int lane = 0; lane < lanes; lane += TSimd.Width)
        {
            float* at = scores + lane;
            TVector most = TSimd.Load(at), sum = default;
            for (int key = 1; key < keys; key++) most = TSimd.Max(most, TSimd.Load(at + (nint)key * lanes));
            TVector shift = TSimd.Multiply(most, minus);
            for (int key = 0; key < keys; key++)
            {
                TVector e = VectorExp.OfNegative<TSimd, TVector>(TSimd.MultiplyAdd(TSimd.Load(at + (nint)key * lanes), slope, shift));
                TSimd.Store(at + (nint)key * lanes, e);
                sum = TSimd.Add(sum, e);
            }
            TVector share = TSimd.Divide(TSimd.Broadcast(1), sum);
            for (int key = 0; key < keys; key++) TSimd.Store(at + (nint)key * lanes, TSimd.Multiply(TSimd.Load(at + (nint)key * lanes), share));
            TSimd.Store(found, TSimd.Multiply(most, slope));
            TSimd.Store(found + 16, sum);
            for (int i = 0; i < Math.Min(TSimd.Width, rows - lane); i++)
            {
                statistics[2 * (lane + i)] = found[i];
                statistics[2 * (lane + i) + 1] = found[16 + i];
            }
        }
    }
}
