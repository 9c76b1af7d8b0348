using ComputeSharp;

namespace OnDeviceLearning.Kernels;

/// <summary>
/// c = f(alpha * a * b + bias + residual) for a tile of 64 x 64 a group (x: columns, y: rows, z: batch and split): 16 steps
/// of k at a time go through group-shared memory, 4 x 4 results a thread stay in registers. Transposes are strides. Where k
/// is split, each split writes its plain sum (c is then [splits, batch, m, n]) and SplitSum does the rest.
/// </summary>
/// <remarks>
/// A thread owns rows ty + Side * i and columns tx + Side * j of the tile, not neighbouring ones: neighbouring threads then
/// load and store neighbouring elements. Rows and columns beyond the matrix are read from its last ones and never stored;
/// steps beyond k count as zeros.
/// </remarks>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct MatMulTile64(
    ReadWriteBuffer<float> a, ReadWriteBuffer<float> b, ReadWriteBuffer<float> bias, ReadWriteBuffer<float> residual, ReadWriteBuffer<float> c,
    int aOffset, int bOffset, int biasOffset, int residualOffset, int cOffset, int firstX, int firstY, int firstZ, int m, int n, int k,
    int aRow, int aColumn, int aBatch, int bRow, int bColumn, int bBatch,
    int batches, int splitLength, float alpha, int accumulate, int hasBias, int hasResidual, int activation) : IComputeShader
{
    // Threads along each side of the group, and steps of k in a tile.
    private const int Side = 16;

    // The odd width keeps threads that store along k off each other's banks.
    private const int Width = Side + 1;

    // [Side, Width] of four rows (or columns) each.
    [GroupShared(Side * Width)]
    private static readonly Float4[] aTile = null!;

    [GroupShared(Side * Width)]
    private static readonly Float4[] bTile = null!;

    public void Execute()
    {
        int thread = GroupIds.X, tx = thread % Side, ty = thread / Side, gridX = GridIds.X, gridY = GridIds.Y, gridZ = GridIds.Z, tileX = firstX + gridX, tileY = firstY + gridY, tileZ = firstZ + gridZ;
        int here = tileZ % batches, split = tileZ / batches, row0 = tileY * 4 * Side, column0 = tileX * 4 * Side;
        int start = split * splitLength, end = Hlsl.Min(start + splitLength, k);

        // Which element a thread loads: neighbours follow the dimension that is contiguous in memory.
        int aStep = aColumn == 1 ? tx : ty, aLane = aColumn == 1 ? ty : tx;
        int bStep = bRow == 1 ? tx : ty, bLane = bRow == 1 ? ty : tx;
        int aBase = aOffset + here * aBatch, bBase = bOffset + here * bBatch;

        Float4 sum0 = 0f, sum1 = 0f, sum2 = 0f, sum3 = 0f;
        Float4 aNext = LoadA(aBase, row0 + aLane, start + aStep, end), bNext = LoadB(bBase, column0 + bLane, start + bStep, end);
        for (int k0 = start; k0 < end; k0 += Side)
        {
            aTile[aStep * Width + aLane] = aNext;
            bTile[bStep * Width + bLane] = bNext;
            Hlsl.GroupMemoryBarrierWithGroupSync();
            aNext = LoadA(aBase, row0 + aLane, k0 + Side + aStep, end);
            bNext = LoadB(bBase, column0 + bLane, k0 + Side + bStep, end);
            for (int step = 0; step < Side; step++)
            {
                Float4 x = aTile[step * Width + ty], y = bTile[step * Width + tx];
                sum0 += x.X * y;
                sum1 += x.Y * y;
                sum2 += x.Z * y;
                sum3 += x.W * y;
            }
            Hlsl.GroupMemoryBarrierWithGroupSync();
        }

        int target = (split * batches + here) * m * n;
        for (int i = 0; i < 4; i++)
        {
            int row = row0 + ty + i * Side;
            Float4 sums = Tiles.Pick(i, sum0, sum1, sum2, sum3);
            if (row < m)
            {
                for (int j = 0; j < 4; j++) Store(target + row * n, column0 + tx + j * Side, sums[j]);
            }
        }
    }

    private Float4 LoadA(int origin, int row, int step, int end)
    {
        Float4 rows = 0f;
        if (step < end)
        {
            int at = origin + step * aColumn, last = m - 1;
            rows.X = a[at + Hlsl.Min(row, last) * aRow];
            rows.Y = a[at + Hlsl.Min(row + Side, last) * aRow];
            rows.Z = a[at + Hlsl.Min(row + 2 * Side, last) * aRow];
            rows.W = a[at + Hlsl.Min(row + 3 * Side, last) * aRow];
        }
        return rows;
    }

    private Float4 LoadB(int origin, int column, int step, int end)
    {
        Float4 columns = 0f;
        if (step < end)
        {
            int at = origin + step * bRow, last = n - 1;
            columns.X = b[at + Hlsl.Min(column, last) * bColumn];
            columns.Y = b[at + Hlsl.Min(column + Side, last) * bColumn];
            columns.Z = b[at + Hlsl.Min(column + 2 * Side, last) * bColumn];
            columns.W = b[at + Hlsl.Min(column + 3 * Side, last) * bColumn];
        }
        return columns;
    }

    private void Store(int row, int column, float sum)
    {
        if (column < n)
        {
            float value = alpha * sum;
            if (accumulate != 0) value += c[cOffset + row + column];
            if (hasBias != 0) value += bias[biasOffset + column];
            if (hasResidual != 0) value += residual[residualOffset + row + column];
            c[cOffset + row + column] = ActivationFunctions.Value(activation, value);
        }
    }
}
