using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Gpu;

/// <summary>Matrix products: a kernel for vectors, three sizes of tile, k split where the tiles are too few.</summary>
internal static class MatMulLowering
{
    // Fewer steps of k than this are not worth a group of their own.
    private const int LeastSteps = 64;

    public static void Lower(MatMul op, DispatchList list)
    {
        // Batches that share b are one tall matrix.
        if (op.SharedB && !op.TransposeA && op.Batch > 1 && (long)op.Batch * op.M <= int.MaxValue)
            op = op with { Batch = 1, M = op.Batch * op.M };
        Epilogue epilogue = new(op.HasBias ? 2 : -1, op.HasResidual ? op.HasBias ? 3 : 2 : -1, op.Activation, op.Alpha, op.Accumulate);
        int target = 2 + (op.HasBias ? 1 : 0) + (op.HasResidual ? 1 : 0);
        if (op.M == 1 || op.N == 1)
        {
            bool along = op.N == 1 ? !op.TransposeA : op.TransposeB;
            int groups = op.Batch * DispatchList.CeilDivide(op.M * op.N, along ? 8 : 32);
            // A long sum into few outputs keeps more of the device busy as a tile with k split.
            if (op.K <= 4096 || groups >= list.Limits.GroupsToFill)
            {
                Vector(op, list, epilogue, target, along);
                return;
            }
        }
        Tiles(op, list, epilogue, target);
    }

    private static void Vector(MatMul op, DispatchList list, Epilogue epilogue, int target, bool along)
    {
        // With one column the matrix is a and every output has the same bias; with one row the matrix is b.
        bool column = op.N == 1;
        int outputs = op.M * op.N, matrixBatch = column ? op.M * op.K : op.SharedB ? 0 : op.K * op.N, vectorBatch = column ? op.SharedB ? 0 : op.K : op.K;
        int groups = DispatchList.CeilDivide(outputs, along ? 8 : 32);
        list.Grid(along ? "MatMulVectorRows" : "MatMulVectorColumns", [groups, op.Batch], (DispatchList.GroupThreads, 1),
            [column ? 0 : 1, column ? 1 : 0, epilogue.BiasOr(0), epilogue.ResidualOr(0), target],
            [outputs, op.K, matrixBatch, vectorBatch, column ? 0 : 1, op.Alpha, op.Accumulate, epilogue.HasBias, epilogue.HasResidual, epilogue.Activation],
            op.Flops, op.Bytes);
    }

    private static void Tiles(MatMul op, DispatchList list, Epilogue epilogue, int target)
    {
        (string kernel, int tile, int groupThreads) = Tile(op, list.Limits);
        int rowTiles = DispatchList.CeilDivide(op.M, tile), columnTiles = DispatchList.CeilDivide(op.N, tile), outputs = op.Batch * op.M * op.N;
        long groups = (long)rowTiles * columnTiles * op.Batch * groupThreads / DispatchList.GroupThreads;
        int splits = list.Splits(groups, op.K, LeastSteps, outputs);
        int splitLength = DispatchList.CeilDivide(DispatchList.CeilDivide(op.K, splits), 16) * 16;
        splits = DispatchList.CeilDivide(op.K, splitLength);
        int partial = splits == 1 ? target : list.Scratch(splits * outputs);
        Epilogue last = splits == 1 ? epilogue : Epilogue.None;

        list.Grid(kernel, [columnTiles, rowTiles, op.Batch * splits], (groupThreads, 1),
            [0, 1, last.BiasOr(0), last.ResidualOr(0), partial],
            [
                op.M, op.N, op.K,
                op.TransposeA ? 1 : op.K, op.TransposeA ? op.M : 1, op.M * op.K,
                op.TransposeB ? 1 : op.N, op.TransposeB ? op.K : 1, op.SharedB ? 0 : op.K * op.N,
                op.Batch, splitLength, last.Alpha, last.Accumulate, last.HasBias, last.HasResidual, last.Activation,
            ],
            op.Flops, op.Bytes);
        if (splits > 1) SplitSum.Add(list, partial, target, outputs, splits, epilogue.AsSplitSum(biasInner: 1, biasCount: op.N));
    }

    private static (string Kernel, int Tile, int GroupThreads) Tile(MatMul op, GpuLimits limits)
    {
        long Tiles(int tile) => (long)DispatchList.CeilDivide(op.M, tile) * DispatchList.CeilDivide(op.N, tile) * op.Batch;
        if (Tiles(128) >= limits.GroupsToFill && Math.Min(op.M, op.N) > 64) return ("MatMulTile128", 128, 256);
        if (Tiles(64) >= limits.GroupsToFill / 2 && Math.Min(op.M, op.N) > 32) return ("MatMulTile64", 64, 256);
        return ("MatMulTile32", 32, 64);
    }
}
