using ComputeSharp;

namespace OnDeviceLearning.Kernels;

/// <summary>
/// c = alpha * a * b for a tile of 64 x 64 a group: 16 steps of k at a time go through group-shared memory, 4 x 4 results
/// a thread stay in registers. Transposes are strides. Where k is split, each split writes its own sum
/// (c is then [splits, batch, m, n]) and MatMulSplitSum adds them up in a fixed order.
/// </summary>
/// <remarks>
/// A thread owns rows ty + 16 i and columns tx + 16 j of the tile, not neighbouring ones: neighbouring threads then load
/// and store neighbouring elements. Rows and columns beyond the matrix are read from its last ones and never stored;
/// steps beyond k count as zeros.
/// </remarks>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct MatMulTile64(
    ReadWriteBuffer<float> a, ReadWriteBuffer<float> b, ReadWriteBuffer<float> c,
    int aOffset, int bOffset, int cOffset, int m, int n, int k,
    int aRow, int aColumn, int aBatch, int bRow, int bColumn, int bBatch,
    int firstRow, int firstBatch, int batches, int splitLength, float alpha, int accumulate) : IComputeShader
{
    // [k, 16 + 1] of four rows (or columns) each; the odd width keeps the threads that store along k off each other's banks.
    [GroupShared(16 * 17)]
    private static readonly Float4[] aTile = null!;

    [GroupShared(16 * 17)]
    private static readonly Float4[] bTile = null!;

    public void Execute()
    {
        int thread = GroupIds.X, tx = thread % 16, ty = thread / 16;
        int batch = firstBatch + GridIds.Z % batches, split = GridIds.Z / batches;
        int row0 = firstRow + GridIds.Y * 64, column0 = GridIds.X * 64;
        int start = split * splitLength, end = Hlsl.Min(start + splitLength, k);

        // Which element a thread loads: neighbours follow the dimension that is contiguous in memory.
        int aStep = aColumn == 1 ? tx : ty, aLane = aColumn == 1 ? ty : tx;
        int bStep = bRow == 1 ? tx : ty, bLane = bRow == 1 ? ty : tx;
        int aBase = aOffset + batch * aBatch, bBase = bOffset + batch * bBatch;

        Float4 sum0 = 0, sum1 = 0, sum2 = 0, sum3 = 0;
        Float4 aNext = LoadA(aBase, row0 + aLane, start + aStep, end), bNext = LoadB(bBase, column0 + bLane, start + bStep, end);
        for (int k0 = start; k0 < end; k0 += 16)
        {
            aTile[aStep * 17 + aLane] = aNext;
            bTile[bStep * 17 + bLane] = bNext;
            Hlsl.GroupMemoryBarrierWithGroupSync();
            aNext = LoadA(aBase, row0 + aLane, k0 + 16 + aStep, end);
            bNext = LoadB(bBase, column0 + bLane, k0 + 16 + bStep, end);
            for (int step = 0; step < 16; step++)
            {
                Float4 x = aTile[step * 17 + ty], y = bTile[step * 17 + tx];
                sum0 += x.X * y;
                sum1 += x.Y * y;
                sum2 += x.Z * y;
                sum3 += x.W * y;
            }
            Hlsl.GroupMemoryBarrierWithGroupSync();
        }

        int target = cOffset + (split * batches + batch) * m * n;
        Store(target, row0 + ty, column0 + tx, sum0);
        Store(target, row0 + ty + 16, column0 + tx, sum1);
        Store(target, row0 + ty + 32, column0 + tx, sum2);
        Store(target, row0 + ty + 48, column0 + tx, sum3);
    }

    private Float4 LoadA(int origin, int row, int step, int end)
    {
        Float4 rows = 0;
        if (step < end)
        {
            int at = origin + step * aColumn, last = m - 1;
            rows.X = a[at + Hlsl.Min(row, last) * aRow];
            rows.Y = a[at + Hlsl.Min(row + 16, last) * aRow];
            rows.Z = a[at + Hlsl.Min(row + 32, last) * aRow];
            rows.W = a[at + Hlsl.Min(row + 48, last) * aRow];
        }
        return rows;
    }

    private Float4 LoadB(int origin, int column, int step, int end)
    {
        Float4 columns = 0;
        if (step < end)
        {
            int at = origin + step * bRow, last = n - 1;
            columns.X = b[at + Hlsl.Min(column, last) * bColumn];
            columns.Y = b[at + Hlsl.Min(column + 16, last) * bColumn];
            columns.Z = b[at + Hlsl.Min(column + 32, last) * bColumn];
            columns.W = b[at + Hlsl.Min(column + 48, last) * bColumn];
        }
        return columns;
    }

    private void Store(int target, int row, int column, Float4 sums)
    {
        if (row < m)
        {
            StoreOne(target, row, column, sums.X);
            StoreOne(target, row, column + 16, sums.Y);
            StoreOne(target, row, column + 32, sums.Z);
            StoreOne(target, row, column + 48, sums.W);
        }
    }

    private void StoreOne(int target, int row, int column, float sum)
    {
        if (column < n)
        {
            int at = target + row * n + column;
            float before = 0;
            if (accumulate != 0) before = c[at];
            c[at] = alpha * sum + before;
        }
    }
}
