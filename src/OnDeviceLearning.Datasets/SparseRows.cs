using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace OnDeviceLearning.Datasets;

/// <summary>A square matrix that is mostly zeros, row by row.</summary>
internal sealed class SparseRows(int size)
{
    private readonly List<int> columns = [], ends = [];
    private readonly List<float> values = [];

    public void Add(int column, float value)
    {
        columns.Add(column);
        values.Add(value);
    }

    public void EndRow() => ends.Add(columns.Count);

    /// <summary>Replaces each value by a function of row, column and value.</summary>
    public void Map(Func<int, int, float, float> map)
    {
        Span<float> all = CollectionsMarshal.AsSpan(values);
        for (int row = 0; row < size; row++)
            for (int i = Start(row); i < ends[row]; i++) all[i] = map(row, columns[i], all[i]);
    }

    /// <summary>A x: x and the result [size, width].</summary>
    public float[] Multiply(float[] x, int width)
    {
        var y = new float[x.Length];
        for (int row = 0; row < size; row++)
            for (int i = Start(row); i < ends[row]; i++)
                AddScaled(x.AsSpan(columns[i] * width, width), values[i], y.AsSpan(row * width, width));
        return y;
    }

    /// <summary>A^T x: x and the result [size, width].</summary>
    public float[] MultiplyTransposed(float[] x, int width)
    {
        var y = new float[x.Length];
        for (int row = 0; row < size; row++)
            for (int i = Start(row); i < ends[row]; i++)
                AddScaled(x.AsSpan(row * width, width), values[i], y.AsSpan(columns[i] * width, width));
        return y;
    }

    private static void AddScaled(ReadOnlySpan<float> x, float factor, Span<float> y) => TensorPrimitives.MultiplyAdd(x, factor, y, y);

    private int Start(int row) => row == 0 ? 0 : ends[row - 1];
}
