using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Gpu;

/// <summary>Sums over many elements into few: by channel, by column, over everything; in two passes where one would leave the device idle.</summary>
internal static class SumLowering
{
    // Fewer elements than this in a part are not worth a group of their own.
    private const int LeastPerGroup = 1024, LeastRowsPerGroup = 32;

    public static void Lower(BiasGradient op, DispatchList list)
    {
        if (op.Inner == 1)
        {
            ByColumn(list, op, "BiasGradientColumns", [0], [1], op.Outer, op.Channels);
            return;
        }
        ByChannel(list, op, "BiasGradientChannels", [0], [1], op.Channels, op.Outer * op.Inner, (perSplit, accumulate) =>
            [op.Channels, op.Inner, op.Outer * op.Inner, perSplit, accumulate]);
    }

    public static void Lower(LayerNormAffineGradient op, DispatchList list) =>
        ByColumn(list, op, "LayerNormAffineGradient", [0, 1, 2], [3, 4], op.Rows, op.Width);

    public static void Lower(GroupNormAffineGradient op, DispatchList list) =>
        ByChannel(list, op, "GroupNormAffineGradient", [0, 1, 2], [3, 4], op.Channels, op.N * op.Inner, (perSplit, accumulate) =>
            [op.Channels, op.Inner, op.N * op.Inner, perSplit, op.Groups, op.Channels / op.Groups, accumulate]);

    public static void Lower(BatchNormAffineGradient op, DispatchList list) =>
        ByChannel(list, op, "BatchNormAffineGradient", [0, 1, 2, 3], [4, 5], op.Channels, op.N * op.Inner, (perSplit, accumulate) =>
            [op.Channels, op.Inner, op.N * op.Inner, perSplit, op.Epsilon, accumulate]);

    public static void Lower(SquaredError op, DispatchList list) =>
        Total(list, "SquaredError", [0, 1, 3], 2, op.Length, op.Flops, op.Bytes, [1f / op.Length], accumulates: false);

    public static void Lower(SquaredNorm op, DispatchList list) =>
        Total(list, "SquaredNorm", [0], 1, op.Length, op.Flops, op.Bytes, [], accumulates: true);

    private static void Total(DispatchList list, string kernel, ReadOnlySpan<int> inputs, int total, int length, long flops, long bytes, ReadOnlySpan<Constant> scale, bool accumulates)
    {
        // As many parts as fill the device, a long sum in more of them, so that no thread adds up very many numbers.
        int groups = (int)Math.Clamp(length / (4L * LeastPerGroup), 1, Math.Min(list.Limits.MaxGroupsX, Math.Max(list.Limits.GroupsToFill, length >> 18)));
        int perGroup = DispatchList.CeilDivide(length, groups);
        groups = DispatchList.CeilDivide(length, perGroup);
        int partial = groups == 1 ? total : list.Scratch(groups);
        Constant last = accumulates ? groups == 1 : scale[0];
        list.Grid(kernel, [groups], (DispatchList.GroupThreads, 1), [.. inputs, partial], [length, perGroup, last], flops, bytes);
        if (groups > 1) list.Add("SumTotal", (DispatchList.GroupThreads, 1, 1), [partial, total], [groups, 1f, accumulates], groups, 4L * groups);
    }

    private static void ByColumn(DispatchList list, Operation op, string kernel, int[] inputs, int[] outputs, int rows, int columns)
    {
        int tiles = DispatchList.CeilDivide(columns, 32), splits = list.Splits(tiles, rows, LeastRowsPerGroup, columns), perSplit = DispatchList.CeilDivide(rows, splits);
        splits = DispatchList.CeilDivide(rows, perSplit);
        int[] partials = Partials(list, outputs, splits, columns);
        list.Grid(kernel, [tiles, splits], (32, 8), [.. inputs, .. partials], [rows, columns, perSplit, splits == 1], op.Flops, op.Bytes);
        AddUp(list, partials, outputs, splits, columns);
    }

    private static void ByChannel(
        DispatchList list, Operation op, string kernel, int[] inputs, int[] outputs, int channels, int elements, Func<int, bool, Constant[]> constants)
    {
        int splits = list.Splits(channels, elements, LeastPerGroup, channels), perSplit = DispatchList.CeilDivide(elements, splits);
        splits = DispatchList.CeilDivide(elements, perSplit);
        int[] partials = Partials(list, outputs, splits, channels);
        list.Grid(kernel, [channels, splits], (DispatchList.GroupThreads, 1), [.. inputs, .. partials], constants(perSplit, splits == 1), op.Flops, op.Bytes);
        AddUp(list, partials, outputs, splits, channels);
    }

    private static int[] Partials(DispatchList list, int[] outputs, int splits, int length) =>
        splits == 1 ? outputs : Array.ConvertAll(outputs, _ => list.Scratch(splits * length));

    private static void AddUp(DispatchList list, int[] partials, int[] outputs, int splits, int length)
    {
        if (splits == 1) return;
        for (int i = 0; i < outputs.Length; i++) SplitSum.Add(list, partials[i], outputs[i], length, splits, new SplitSum { Accumulate = true });
    }
}
