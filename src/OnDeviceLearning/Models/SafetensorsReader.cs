using System.Buffers.Binary;
using System.Text.Json;

namespace OnDeviceLearning.Models;

/// <summary>The contents of a safetensors file, wholly in memory.</summary>
/// <param name="Metadata">The strings of <c>__metadata__</c>.</param>
/// <param name="Tensors">The tensors by name.</param>
public sealed record SafetensorsFile(IReadOnlyDictionary<string, string> Metadata, IReadOnlyDictionary<string, SafetensorsTensor> Tensors);

/// <summary>
/// Reads safetensors files (https://huggingface.co/docs/safetensors, format section) strictly: every byte of the file is
/// accounted for, names are unique, float weights are finite, and where the file has a checksum, as backbones and saves of
/// this library have, it is right.
/// </summary>
public static class SafetensorsReader
{
    internal const string MetadataKey = "__metadata__";

    private static readonly string[] TypeNames = ["BOOL", "U8", "I8", "U16", "I16", "U32", "I32", "U64", "I64", "F16", "BF16", "F32", "F64"];

    /// <summary>Reads a whole file.</summary>
    /// <exception cref="ModelFormatException">The file is malformed or beyond the limits; the message says what and where.</exception>
    /// <exception cref="IOException">The file is not there or cannot be read.</exception>
    public static SafetensorsFile Read(string path, ModelLimits? limits = null) => Parse(ReadBytes(path, limits), limits);

    /// <summary>Reads a stream from its present position to its end.</summary>
    /// <exception cref="ModelFormatException">The data is malformed or beyond the limits; the message says what and where.</exception>
    public static SafetensorsFile Read(Stream stream, ModelLimits? limits = null) => Parse(ReadBytes(stream, limits), limits);

    /// <summary>Reads a file from memory; the tensors refer to <paramref name="file"/>, which must not change afterwards.</summary>
    /// <exception cref="ModelFormatException">The data is malformed or beyond the limits; the message says what and where.</exception>
    public static SafetensorsFile Parse(ReadOnlyMemory<byte> file, ModelLimits? limits = null) => Parse(file, limits, isChecked: false);

    /// <param name="file">The file.</param>
    /// <param name="limits">What it may cost.</param>
    /// <param name="isChecked">Whether the caller sees to its checksum.</param>
    internal static SafetensorsFile Parse(ReadOnlyMemory<byte> file, ModelLimits? limits, bool isChecked)
    {
        limits ??= ModelLimits.Default;
        if (file.Length > limits.MaxFileBytes) throw TooLarge(file.Length, limits);
        if (file.Length < 8) throw new ModelFormatException($"Safetensors: the file has {file.Length} bytes; expected at least 8, the length of the header.");
        ulong headerLength = BinaryPrimitives.ReadUInt64LittleEndian(file.Span);
        if (headerLength > (ulong)limits.MaxHeaderBytes)
            throw new ModelFormatException($"Safetensors: bytes 0..8 announce a header of {headerLength} bytes; at most {limits.MaxHeaderBytes} are allowed.");
        if (headerLength > (ulong)(file.Length - 8))
            throw new ModelFormatException($"Safetensors: bytes 0..8 announce a header of {headerLength} bytes; only {file.Length - 8} follow (truncated file?).");
        ReadOnlyMemory<byte> data = file[(8 + (int)headerLength)..];
        var header = new Header(limits, data.Length);
        header.Read(file.Span.Slice(8, (int)headerLength));
        var read = new SafetensorsFile(header.Metadata, header.BindTensors(data, 8 + (int)headerLength));
        if (!isChecked && read.Metadata.ContainsKey(FileSeal.Backbone.Key)) FileSeal.Backbone.Check("Backbone", file.Span);
        if (!isChecked && read.Metadata.ContainsKey(FileSeal.Save.Key)) FileSeal.Save.Check("Save", file.Span);
        return read;
    }

    internal static string NameOf(SafetensorsType type) => TypeNames[(int)type];

    internal static byte[] ReadBytes(string path, ModelLimits? limits)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        limits ??= ModelLimits.Default;
        using var file = File.OpenHandle(path, options: FileOptions.SequentialScan);
        long length = RandomAccess.GetLength(file);
        if (length > Most(limits)) throw TooLarge(length, limits);
        byte[] bytes = GC.AllocateUninitializedArray<byte>((int)length);
        int filled = 0;
        while (filled < bytes.Length)
        {
            int read = RandomAccess.Read(file, bytes.AsSpan(filled), filled);
            if (read == 0) throw new ModelFormatException($"Safetensors: the file ended at byte {filled}; its length was given as {length}.");
            filled += read;
        }
        return bytes;
    }

    internal static byte[] ReadBytes(Stream stream, ModelLimits? limits)
    {
        ArgumentNullException.ThrowIfNull(stream);
        limits ??= ModelLimits.Default;
        if (stream.CanSeek && stream.Length - stream.Position > Most(limits)) throw TooLarge(stream.Length - stream.Position, limits);
        var bytes = new MemoryStream();
        byte[] chunk = new byte[81920];
        int read;
        while ((read = stream.Read(chunk)) > 0)
        {
            if (bytes.Length + read > Most(limits)) throw TooLarge(bytes.Length + read, limits);
            bytes.Write(chunk, 0, read);
        }
        return bytes.ToArray();
    }

    // Whatever the limits say, a file is one array in memory.
    private static long Most(ModelLimits limits) => Math.Min(limits.MaxFileBytes, Array.MaxLength);

    private static ModelFormatException TooLarge(long length, ModelLimits limits) =>
        new($"Safetensors: the file has {length} bytes or more; at most {Most(limits)} are allowed.");

    // A class: sorting a list of structs would have its generic code compiled at every start.
    private sealed record Entry(string Name, SafetensorsType Type, int[] Shape, long Begin, long End, long At);

    /// <summary>The JSON header: parsed with positions, then bound to the bytes behind it.</summary>
    private sealed class Header(ModelLimits limits, long dataLength)
    {
        private readonly List<Entry> entries = [];
        private long elements;

        public Dictionary<string, string> Metadata { get; } = [];

        public void Read(ReadOnlySpan<byte> json)
        {
            // Depth 3: the object, one tensor, its shape.
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 3 });
            try
            {
                Expect(ref reader, JsonTokenType.StartObject, "the header's object");
                var names = new HashSet<string>();
                while (NextName(ref reader, out string name))
                {
                    if (!names.Add(name)) throw Error(reader, $"the name '{name}' occurs twice");
                    if (name == MetadataKey) ReadMetadata(ref reader);
                    else ReadTensor(ref reader, name);
                }
                if (reader.Read()) throw Error(reader, "something follows the header's object");
            }
            catch (JsonException e)
            {
                throw new ModelFormatException($"Safetensors: header, byte {8 + reader.BytesConsumed}: not valid JSON ({e.Message})", e);
            }
            catch (InvalidOperationException e)
            {
                throw new ModelFormatException($"Safetensors: header, byte {8 + reader.TokenStartIndex}: a string is not valid UTF-8.", e);
            }
        }

        private void ReadMetadata(ref Utf8JsonReader reader)
        {
            Expect(ref reader, JsonTokenType.StartObject, $"an object after '{MetadataKey}'");
            while (NextName(ref reader, out string key))
            {
                Expect(ref reader, JsonTokenType.String, $"a string for the metadata '{key}'");
                if (!Metadata.TryAdd(key, reader.GetString()!)) throw Error(reader, $"the metadata '{key}' occurs twice");
            }
        }

        private void ReadTensor(ref Utf8JsonReader reader, string name)
        {
            long at = reader.TokenStartIndex;
            if (entries.Count == limits.MaxTensors) throw Error(reader, $"more than {limits.MaxTensors} tensors");
            Expect(ref reader, JsonTokenType.StartObject, $"an object for tensor '{name}'");
            int type = -1;
            List<long>? shape = null, offsets = null;
            while (NextName(ref reader, out string key))
                switch (key)
                {
                    case "dtype" when type < 0:
                        Expect(ref reader, JsonTokenType.String, $"a string for the dtype of tensor '{name}'");
                        type = Array.IndexOf(TypeNames, reader.GetString());
                        if (type < 0) throw Error(reader, $"tensor '{name}' has the dtype '{reader.GetString()}'; known are {string.Join(", ", TypeNames)}");
                        break;
                    case "shape" when shape is null:
                        shape = ReadNumbers(ref reader, name, key, limits.MaxRank);
                        break;
                    case "data_offsets" when offsets is null:
                        offsets = ReadNumbers(ref reader, name, key, 2);
                        break;
                    default:
                        throw Error(reader, $"tensor '{name}' has an unknown or repeated entry '{key}'");
                }
            if (type < 0 || shape is null || offsets is not { Count: 2 })
                throw Error(reader, $"tensor '{name}' needs dtype, shape and two data_offsets");
            Add(reader, name, (SafetensorsType)type, shape, offsets, at);
        }

        private void Add(in Utf8JsonReader reader, string name, SafetensorsType type, List<long> shape, List<long> offsets, long at)
        {
            int[] dimensions = new int[shape.Count];
            // Checked before each factor is multiplied in. No limit lets the product overflow: a file has no more elements than bytes.
            long most = Math.Min(limits.MaxElements, int.MaxValue), count = 1;
            for (int i = 0; i < dimensions.Length; i++)
            {
                if (shape[i] > int.MaxValue) throw Error(reader, $"tensor '{name}' has a dimension of {shape[i]}");
                dimensions[i] = (int)shape[i];
                count = count > most ? count : count * shape[i];
            }
            if (count > most || (elements += count) > most)
                throw Error(reader, $"with tensor '{name}' of shape [{string.Join(", ", dimensions)}] there are more than {most} elements");
            long begin = offsets[0], end = offsets[1];
            if (begin > end || end > dataLength)
                throw Error(reader, $"tensor '{name}' lies at {begin}..{end} of {dataLength} bytes of data");
            long size = count * SafetensorsTensor.ElementSize(type);
            if (end - begin != size)
                throw Error(reader, $"tensor '{name}' has {end - begin} bytes; {TypeNames[(int)type]} [{string.Join(", ", dimensions)}] takes {size}");
            entries.Add(new Entry(name, type, dimensions, begin, end, at));
        }

        public Dictionary<string, SafetensorsTensor> BindTensors(ReadOnlyMemory<byte> data, int dataStart)
        {
            entries.Sort(static (a, b) => a.Begin != b.Begin ? a.Begin.CompareTo(b.Begin) : a.End.CompareTo(b.End));
            var tensors = new Dictionary<string, SafetensorsTensor>(entries.Count);
            long next = 0;
            foreach (Entry entry in entries)
            {
                if (entry.Begin != next)
                    throw new ModelFormatException(
                        $"Safetensors: tensor '{entry.Name}' (header, byte {8 + entry.At}) starts at {entry.Begin} of the data; expected {next} " +
                        $"({(entry.Begin < next ? "it overlaps the one before" : "there is a gap before it")}).");
                next = entry.End;
                ReadOnlyMemory<byte> bytes = data[(int)entry.Begin..(int)entry.End];
                int bad = SafetensorsElements.IndexOfNonFinite(entry.Type, bytes.Span);
                if (bad >= 0)
                    throw new ModelFormatException(
                        $"Safetensors: tensor '{entry.Name}' holds an infinity or NaN at index {bad} " +
                        $"(byte {dataStart + entry.Begin + (long)bad * SafetensorsTensor.ElementSize(entry.Type)}).");
                tensors.Add(entry.Name, new SafetensorsTensor(entry.Name, entry.Type, entry.Shape, bytes));
            }
            if (next != data.Length)
                throw new ModelFormatException($"Safetensors: {data.Length - next} bytes at the end, from byte {dataStart + next} on, belong to no tensor.");
            return tensors;
        }

        private static List<long> ReadNumbers(ref Utf8JsonReader reader, string tensor, string key, int most)
        {
            Expect(ref reader, JsonTokenType.StartArray, $"a list for {key} of tensor '{tensor}'");
            var numbers = new List<long>();
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out long number) || number < 0)
                    throw Error(reader, $"{key} of tensor '{tensor}' holds something that is not a whole number of 0 or more");
                if (numbers.Count == most) throw Error(reader, $"{key} of tensor '{tensor}' has more than {most} numbers");
                numbers.Add(number);
            }
            return numbers;
        }

        private static bool NextName(ref Utf8JsonReader reader, out string name)
        {
            name = "";
            if (!reader.Read() || reader.TokenType == JsonTokenType.EndObject) return false;
            name = reader.GetString()!;
            return true;
        }

        private static void Expect(ref Utf8JsonReader reader, JsonTokenType type, string what)
        {
            if (!reader.Read() || reader.TokenType != type) throw Error(reader, $"expected {what}, found {reader.TokenType}");
        }

        private static ModelFormatException Error(in Utf8JsonReader reader, string what) =>
            new($"Safetensors: header, byte {8 + reader.TokenStartIndex}: {what}.");
    }
}
