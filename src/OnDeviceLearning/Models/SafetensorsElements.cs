using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace OnDeviceLearning.Models;

/// <summary>Scanning and converting the raw elements of a tensor. Every platform .NET runs on here is little-endian, as the format is.</summary>
internal static class SafetensorsElements
{
    /// <summary>Index of the first infinity or NaN; -1 if there is none or the type has none.</summary>
    public static int IndexOfNonFinite(SafetensorsType type, ReadOnlySpan<byte> data) => type switch
    {
        SafetensorsType.F16 => IndexOfSaturated<ushort>(MemoryMarshal.Cast<byte, ushort>(data), 0x7C00),
        SafetensorsType.BF16 => IndexOfSaturated<ushort>(MemoryMarshal.Cast<byte, ushort>(data), 0x7F80),
        SafetensorsType.F32 => IndexOfSaturated(MemoryMarshal.Cast<byte, uint>(data), 0x7F80_0000u),
        SafetensorsType.F64 => IndexOfSaturated(MemoryMarshal.Cast<byte, ulong>(data), 0x7FF0_0000_0000_0000ul),
        _ => -1,
    };

    /// <summary>Infinities and NaNs are the numbers whose exponent bits are all set.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int IndexOfSaturated<T>(ReadOnlySpan<T> bits, T exponent) where T : struct, IBinaryInteger<T>
    {
        int i = 0;
        var mask = new Vector<T>(exponent);
        for (; i <= bits.Length - Vector<T>.Count; i += Vector<T>.Count)
            if (Vector.EqualsAny(new Vector<T>(bits[i..]) & mask, mask)) break;
        for (; i < bits.Length; i++)
            if ((bits[i] & exponent) == exponent) return i;
        return -1;
    }

    public static void ToSingle(string name, SafetensorsType type, ReadOnlySpan<byte> data, Span<float> target)
    {
        switch (type)
        {
            case SafetensorsType.F32:
                MemoryMarshal.Cast<byte, float>(data).CopyTo(target);
                break;
            case SafetensorsType.F16:
                HalfToSingle(MemoryMarshal.Cast<byte, ushort>(data), target);
                break;
            case SafetensorsType.BF16:
                ReadOnlySpan<ushort> upper = MemoryMarshal.Cast<byte, ushort>(data);
                for (int i = 0; i < upper.Length; i++) target[i] = BitConverter.UInt32BitsToSingle((uint)upper[i] << 16);
                break;
            case SafetensorsType.F64:
                ReadOnlySpan<double> wide = MemoryMarshal.Cast<byte, double>(data);
                for (int i = 0; i < wide.Length; i++) target[i] = (float)wide[i];
                break;
            default:
                throw new ArgumentException($"CopyTo: tensor '{name}' is {type}; expected F16, BF16, F32 or F64.");
        }
    }

    /// <summary>
    /// Moves exponent and mantissa into place and corrects the exponent's bias by a multiplication, which is exact for
    /// every finite half, subnormal ones included. TensorPrimitives.ConvertToSingle does the same but costs a cold start
    /// 10 ms of compiling.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void HalfToSingle(ReadOnlySpan<ushort> source, Span<float> target)
    {
        const float bias = 5.192296858534828e33f; // 2^112
        int i = 0, width = Vector<uint>.Count;
        for (; i <= source.Length - 2 * width; i += 2 * width)
        {
            Vector.Widen(new Vector<ushort>(source[i..]), out Vector<uint> low, out Vector<uint> high);
            Place(low).CopyTo(target[i..]);
            Place(high).CopyTo(target[(i + width)..]);
        }
        for (; i < source.Length; i++) target[i] = (float)BitConverter.UInt16BitsToHalf(source[i]);

        static Vector<float> Place(Vector<uint> half)
        {
            Vector<float> magnitude = Vector.AsVectorSingle((half & new Vector<uint>(0x7FFF)) << 13) * bias;
            return Vector.AsVectorSingle(Vector.AsVectorUInt32(magnitude) | ((half & new Vector<uint>(0x8000)) << 16));
        }
    }
}
