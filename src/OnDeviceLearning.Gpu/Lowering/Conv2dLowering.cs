using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Gpu;

/// <summary>
/// Convolutions and their gradients: products in tiles where a group has channels enough to fill one, otherwise one thread
/// an element.
/// </summary>
internal static class Conv2dLowering
{
    // Fewer steps of the sum than this are not worth a group of their own.
    private const int LeastSteps = 64, LeastPixels = 256;

    // More than this of a weight's gradient is another part of the sum.
    private const long SplitFlops = 1_000_000_000;

    // Groups of fewer channels leave a tile mostly empty.
    private const int LeastGroupChannels = 16;

    public static void Lower(Conv2d op, DispatchList list)
    {
        Epilogue epilogue = new(op.HasBias ? 2 : -1, op.HasResidual ? op.HasBias ? 3 : 2 : -1, op.Activation);
        int target = 2 + (op.HasBias ? 1 : 0) + (op.HasResidual ? 1 : 0), pixels = op.N * op.OutH * op.OutW, outputs = pixels * op.OutChannels;
        if (IsNarrow(op, op.OutChannels))
        {
            list.Elementwise("Conv2dDirect", outputs, [0, 1, epilogue.BiasOr(0), epilogue.ResidualOr(0), target],
                [.. Sizes(op), op.Groups, epilogue.HasBias, epilogue.HasResidual, epilogue.Activation], op.Flops, op.Bytes);
            return;
        }
        int groupOut = op.OutChannels / op.Groups, depth = op.C / op.Groups * op.KernelH * op.KernelW;
        (string kernel, int tile, int groupThreads) = Tile("Conv2d", groupOut, pixels, op.Groups, list.Limits);
        int rowTiles = DispatchList.CeilDivide(groupOut, tile), pixelTiles = DispatchList.CeilDivide(pixels, tile);
        int splits = list.Splits((long)rowTiles * pixelTiles * op.Groups * groupThreads / DispatchList.GroupThreads, depth, LeastSteps, outputs);
        int splitLength = DispatchList.CeilDivide(DispatchList.CeilDivide(depth, splits), 16) * 16;
        splits = DispatchList.CeilDivide(depth, splitLength);
        int partial = splits == 1 ? target : list.Scratch(splits * outputs);
        Epilogue last = splits == 1 ? epilogue : Epilogue.None;

        list.Grid(kernel, [pixelTiles, rowTiles, op.Groups * splits], (groupThreads, 1), [0, 1, last.BiasOr(0), last.ResidualOr(0), partial],
            [pixels, .. Sizes(op), op.Groups, splitLength, outputs, last.HasBias, last.HasResidual, last.Activation], op.Flops, op.Bytes);
        if (splits > 1) SplitSum.Add(list, partial, target, outputs, splits, epilogue.AsSplitSum(op.OutH * op.OutW, op.OutChannels));
    }

    public static void Lower(Conv2dInputGradient op, DispatchList list)
    {
        if (IsNarrow(op, op.C))
        {
            list.Elementwise("Conv2dInputGradientDirect", op.N * op.C * op.H * op.W, [.. Sizes(op), op.Groups]);
            return;
        }
        int step = op.Stride / GreatestCommonDivisor(op.Stride, op.Dilation);
        for (int row = 0; row < Math.Min(op.Stride, op.H); row++)
            for (int column = 0; column < Math.Min(op.Stride, op.W); column++)
            {
                (int firstTapRow, int tapRows) = Taps(row, op, op.KernelH, step);
                (int firstTapColumn, int tapColumns) = Taps(column, op, op.KernelW, step);
                if (tapRows == 0 || tapColumns == 0) tapRows = tapColumns = 0; // these inputs meet no output: zeros
                Phase(op, list, (row, DispatchList.CeilDivide(op.H - row, op.Stride), firstTapRow, tapRows), (column, DispatchList.CeilDivide(op.W - column, op.Stride), firstTapColumn, tapColumns), step);
            }
    }

    private static void Phase(
        Conv2dInputGradient op, DispatchList list, (int First, int Count, int FirstTap, int Taps) rows, (int First, int Count, int FirstTap, int Taps) columns, int step)
    {
        int groupIn = op.C / op.Groups, pixels = op.N * rows.Count * columns.Count;
        (string kernel, int tile, int groupThreads) = Tile("Conv2dInputGradient", groupIn, pixels, op.Groups, list.Limits);
        long flops = 2L * pixels * op.C * (op.OutChannels / op.Groups) * rows.Taps * columns.Taps, bytes = DispatchList.Share(op.Bytes, rows.Count * columns.Count, op.H * op.W);
        list.Grid(kernel, [DispatchList.CeilDivide(pixels, tile), DispatchList.CeilDivide(groupIn, tile), op.Groups], (groupThreads, 1), [0, 1, 2],
            [
                pixels, rows.Count, columns.Count, rows.First, columns.First, rows.FirstTap, columns.FirstTap, rows.Taps, columns.Taps, step,
                op.C, op.H, op.W, op.OutChannels, op.OutH, op.OutW, op.KernelH * op.KernelW, op.KernelW, op.Stride, op.Padding, op.Dilation, op.Groups,
            ],
            flops, bytes);
    }

    // The taps that meet an output from inputs first, first + stride, ...: every step-th one, from the first that fits.
    private static (int First, int Count) Taps(int first, Conv2dOperation op, int kernel, int step)
    {
        for (int tap = 0; tap < Math.Min(step, kernel); tap++)
            if ((first + op.Padding - (long)tap * op.Dilation) % op.Stride == 0) return (tap, (kernel - tap + step - 1) / step);
        return (0, 0);
    }

    public static void Lower(Conv2dWeightGradient op, DispatchList list)
    {
        int pixels = op.N * op.OutH * op.OutW, groupOut = op.OutChannels / op.Groups, columns = op.C / op.Groups * op.KernelH * op.KernelW, outputs = op.OutChannels * columns;
        if (IsNarrow(op, op.OutChannels))
        {
            list.Grid("Conv2dWeightGradientDirect", [outputs], (DispatchList.GroupThreads, 1), [0, 1, 2], [pixels, .. Sizes(op), op.Groups], op.Flops, op.Bytes);
            return;
        }
        (string kernel, int tile, int groupThreads) = Tile("Conv2dWeightGradient", groupOut, columns, op.Groups, list.Limits);
        int rowTiles = DispatchList.CeilDivide(groupOut, tile), columnTiles = DispatchList.CeilDivide(columns, tile);
        int splits = list.Splits((long)rowTiles * columnTiles * op.Groups * groupThreads / DispatchList.GroupThreads, pixels, LeastPixels, outputs);
        splits = (int)Math.Max(splits, Math.Min(DispatchList.CeilDivide(op.Flops, SplitFlops), DispatchList.CeilDivide(pixels, LeastPixels)));
        int splitLength = DispatchList.CeilDivide(DispatchList.CeilDivide(pixels, splits), 16) * 16;
        splits = DispatchList.CeilDivide(pixels, splitLength);
        // In rounds, each of a few splits that are added to dw before the next, so that the memory for the splits' sums does
        // not grow with the number of pixels. Rounds decide in which order numbers are added: they may not depend on slices.
        int rounds = (int)Math.Max(DispatchList.CeilDivide(op.Flops, 2 * SplitFlops), DispatchList.CeilDivide(splits, Math.Max(list.Room(outputs), 1)));
        int round = DispatchList.CeilDivide(splits, Math.Min(rounds, splits));
        int partial = round == 1 ? 2 : list.Scratch(round * outputs);
        for (int first = 0; first < splits; first += round)
        {
            int count = Math.Min(round, splits - first);
            list.Grid(kernel, [columnTiles, rowTiles, op.Groups * count], (groupThreads, 1), [0, 1, partial],
                [pixels, .. Sizes(op), op.Groups, splitLength, outputs, first, round == 1], DispatchList.Share(op.Flops, count, splits), DispatchList.Share(op.Bytes, count, splits));
            if (round > 1) SplitSum.Add(list, partial, 2, outputs, count, new SplitSum { Accumulate = true });
        }
    }

    private static Constant[] Sizes(Conv2dOperation op) =>
        [op.C, op.H, op.W, op.OutChannels, op.OutH, op.OutW, op.KernelH, op.KernelW, op.Stride, op.Padding, op.Dilation];

    private static bool IsNarrow(Conv2dOperation op, int channels) => op.Groups > 1 && channels / op.Groups < LeastGroupChannels;

    private static (string Kernel, int Tile, int GroupThreads) Tile(string stem, int rows, int columns, int groups, GpuLimits limits)
    {
        long tiles = (long)DispatchList.CeilDivide(rows, 64) * DispatchList.CeilDivide(columns, 64) * groups;
        return tiles >= limits.GroupsToFill / 2 && Math.Min(rows, columns) > 32 ? (stem + "Tile64", 64, 256) : (stem + "Tile32", 32, 64);
    }

    private static int GreatestCommonDivisor(int a, int b) => b == 0 ? a : GreatestCommonDivisor(b, a % b);
}
