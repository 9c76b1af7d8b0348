using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Gpu;

/// <summary>Operations on rows, each summed over by a power of two of threads of one group.</summary>
internal static class RowLowering
{
    public static void Lower(Softmax op, DispatchList list) => Rows(list, op, "Softmax", [0, 1], op.Rows, op.Width, []);

    public static void Lower(SoftmaxGradient op, DispatchList list) => Rows(list, op, "SoftmaxGradient", [0, 1, 2], op.Rows, op.Width, []);

    public static void Lower(L2Normalize op, DispatchList list) => Rows(list, op, "L2Normalize", [0, 1, 2], op.Rows, op.Width, [op.Epsilon]);

    public static void Lower(L2NormalizeGradient op, DispatchList list) => Rows(list, op, "L2NormalizeGradient", [0, 1, 2, 3], op.Rows, op.Width, [op.Epsilon]);

    public static void Lower(Mean op, DispatchList list)
    {
        if (op.Inner == 1) Rows(list, op, "MeanRows", [0, 1], op.Outer, op.Count, []);
        else list.Elementwise("MeanColumns", op.Outer * op.Inner, op.Count, op.Inner);
    }

    public static void Lower(SoftmaxCrossEntropy op, DispatchList list)
    {
        int loss = op.HasClassWeights ? 3 : 2, dlogits = loss + 1, classWeights = op.HasClassWeights ? 2 : 0;
        int losses = list.Scratch(op.Rows), sums = classWeights;
        if (op.HasClassWeights)
        {
            sums = list.Scratch(2);
            list.Add("SoftmaxCrossEntropyWeights", (DispatchList.GroupThreads, 1, 1), [1, classWeights, sums], [op.Rows, op.Classes], op.Rows + op.Classes, 4L * (op.Rows + op.Classes));
        }
        Rows(list, op, "SoftmaxCrossEntropy", [0, 1, classWeights, sums, losses, dlogits], op.Rows, op.Classes, [op.LabelSmoothing, op.HasClassWeights]);
        list.Add("SumTotal", (DispatchList.GroupThreads, 1, 1), [losses, loss], [op.Rows, 1f, false], op.Rows, 4L * op.Rows);
    }

    /// <summary>The kernel's constants are the first row, the rows, their width, the threads of one, then <paramref name="constants"/>.</summary>
    public static void Rows(DispatchList list, Operation op, string kernel, ReadOnlySpan<int> arguments, int rows, int width, ReadOnlySpan<Constant> constants)
    {
        // Four elements or more a thread: fewer would spend more on adding the threads' sums than on the row.
        int lanes = 1;
        while (lanes < DispatchList.GroupThreads && lanes * 4 < width) lanes *= 2;
        int perGroup = DispatchList.GroupThreads / lanes, most = list.Slice(rows, op.Flops, op.Bytes, list.Limits.MaxGroupsX * (long)perGroup, perGroup);
        Span<Constant> all = stackalloc Constant[constants.Length + 4];
        constants.CopyTo(all[4..]);
        (all[1], all[2], all[3]) = (rows, width, lanes);
        for (int first = 0; first < rows; first += most)
        {
            int count = Math.Min(most, rows - first);
            all[0] = first;
            int threads = DispatchList.CeilDivide(count, perGroup) * DispatchList.GroupThreads;
            list.Add(kernel, (threads, 1, 1), arguments, all, DispatchList.Share(op.Flops, count, rows), DispatchList.Share(op.Bytes, count, rows));
        }
    }
}
