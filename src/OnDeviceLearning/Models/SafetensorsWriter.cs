using System.Buffers;
using System.Buffers.Binary;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace OnDeviceLearning.Models;

/// <summary>
/// Writes safetensors files. The same tensors and metadata give the same bytes: metadata is sorted by key, tensors by
/// element size (largest first, so that each is aligned) and name. A backbone, which is what has <c>odl.format</c> in its
/// metadata, is given a checksum.
/// </summary>
public static class SafetensorsWriter
{
    /// <summary>Writes to a file; what was there stays whole until the new file is complete.</summary>
    /// <exception cref="ArgumentException">Two tensors have the same name.</exception>
    public static void Write(string path, IEnumerable<SafetensorsTensor> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        WholeFile.Write(path, stream => Write(stream, tensors, metadata));
    }

    /// <summary>Writes to a stream from its present position.</summary>
    /// <exception cref="ArgumentException">Two tensors have the same name.</exception>
    public static void Write(Stream stream, IEnumerable<SafetensorsTensor> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(tensors);
        SafetensorsTensor[] sorted = [.. tensors];
        Array.Sort(sorted, static (a, b) =>
        {
            int bySize = SafetensorsTensor.ElementSize(b.Type).CompareTo(SafetensorsTensor.ElementSize(a.Type));
            return bySize != 0 ? bySize : string.CompareOrdinal(a.Name, b.Name);
        });
        var names = new HashSet<string>(sorted.Length);
        foreach (SafetensorsTensor tensor in sorted)
            if (!names.Add(tensor.Name)) throw new ArgumentException($"Write: two tensors are named '{tensor.Name}'.", nameof(tensors));

        if (metadata is null || !metadata.ContainsKey(BackboneMetadata.FormatKey))
        {
            // Copied from a backbone, its checksum would say of this file that it is damaged.
            WriteUnsealed(stream, sorted, metadata?.Where(entry => entry.Key != FileSeal.Backbone.Key).ToDictionary());
            return;
        }
        using var file = new MemoryStream();
        WriteUnsealed(file, sorted, new Dictionary<string, string>(metadata) { [FileSeal.Backbone.Key] = FileSeal.Open });
        byte[] bytes = file.ToArray();
        FileSeal.Backbone.Close(bytes);
        stream.Write(bytes);
    }

    /// <summary>Writes tensors that are in order, and no checksum.</summary>
    internal static void WriteUnsealed(Stream stream, SafetensorsTensor[] sorted, IReadOnlyDictionary<string, string>? metadata)
    {
        byte[] header = Header(sorted, metadata);
        Span<byte> length = stackalloc byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        stream.Write(length);
        stream.Write(header);
        foreach (SafetensorsTensor tensor in sorted) stream.Write(tensor.Data.Span);
    }

    private static byte[] Header(SafetensorsTensor[] sorted, IReadOnlyDictionary<string, string>? metadata)
    {
        var buffer = new ArrayBufferWriter<byte>(4096);
        // Relaxed: the metadata is JSON itself, and every quote would otherwise become six bytes.
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            if (metadata is { Count: > 0 })
            {
                string[] keys = [.. metadata.Keys];
                Array.Sort(keys, string.CompareOrdinal);
                json.WriteStartObject(SafetensorsReader.MetadataKey);
                foreach (string key in keys) json.WriteString(key, metadata[key]);
                json.WriteEndObject();
            }
            long offset = 0;
            foreach (SafetensorsTensor tensor in sorted)
            {
                json.WriteStartObject(tensor.Name);
                json.WriteString("dtype", SafetensorsReader.NameOf(tensor.Type));
                json.WriteStartArray("shape");
                foreach (int dimension in tensor.Shape) json.WriteNumberValue(dimension);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                json.WriteNumberValue(offset += tensor.Data.Length);
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        // Spaces up to a multiple of eight, as the format allows, keep the data aligned.
        byte[] header = new byte[(buffer.WrittenCount + 7) / 8 * 8];
        header.AsSpan().Fill((byte)' ');
        buffer.WrittenSpan.CopyTo(header);
        return header;
    }
}
