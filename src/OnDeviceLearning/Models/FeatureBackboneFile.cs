using System.Globalization;
using System.Text;

namespace OnDeviceLearning.Models;

/// <summary>Writes a backbone that scales plain features and nothing else, so that it has a hash as any other and saves are bound to it.</summary>
internal static class FeatureBackboneFile
{
    public static byte[] Write(ReadOnlySpan<float> mean, ReadOnlySpan<float> deviation, float logitScale)
    {
        var json = new StringBuilder("{\"mean\":");
        Append(json, mean);
        json.Append(",\"std\":");
        Append(json, deviation);
        json.Append('}');
        var stream = new MemoryStream();
        // Never on a disk, it needs no checksum; and its hash stays what it was when older saves were made.
        SafetensorsWriter.WriteUnsealed(stream, [], new Dictionary<string, string>
        {
            [BackboneMetadata.FormatKey] = "1",
            ["odl.features"] = json.ToString(),
            ["odl.logitScale"] = logitScale.ToString(CultureInfo.InvariantCulture),
        });
        return stream.ToArray();
    }

    private static void Append(StringBuilder json, ReadOnlySpan<float> values)
    {
        char separator = '[';
        if (values.IsEmpty) json.Append('[');
        foreach (float value in values)
        {
            // What is not finite is no JSON, and refused by name where it is read.
            json.Append(separator).Append(float.IsFinite(value) ? value.ToString("R", CultureInfo.InvariantCulture) : $"\"{value.ToString(CultureInfo.InvariantCulture)}\"");
            separator = ',';
        }
        json.Append(']');
    }
}
