using System.Text.Json;

namespace OnDeviceLearning.Models;

/// <summary>A JSON object kept as a metadata string of a model file; every complaint names the key and what was expected.</summary>
internal sealed class MetadataJson : IDisposable
{
    private readonly string key;
    private readonly JsonDocument document;

    private MetadataJson(string key, JsonDocument document)
    {
        this.key = key;
        this.document = document;
    }

    public static MetadataJson Parse(string key, string json)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 16 });
        }
        // ArgumentException: lone surrogates in the text.
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            throw new ModelFormatException($"Metadata '{key}': not valid JSON ({e.Message})", e);
        }
        JsonValueKind kind = document.RootElement.ValueKind;
        if (kind == JsonValueKind.Object) return new MetadataJson(key, document);
        document.Dispose();
        throw new ModelFormatException($"Metadata '{key}': expected an object, found {kind}.");
    }

    public JsonElement Root => document.RootElement;

    public ModelFormatException Error(string what) => new($"Metadata '{key}': {what}.");

    public string String(string name) => Text(Get(name, JsonValueKind.String)) ?? throw Error($"'{name}' is not valid Unicode");

    public string? StringOrNull(string name) =>
        Root.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? String(name) : null;

    public bool Boolean(string name)
    {
        if (!Root.TryGetProperty(name, out JsonElement value)) throw Error($"'{name}' is missing");
        return value.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw Error($"'{name}' is {value.ValueKind}; expected true or false"),
        };
    }

    public int Int32(string name, int low, int high)
    {
        JsonElement value = Get(name, JsonValueKind.Number);
        return value.TryGetInt32(out int number) && number >= low && number <= high
            ? number
            : throw Error($"'{name}' is {value.GetRawText()}; expected a whole number from {low} to {high}");
    }

    public float Single(string name) => Single(name, Get(name, JsonValueKind.Number));

    public float Single(string name, JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetSingle(out float number) && float.IsFinite(number)
            ? number
            : throw Error($"'{name}' is {value.GetRawText()}; expected a finite number");

    public JsonElement.ObjectEnumerator Object(string name) => Get(name, JsonValueKind.Object).EnumerateObject();

    public JsonElement.ArrayEnumerator Array(string name) => Get(name, JsonValueKind.Array).EnumerateArray();

    /// <summary>The string, or null where its escapes make no valid Unicode.</summary>
    public static string? Text(JsonElement value)
    {
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>A property's name, which may hold escapes that are no Unicode.</summary>
    public string Name(JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException)
        {
            throw Error("a property's name is not valid Unicode");
        }
    }

    public void Dispose() => document.Dispose();

    private JsonElement Get(string name, JsonValueKind kind)
    {
        if (!Root.TryGetProperty(name, out JsonElement value)) throw Error($"'{name}' is missing");
        return value.ValueKind == kind ? value : throw Error($"'{name}' is {value.ValueKind}; expected {kind}");
    }
}
