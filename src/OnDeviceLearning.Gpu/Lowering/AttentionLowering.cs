using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Gpu;

/// <summary>Attention and its gradient: groups of 16 queries or keys of one head of one sequence.</summary>
internal static class AttentionLowering
{
    private const int Tile = 16;

    public static void Lower(Attention op, DispatchList list) =>
        Tiles(list, "Attention", [0, 1, 2], op.N, op.L, op.Heads, op.HeadWidth, op.Causal, op.Flops, op.Bytes);

    public static void Lower(AttentionGradient op, DispatchList list)
    {
        int rows = op.N * op.L * op.Heads, dots = list.Scratch(rows);
        list.Elementwise("AttentionDots", rows, [2, 3, dots], [op.L, op.Heads, op.HeadWidth], 2L * rows * op.HeadWidth, 8L * rows * op.HeadWidth);
        Tiles(list, "AttentionQueryGradient", [0, 1, 3, dots, 4], op.N, op.L, op.Heads, op.HeadWidth, op.Causal, op.Flops / 2, op.Bytes / 2);
        Tiles(list, "AttentionKeyGradient", [0, 1, 3, dots, 4], op.N, op.L, op.Heads, op.HeadWidth, op.Causal, op.Flops / 2, op.Bytes / 2);
    }

    private static void Tiles(DispatchList list, string kernel, int[] arguments, int n, int length, int heads, int headWidth, bool causal, long flops, long bytes) =>
        list.Grid(kernel, [DispatchList.CeilDivide(length, Tile), heads, n], (DispatchList.GroupThreads, 1), arguments,
            [length, heads, headWidth, 1 / MathF.Sqrt(headWidth), causal], flops, bytes);
}
