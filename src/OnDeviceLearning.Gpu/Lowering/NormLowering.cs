using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Gpu;

/// <summary>
/// Layer and group normalisation and the gradients of their inputs: a group of threads for each block, or, where the blocks
/// are few and wide, several for each in passes of their own.
/// </summary>
internal static class NormLowering
{
    // Narrower blocks are one group's work; and the least that a part of a wide one should be.
    private const int Wide = 4096, LeastPerSplit = 2048;

    // A row is a group of as many channels as it has columns, of one element each.
    public static void Lower(LayerNorm op, DispatchList list) => Forward(list, op, op.Rows, op.Width, 1, op.Width, 1, op.Epsilon);

    public static void Lower(LayerNormInputGradient op, DispatchList list) => Gradient(list, op, op.Rows, op.Width, 1, op.Width, 1);

    public static void Lower(GroupNorm op, DispatchList list) =>
        Forward(list, op, op.N * op.Groups, op.Channels / op.Groups * op.Inner, op.Groups, op.Channels / op.Groups, op.Inner, op.Epsilon);

    public static void Lower(GroupNormInputGradient op, DispatchList list) =>
        Gradient(list, op, op.N * op.Groups, op.Channels / op.Groups * op.Inner, op.Groups, op.Channels / op.Groups, op.Inner);

    private static void Forward(DispatchList list, Operation op, int blocks, int width, int groups, int channels, int inner, float epsilon)
    {
        int splits = Splits(list, blocks, width);
        if (splits == 1)
        {
            RowLowering.Rows(list, op, "GroupNorm", [0, 1, 2, 3, 4], blocks, width, [groups, channels, inner, epsilon]);
            return;
        }
        int perSplit = DispatchList.CeilDivide(width, splits), elements = blocks * width;
        splits = DispatchList.CeilDivide(width, perSplit);
        int partial = list.Scratch(2 * splits * blocks);
        list.Grid("GroupNormPartial", [splits, blocks], (DispatchList.GroupThreads, 1), [0, partial], [blocks, width, perSplit], 4L * elements, 4L * elements);
        list.Elementwise("GroupNormCombine", blocks, [partial, 4], [blocks, width, splits, perSplit, epsilon], 8L * splits * blocks, 8L * splits * blocks);
        list.Elementwise("GroupNormApply", elements, [0, 1, 2, 4, 3], [width, groups, channels, inner], 4L * elements, 8L * elements);
    }

    private static void Gradient(DispatchList list, Operation op, int blocks, int width, int groups, int channels, int inner)
    {
        int splits = Splits(list, blocks, width);
        if (splits == 1)
        {
            RowLowering.Rows(list, op, "GroupNormInputGradient", [0, 1, 2, 3, 4], blocks, width, [groups, channels, inner]);
            return;
        }
        int perSplit = DispatchList.CeilDivide(width, splits), elements = blocks * width;
        splits = DispatchList.CeilDivide(width, perSplit);
        int partial = list.Scratch(2 * splits * blocks), sums = list.Scratch(2 * blocks);
        list.Grid("GroupNormInputGradientPartial", [splits, blocks], (DispatchList.GroupThreads, 1), [0, 1, 2, 3, partial],
            [blocks, width, perSplit, groups, channels, inner], 5L * elements, 8L * elements);
        SplitSum.Add(list, partial, sums, 2 * blocks, splits, new SplitSum());
        list.Elementwise("GroupNormInputGradientApply", elements, [0, 1, 2, 3, sums, 4], [width, groups, channels, inner], 8L * elements, 12L * elements);
    }

    private static int Splits(DispatchList list, int blocks, int width) =>
        width < Wide ? 1 : list.Splits(2L * blocks, width, LeastPerSplit, 2 * blocks);
}
