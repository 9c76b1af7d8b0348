using ComputeSharp;

namespace OnDeviceLearning.Kernels;

/// <summary>
/// MatMulTile64 with 128 x 128 results a group and 8 x 8 a thread, for large products: twice the arithmetic for each element
/// that is read from group-shared memory, which is what bounds the smaller tiles.
/// </summary>
[ThreadGroupSize(256, 1, 1)]
[GeneratedComputeShaderDescriptor]
internal readonly partial struct MatMulTile128(
    ReadWriteBuffer<float> a, ReadWriteBuffer<float> b, ReadWriteBuffer<float> bias, ReadWriteBuffer<float> residual, ReadWriteBuffer<float> c,
    int aOffset, int bOffset, int biasOffset, int residualOffset, int cOffset, int firstX, int firstY, int firstZ, int m, int n, int k,
    int aRow, int aColumn, int aBatch, int bRow, int bColumn, int bBatch,
    int batches, int splitLength, float alpha, int accumulate, int hasBias, int hasResidual, int activation) : IComputeShader
{
    private const int Side = 16;

    private const int Width = 2 * Side + 1;

    // Steps of k in a tile.
    private const int Steps = 8;

    // [Steps, 2 * Side + 1] of four rows (or columns) each: lane l < Side holds rows l + Side * (0..3), lane Side + l the next four.
    [GroupShared(Steps * Width)]
    private static readonly Float4[] aTile = null!;

    [GroupShared(Steps * Width)]
    private static readonly Float4[] bTile = null!;

    public void Execute()
    {
        int thread = GroupIds.X, tx = thread % Side, ty = thread / Side, gridX = GridIds.X, gridY = GridIds.Y, gridZ = GridIds.Z, tileX = firstX + gridX, tileY = firstY + gridY, tileZ = firstZ + gridZ;
        int here = tileZ % batches, split = tileZ / batches, row0 = tileY * 8 * Side, column0 = tileX * 8 * Side;
        int start = split * splitLength, end = Hlsl.Min(start + splitLength, k);

        // 8 steps of 32 lanes: neighbours follow the dimension that is contiguous in memory.
        int aStep = aColumn == 1 ? thread % Steps : thread / 32, aLane = aColumn == 1 ? thread / Steps : thread % 32;
        int bStep = bRow == 1 ? thread % Steps : thread / 32, bLane = bRow == 1 ? thread / Steps : thread % 32;
        int aBase = aOffset + here * aBatch, bBase = bOffset + here * bBatch;
        int aFirst = row0 + aLane % Side + aLane / Side * 4 * Side, bFirst = column0 + bLane % Side + bLane / Side * 4 * Side;

        Float4 left0 = 0f, right0 = 0f;
        Float4 left1 = 0f, right1 = 0f;
        Float4 left2 = 0f, right2 = 0f;
        Float4 left3 = 0f, right3 = 0f;
        Float4 left4 = 0f, right4 = 0f;
        Float4 left5 = 0f, right5 = 0f;
        Float4 left6 = 0f, right6 = 0f;
        Float4 left7 = 0f, right7 = 0f;
        Float4 aNext = LoadA(aBase, aFirst, start + aStep, end), bNext = LoadB(bBase, bFirst, start + bStep, end);
        for (int k0 = start; k0 < end; k0 += Steps)
        {
            aTile[aStep * Width + aLane] = aNext;
            bTile[bStep * Width + bLane] = bNext;
            Hlsl.GroupMemoryBarrierWithGroupSync();
            aNext = LoadA(aBase, aFirst, k0 + Steps + aStep, end);
            bNext = LoadB(bBase, bFirst, k0 + Steps + bStep, end);
            for (int step = 0; step < Steps; step++)
            {
                Float4 x = aTile[step * Width + ty], u = aTile[step * Width + Side + ty], y = bTile[step * Width + tx], v = bTile[step * Width + Side + tx];
                left0 += x.X * y;
                right0 += x.X * v;
                left1 += x.Y * y;
                right1 += x.Y * v;
                left2 += x.Z * y;
                right2 += x.Z * v;
                left3 += x.W * y;
                right3 += x.W * v;
                left4 += u.X * y;
                right4 += u.X * v;
                left5 += u.Y * y;
                right5 += u.Y * v;
                left6 += u.Z * y;
                right6 += u.Z * v;
                left7 += u.W * y;
                right7 += u.W * v;
            }
            Hlsl.GroupMemoryBarrierWithGroupSync();
        }

        int target = (split * batches + here) * m * n;
        for (int i = 0; i < 8; i++)
        {
            int row = row0 + ty + i * Side;
            Float4 left = i < 4 ? Tiles.Pick(i, left0, left1, left2, left3) : Tiles.Pick(i - 4, left4, left5, left6, left7);
            Float4 right = i < 4 ? Tiles.Pick(i, right0, right1, right2, right3) : Tiles.Pick(i - 4, right4, right5, right6, right7);
            if (row < m)
            {
                for (int j = 0; j < 8; j++) Store(target + row * n, column0 + tx + j * Side, j < 4 ? left[j] : right[j - 4]);
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
