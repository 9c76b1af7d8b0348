using Google.Protobuf;

namespace OnDeviceLearning.Pretraining.Onnx;

/// <summary>
/// A protocol-buffers message being written, field after field. The few messages of ONNX that a model needs are written
/// by field number (<see href="https://github.com/onnx/onnx/blob/main/onnx/onnx.proto"/>); generated classes for all of
/// them would be a hundred times this file.
/// </summary>
internal sealed class OnnxMessage
{
    private readonly MemoryStream bytes = new();
    private readonly CodedOutputStream output;

    public OnnxMessage() => output = new CodedOutputStream(bytes, leaveOpen: true);

    /// <summary>An integer or an enumeration's value.</summary>
    public OnnxMessage Integer(int field, long value)
    {
        output.WriteTag(field, WireFormat.WireType.Varint);
        output.WriteInt64(value);
        return this;
    }

    /// <summary>A repeated field of integers, one after the other, which every reader takes, packed or not.</summary>
    public OnnxMessage Integers(int field, params ReadOnlySpan<long> values)
    {
        foreach (long value in values) Integer(field, value);
        return this;
    }

    /// <summary>A 32-bit float.</summary>
    public OnnxMessage Float(int field, float value)
    {
        output.WriteTag(field, WireFormat.WireType.Fixed32);
        output.WriteFloat(value);
        return this;
    }

    /// <summary>A string.</summary>
    public OnnxMessage Text(int field, string value)
    {
        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        output.WriteString(value);
        return this;
    }

    /// <summary>Bytes, which must not change before the message is written.</summary>
    public OnnxMessage Bytes(int field, ReadOnlyMemory<byte> value)
    {
        output.WriteTag(field, WireFormat.WireType.LengthDelimited);
        output.WriteBytes(UnsafeByteOperations.UnsafeWrap(value));
        return this;
    }

    /// <summary>A message within this one; it must be complete.</summary>
    public OnnxMessage Message(int field, OnnxMessage message) => Bytes(field, message.ToArray());

    /// <summary>The message so far.</summary>
    public byte[] ToArray()
    {
        output.Flush();
        return bytes.ToArray();
    }
}
