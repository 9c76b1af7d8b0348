using System.Text.Json;

namespace OnDeviceLearning.Graphs;

/// <summary>
/// The properties of a JSON object, each asked for by name; what is missing, of another type, given twice or never asked
/// for is an error that names the object.
/// </summary>
internal sealed class LayerAttributes
{
    private readonly string owner;
    private readonly JsonElement element;
    private readonly HashSet<string> unread = [];

    public LayerAttributes(string owner, JsonElement element)
    {
        this.owner = owner;
        this.element = element;
        if (element.ValueKind != JsonValueKind.Object) throw Error($"{element.ValueKind}; expected an object");
        foreach (JsonProperty property in element.EnumerateObject())
        {
            string name;
            try
            {
                name = property.Name;
            }
            catch (InvalidOperationException e)
            {
                throw new ModelFormatException($"{owner}: a property's name is not valid Unicode.", e);
            }
            if (!unread.Add(name)) throw Error($"'{name}' is given twice");
        }
    }

    public int Int32(string name) =>
        Element(name, JsonValueKind.Number) is var element && element.TryGetInt32(out int value)
            ? value : throw Error($"'{name}' is {element.GetRawText()}; expected a whole number");

    public float Single(string name) =>
        Element(name, JsonValueKind.Number) is var element && element.TryGetSingle(out float value) && float.IsFinite(value)
            ? value : throw Error($"'{name}' is {element.GetRawText()}; expected a single-precision number");

    public bool Boolean(string name)
    {
        JsonElement element = Take(name);
        return element.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw Error($"'{name}' is {element.ValueKind}; expected true or false"),
        };
    }

    public string String(string name) => Text(name, Element(name, JsonValueKind.String));

    public T Choice<T>(string name, ReadOnlySpan<(T Value, string Name)> choices)
    {
        string chosen = String(name);
        foreach ((T value, string text) in choices)
            if (text == chosen) return value;
        throw Error($"'{name}' is '{chosen}'; expected one of {string.Join(", ", choices.ToArray().Select(c => c.Name))}");
    }

    public JsonElement Element(string name, JsonValueKind kind)
    {
        JsonElement element = Take(name);
        return element.ValueKind == kind ? element : throw Error($"'{name}' is {element.ValueKind}; expected {kind}");
    }

    /// <summary>The text of a string, which may hold escapes that are no Unicode.</summary>
    public string Text(string name, JsonElement element)
    {
        try
        {
            return element.GetString()!;
        }
        catch (InvalidOperationException e)
        {
            throw new ModelFormatException($"{owner}: '{name}' is not valid Unicode.", e);
        }
    }

    /// <summary>Refuses properties that nobody asked for.</summary>
    public void RequireAllRead()
    {
        foreach (string name in unread) throw Error($"'{name}' is unknown here");
    }

    public ModelFormatException Error(string what) => new($"{owner}: {what}.");

    private JsonElement Take(string name) => unread.Remove(name) ? element.GetProperty(name) : throw Error($"'{name}' is missing");
}
