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

    /// <summary>A x for each vector.</summary>
    public float[][] Multiply(float[][] vectors) => [.. vectors.Select(x =>
    {
        var y = new float[size];
        ReadOnlySpan<int> c = CollectionsMarshal.AsSpan(columns);
        ReadOnlySpan<float> v = CollectionsMarshal.AsSpan(values);
        for (int row = 0, i = 0; row < size; row++)
        {
            float sum = 0;
            for (; i < ends[row]; i++) sum += v[i] * x[c[i]];
            y[row] = sum;
        }
        return y;
    })];

    /// <summary>A^T x for each vector.</summary>
    public float[][] MultiplyTransposed(float[][] vectors) => [.. vectors.Select(x =>
    {
        var y = new float[size];
        ReadOnlySpan<int> c = CollectionsMarshal.AsSpan(columns);
        ReadOnlySpan<float> v = CollectionsMarshal.AsSpan(values);
        for (int row = 0, i = 0; row < size; row++)
        {
            float factor = x[row];
            for (; i < ends[row]; i++) y[c[i]] += v[i] * factor;
        }
        return y;
    })];

    private int Start(int row) => row == 0 ? 0 : ends[row - 1];
}
