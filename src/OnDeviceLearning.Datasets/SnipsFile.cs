using System.Text.Json;

namespace OnDeviceLearning.Datasets;

/// <summary>SNIPS: requests to a voice assistant and their intents.</summary>
public static class SnipsFile
{
    /// <summary>Where <see cref="Find"/> looks below the data folder.</summary>
    public const string Path = "text/snips_train.json.gz";

    /// <summary>The path of the file in a data folder.</summary>
    /// <exception cref="FileNotFoundException">It is not there; the message says where to get it.</exception>
    public static string Find(string? folder = null) => DataFolder.PathOf(Path,
        "Download train_*_full.json of 2017-06-custom-intent-engines (https://github.com/sonos/nlu-benchmark, CC0 1.0), join each request's pieces into"
        + " one list of {\"text\", \"intent\"} and keep it, gzipped, under that name.", folder);

    /// <summary>Reads a list of <c>{"text", "intent", ...}</c>, gzipped or not; what else a row holds is left out.</summary>
    /// <exception cref="FormatException">The file is damaged or holds something else; the message says which row.</exception>
    public static IReadOnlyList<LabelledText> Read(string path)
    {
        byte[] bytes = GzipText.ReadBytes(path);
        try
        {
            using JsonDocument document = JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = 16 });
            if (document.RootElement.ValueKind != JsonValueKind.Array)
                throw new FormatException($"{path}: the file is a JSON {document.RootElement.ValueKind}; expected a list of requests.");
            var rows = new List<LabelledText>(document.RootElement.GetArrayLength());
            foreach (JsonElement row in document.RootElement.EnumerateArray())
            {
                string? text = Field(row, "text"), intent = Field(row, "intent");
                if (string.IsNullOrWhiteSpace(text) || string.IsNullOrEmpty(intent))
                    throw new FormatException($"{path}, row {rows.Count + 1}: {(string.IsNullOrWhiteSpace(text) ? "'text'" : "'intent'")} is missing or empty; expected {{\"text\", \"intent\"}}.");
                rows.Add(new LabelledText(text, intent));
            }
            return rows.Count > 0 ? rows : throw new FormatException($"{path}: the list is empty; expected requests.");
        }
        catch (JsonException e)
        {
            throw new FormatException($"{path}: not valid JSON at line {e.LineNumber + 1}, byte {e.BytePositionInLine} ({e.Message}).", e);
        }
    }

    private static string? Field(JsonElement row, string name) =>
        row.ValueKind == JsonValueKind.Object && row.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
