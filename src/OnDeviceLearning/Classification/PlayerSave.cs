using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using OnDeviceLearning.Models;

namespace OnDeviceLearning.Classification;

/// <summary>
/// The file format of a save: safetensors with the classes as JSON in its metadata and the embeddings, examples and
/// published head as tensors, under a <see cref="FileSeal"/>.
/// </summary>
internal static class PlayerSave
{
    public const string Format = "1";
    public const string FormatWithTuning = "2"; // what older versions cannot read is written only where the encoder may move
    public const string FormatKey = "odl.save.format";
    public const string BackboneKey = "odl.save.backbone";
    public const string StateKey = "odl.save.state";
    public const string ClassesKey = "odl.save.classes";
    public const string DescriptionsTensor = "descriptions";    // [all descriptions, D]
    public const string HeadTensor = "head";                    // [C, D]
    public const string ExamplesTensor = "examples";            // [N, D]
    public const string TuningKey = "odl.save.tuning";
    public const string LabelsTensor = "examples.class";        // [N]
    public const string IdsTensor = "examples.id";              // [N]
    public const string InputsTensor = "examples.input";        // [all bytes, four to an integer, each input beginning a new one]
    public const string InputLengthsTensor = "examples.input.length"; // [N] bytes, 0 for none
    public const string TunedTensor = "examples.tuned";         // [N, D] by the tuned encoder
    public const string EncoderTensor = "encoder";              // [1, P] of the adapter
    public const string RunIdsTensor = "run.id";                // [M] examples of the run under way
    public const string RunParametersTensor = "run.parameters"; // [1, P]
    public const string RunMomentsTensor = "run.moments";       // [2, P]

    /// <summary>
    /// What a save may cost its reader. Header and elements are bounded by the file alone, so that whatever the limits of a
    /// classifier let it hold and <see cref="Write"/> writes can be read again.
    /// </summary>
    public static readonly ModelLimits Limits = new() { MaxFileBytes = 256 << 20, MaxHeaderBytes = 128 << 20, MaxElements = 64 << 20, MaxTensors = 16 };

    /// <summary>The bytes of a save, checksum included.</summary>
    public static byte[] Write(IReadOnlyList<SafetensorsTensor> tensors, Dictionary<string, string> metadata)
    {
        metadata.TryAdd(FormatKey, Format);
        metadata[FileSeal.Save.Key] = FileSeal.Open;
        long data = tensors.Sum(tensor => (long)tensor.Data.Length);
        if (data > Limits.MaxFileBytes) throw TooLarge(data);
        using var stream = new MemoryStream();
        SafetensorsWriter.Write(stream, tensors, metadata);
        if (stream.Length > Limits.MaxFileBytes) throw TooLarge(stream.Length);
        byte[] file = stream.ToArray();
        FileSeal.Save.Close(file);
        return file;
    }

    /// <summary>Reads a save and checks that it is whole.</summary>
    /// <exception cref="ModelFormatException">It is not a save, of another version, or damaged.</exception>
    public static SafetensorsFile Read(byte[] file)
    {
        FileSeal.Save.Check("Save", file);
        SafetensorsFile save = SafetensorsReader.Parse(file, Limits, isChecked: true);
        string format = Text(save, FormatKey);
        if (format is not (Format or FormatWithTuning)) throw new ModelFormatException($"Save: format '{format}'; this version reads '{Format}' and '{FormatWithTuning}'.");
        return save;
    }

    /// <summary>A metadata string that has to be there.</summary>
    public static string Text(SafetensorsFile save, string key) =>
        save.Metadata.TryGetValue(key, out string? value) ? value : throw new ModelFormatException($"Save: its metadata lacks '{key}'.");

    /// <summary>A [rows, width] tensor of floats as rows; one without rows is left out of the file.</summary>
    public static float[][] Rows(SafetensorsFile save, string name, int rows, int width)
    {
        if (rows == 0) return [];
        SafetensorsTensor tensor = Tensor(save, name, SafetensorsType.F32, [rows, width]);
        var result = new float[rows][];
        var all = new float[rows * width];
        tensor.CopyTo(all);
        for (int i = 0; i < rows; i++) result[i] = all[(i * width)..((i + 1) * width)];
        return result;
    }

    /// <summary>A [count] tensor of integers; one without elements is left out of the file.</summary>
    public static int[] Integers(SafetensorsFile save, string name, int count)
    {
        if (count == 0) return [];
        return MemoryMarshal.Cast<byte, int>(Tensor(save, name, SafetensorsType.I32, [count]).Data.Span).ToArray();
    }

    private static SafetensorsTensor Tensor(SafetensorsFile save, string name, SafetensorsType type, int[] shape)
    {
        if (!save.Tensors.TryGetValue(name, out SafetensorsTensor? tensor)) throw new ModelFormatException($"Save: tensor '{name}' is missing.");
        if (tensor.Type != type || !tensor.Shape.SequenceEqual(shape))
        {
            throw new ModelFormatException(
                $"Save: tensor '{name}' is {tensor.Type} [{string.Join(", ", tensor.Shape)}]; expected {type} [{string.Join(", ", shape)}].");
        }
        return tensor;
    }

    /// <summary>JSON built by <paramref name="write"/>.</summary>
    public static string Json(Action<Utf8JsonWriter> write)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        // What the player wrote stays readable in the file; it is never put into HTML.
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping })) write(json);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>A double that survives the round trip, NaN included.</summary>
    public static string Exact(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    /// <summary>Reads what <see cref="Exact(double)"/> wrote.</summary>
    public static double Exact(MetadataJson json, string name) =>
        double.TryParse(json.String(name), NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
            ? value
            : throw json.Error($"'{name}' is not a number");

    private static InvalidOperationException TooLarge(long bytes) =>
        new($"Save: the classes and examples take {bytes} bytes or more; at most {Limits.MaxFileBytes} can be read again.");
}
