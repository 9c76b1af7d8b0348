using System.Collections;

namespace OnDeviceLearning.Graphs;

/// <summary>
/// The dimensions of a tensor in a graph, outermost first and without the batch: [C, H, W] for images, [L, D] for
/// sequences, [D] for vectors. One dimension may be <see cref="Dynamic"/> until a program is planned.
/// </summary>
public sealed class TensorShape : IReadOnlyList<int>, IEquatable<TensorShape>
{
    /// <summary>The length of a sequence, known only when a program is planned; written "L".</summary>
    public const int Dynamic = -1;

    /// <summary>Most elements of one tensor, a whole batch of it included, so that twice as many still fit an int.</summary>
    internal const int MaxElements = (1 << 30) - 1;

    /// <summary>Element counts saturate here, so that absurd sizes of an untrusted file cannot overflow.</summary>
    internal const long Countless = 1L << 32;

    private readonly int[] dimensions;

    /// <summary>A shape with these dimensions.</summary>
    /// <exception cref="ArgumentException">A dimension is neither positive nor <see cref="Dynamic"/>, or two are dynamic.</exception>
    public TensorShape(params ReadOnlySpan<int> dimensions)
    {
        this.dimensions = dimensions.ToArray();
        foreach (int dimension in dimensions)
        {
            if (dimension < 1 && dimension != Dynamic)
                throw new ArgumentException($"Shape {this}: dimension {dimension}; expected at least 1.");
            if (dimension == Dynamic && IsDynamic)
                throw new ArgumentException($"Shape {this}: two dynamic dimensions; expected at most one.");
            IsDynamic |= dimension == Dynamic;
        }
    }

    /// <inheritdoc/>
    public int this[int index] => dimensions[index];

    /// <summary>Number of dimensions.</summary>
    public int Count => dimensions.Length;

    /// <summary>Whether a dimension is <see cref="Dynamic"/>.</summary>
    public bool IsDynamic { get; }

    /// <summary>Number of elements of one sample; 2^32 where there are that many or more.</summary>
    /// <exception cref="InvalidOperationException">A dimension is dynamic.</exception>
    public long ElementCount => Product(0, dimensions.Length);

    /// <summary>Number of elements of the dimensions from <paramref name="first"/> up to, not including, <paramref name="end"/>.</summary>
    internal long Product(int first, int end)
    {
        long product = 1;
        for (int i = first; i < end; i++)
        {
            if (dimensions[i] == Dynamic) throw new InvalidOperationException($"Shape {this} has no element count before its length L is known.");
            product = Math.Min(product * dimensions[i], Countless);
        }
        return product;
    }

    /// <summary>This shape with L known.</summary>
    internal TensorShape WithLength(int length)
    {
        var known = new int[dimensions.Length];
        for (int i = 0; i < known.Length; i++) known[i] = dimensions[i] == Dynamic ? length : dimensions[i];
        return new TensorShape(known);
    }

    /// <summary>This shape with another last dimension.</summary>
    internal TensorShape WithLast(int size)
    {
        var changed = (int[])dimensions.Clone();
        changed[^1] = size;
        return new TensorShape(changed);
    }

    /// <inheritdoc/>
    public bool Equals(TensorShape? other) => other is not null && dimensions.AsSpan().SequenceEqual(other.dimensions);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as TensorShape);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (int dimension in dimensions) hash.Add(dimension);
        return hash.ToHashCode();
    }

    /// <summary>The dimensions in brackets, as in "[64, 16, 16]" or "[L, 128]".</summary>
    public override string ToString() => $"[{string.Join(", ", dimensions.Select(d => d == Dynamic ? "L" : d.ToString(System.Globalization.CultureInfo.InvariantCulture)))}]";

    /// <inheritdoc/>
    public IEnumerator<int> GetEnumerator() => ((IEnumerable<int>)dimensions).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => dimensions.GetEnumerator();
}
