using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace OnDeviceLearning.Models;

/// <summary>Element types of the safetensors format, in its own names.</summary>
public enum SafetensorsType
{
    /// <summary>One byte, 0 or 1.</summary>
    Bool,
    /// <summary>8-bit unsigned.</summary>
    U8,
    /// <summary>8-bit signed.</summary>
    I8,
    /// <summary>16-bit unsigned.</summary>
    U16,
    /// <summary>16-bit signed.</summary>
    I16,
    /// <summary>32-bit unsigned.</summary>
    U32,
    /// <summary>32-bit signed.</summary>
    I32,
    /// <summary>64-bit unsigned.</summary>
    U64,
    /// <summary>64-bit signed.</summary>
    I64,
    /// <summary>IEEE 754 half.</summary>
    F16,
    /// <summary>The upper half of an IEEE 754 single.</summary>
    BF16,
    /// <summary>IEEE 754 single.</summary>
    F32,
    /// <summary>IEEE 754 double.</summary>
    F64,
}

/// <summary>A named tensor of a safetensors file: row-major, little-endian.</summary>
public sealed class SafetensorsTensor
{
    internal SafetensorsTensor(string name, SafetensorsType type, int[] shape, ReadOnlyMemory<byte> data)
    {
        Name = name;
        Type = type;
        Shape = shape;
        Data = data;
        Length = data.Length / ElementSize(type);
    }

    /// <summary>The tensor's name.</summary>
    public string Name { get; }

    /// <summary>What its elements are.</summary>
    public SafetensorsType Type { get; }

    /// <summary>Its dimensions, outermost first; empty for a scalar.</summary>
    public IReadOnlyList<int> Shape { get; }

    /// <summary>Number of elements.</summary>
    public int Length { get; }

    /// <summary>Its bytes as they lie in the file.</summary>
    public ReadOnlyMemory<byte> Data { get; }

    /// <summary>A tensor of floats, rounded to <paramref name="type"/> (to nearest even).</summary>
    /// <param name="name">Not empty, not <c>__metadata__</c>.</param>
    /// <param name="shape">Dimensions whose product is the number of values.</param>
    /// <param name="values">Row-major values.</param>
    /// <param name="type">F32 or F16.</param>
    /// <exception cref="ArgumentException">
    /// The shape does not hold the values, a value is not finite or does not fit the type, or the type is neither F32 nor F16.
    /// </exception>
    public static SafetensorsTensor FromSingle(string name, ReadOnlySpan<int> shape, ReadOnlySpan<float> values, SafetensorsType type = SafetensorsType.F32)
    {
        CheckName(name);
        CheckShape(name, shape, values.Length);
        byte[] data;
        switch (type)
        {
            case SafetensorsType.F32:
                data = MemoryMarshal.AsBytes(values).ToArray();
                break;
            case SafetensorsType.F16:
                data = new byte[2 * values.Length];
                TensorPrimitives.ConvertToHalf(values, MemoryMarshal.Cast<byte, Half>(data.AsSpan()));
                break;
            default:
                throw new ArgumentException($"FromSingle: tensor '{name}' asked for as {type}; expected F32 or F16.", nameof(type));
        }
        int bad = SafetensorsElements.IndexOfNonFinite(type, data);
        if (bad >= 0)
            throw new ArgumentException($"FromSingle: tensor '{name}' holds {values[bad]} at index {bad}, which {type} cannot hold as a finite number.", nameof(values));
        return new SafetensorsTensor(name, type, shape.ToArray(), data);
    }

    /// <summary>A tensor of 32-bit integers.</summary>
    /// <exception cref="ArgumentException">The shape does not hold the values.</exception>
    public static SafetensorsTensor FromInt32(string name, ReadOnlySpan<int> shape, ReadOnlySpan<int> values)
    {
        CheckName(name);
        CheckShape(name, shape, values.Length);
        return new SafetensorsTensor(name, SafetensorsType.I32, shape.ToArray(), MemoryMarshal.AsBytes(values).ToArray());
    }

    /// <summary>Copies the elements out, converted to single precision.</summary>
    /// <exception cref="ArgumentException">The target has another length, or the elements are not floating-point.</exception>
    public void CopyTo(Span<float> target)
    {
        if (target.Length != Length)
            throw new ArgumentException($"CopyTo: tensor '{Name}' has {Length} elements; the target holds {target.Length}.", nameof(target));
        SafetensorsElements.ToSingle(Name, Type, Data.Span, target);
    }

    internal static int ElementSize(SafetensorsType type) => type switch
    {
        SafetensorsType.Bool or SafetensorsType.U8 or SafetensorsType.I8 => 1,
        SafetensorsType.U16 or SafetensorsType.I16 or SafetensorsType.F16 or SafetensorsType.BF16 => 2,
        SafetensorsType.U32 or SafetensorsType.I32 or SafetensorsType.F32 => 4,
        _ => 8,
    };

    private static void CheckName(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (name == SafetensorsReader.MetadataKey)
            throw new ArgumentException($"A tensor cannot be named '{name}': the format keeps that name for metadata.", nameof(name));
    }

    private static void CheckShape(string name, ReadOnlySpan<int> shape, int count)
    {
        long product = 1;
        foreach (int dimension in shape)
        {
            if (dimension < 0) throw new ArgumentException($"Tensor '{name}': dimension {dimension} is negative.", nameof(shape));
            product = checked(product * dimension);
        }
        if (product != count)
            throw new ArgumentException($"Tensor '{name}': shape [{string.Join(", ", shape.ToArray())}] holds {product} values; got {count}.", nameof(shape));
    }
}
