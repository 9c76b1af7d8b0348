using System.Text.Json;

namespace OnDeviceLearning.Datasets;

/// <summary>The splits of CLINC150 that a file holds; the others are empty.</summary>
/// <param name="Train">Texts of the 150 intents.</param>
/// <param name="Validation">Other texts of the intents.</param>
/// <param name="Test">Texts of the intents to measure on.</param>
/// <param name="OutOfScopeTrain">Texts of none of the intents.</param>
/// <param name="OutOfScopeValidation">Other texts of none of them.</param>
/// <param name="OutOfScopeTest">Texts of none of them to measure on.</param>
public sealed record ClincFile(
    IReadOnlyList<LabelledText> Train, IReadOnlyList<LabelledText> Validation, IReadOnlyList<LabelledText> Test,
    IReadOnlyList<LabelledText> OutOfScopeTrain, IReadOnlyList<LabelledText> OutOfScopeValidation, IReadOnlyList<LabelledText> OutOfScopeTest)
{
    /// <summary>Where <see cref="Find"/> looks below the data folder.</summary>
    public const string Path = "text/clinc150.json.gz";

    /// <summary>What the data set calls texts of none of its intents.</summary>
    public const string OutOfScope = "oos";

    private const int MostRows = 1_000_000, LongestText = 2000;

    /// <summary>The path of the file in a data folder.</summary>
    /// <exception cref="FileNotFoundException">It is not there; the message says where to get it.</exception>
    public static string Find(string? folder = null) => DataFolder.PathOf(Path,
        "Download data/data_full.json of CLINC150 (https://github.com/clinc/oos-eval, CC BY 3.0) and keep it, gzipped, under that name.", folder);

    /// <summary>
    /// Reads <c>{"train": [[text, intent], ...], "val": ..., "test": ..., "oos_train": ..., "oos_val": ..., "oos_test": ...}</c>,
    /// each key optional, or a bare list of <c>[text, intent]</c>, which is taken for a test split; gzipped or not.
    /// </summary>
    /// <exception cref="FormatException">The file is damaged or holds something else; the message says which row.</exception>
    public static ClincFile Read(string path)
    {
        byte[] bytes = GzipText.ReadBytes(path);
        try
        {
            using JsonDocument document = JsonDocument.Parse(bytes, new JsonDocumentOptions { MaxDepth = 8 });
            JsonElement root = document.RootElement;
            if (root.ValueKind == JsonValueKind.Array)
            {
                IReadOnlyList<LabelledText> rows = Rows(path, "the list", root);
                return new ClincFile([], [], [.. rows.Where(r => r.Intent != OutOfScope)], [], [], [.. rows.Where(r => r.Intent == OutOfScope)]);
            }
            if (root.ValueKind != JsonValueKind.Object)
                throw new FormatException($"{path}: the file is a JSON {root.ValueKind}; expected an object of splits or a list of [text, intent].");
            IReadOnlyList<LabelledText> Split(string key) => root.TryGetProperty(key, out JsonElement rows) ? Rows(path, $"'{key}'", rows) : [];
            var file = new ClincFile(Split("train"), Split("val"), Split("test"), Split("oos_train"), Split("oos_val"), Split("oos_test"));
            if (file.Train.Count + file.Validation.Count + file.Test.Count == 0)
                throw new FormatException($"{path}: there is none of 'train', 'val' and 'test'; expected at least one split of [text, intent].");
            return file;
        }
        catch (JsonException e)
        {
            throw new FormatException($"{path}: not valid JSON at line {e.LineNumber + 1}, byte {e.BytePositionInLine} ({e.Message}).", e);
        }
    }

    private static IReadOnlyList<LabelledText> Rows(string path, string split, JsonElement rows)
    {
        if (rows.ValueKind != JsonValueKind.Array) throw new FormatException($"{path}: {split} is {rows.ValueKind}; expected a list of [text, intent].");
        if (rows.GetArrayLength() > MostRows) throw new FormatException($"{path}: {split} has {rows.GetArrayLength()} rows; at most {MostRows} are read.");
        var result = new List<LabelledText>(rows.GetArrayLength());
        foreach (JsonElement row in rows.EnumerateArray())
        {
            if (row.ValueKind != JsonValueKind.Array || row.GetArrayLength() != 2 || row[0].ValueKind != JsonValueKind.String || row[1].ValueKind != JsonValueKind.String)
                throw new FormatException($"{path}: {split}, row {result.Count + 1}: found {row.ValueKind}; expected [text, intent], two strings.");
            var text = new LabelledText(row[0].GetString()!, row[1].GetString()!);
            if (string.IsNullOrWhiteSpace(text.Text) || text.Text.Length > LongestText || text.Intent.Length == 0)
                throw new FormatException($"{path}: {split}, row {result.Count + 1}: the text has {text.Text.Length} characters, the intent {text.Intent.Length}; expected 1 to {LongestText} and at least 1.");
            result.Add(text);
        }
        return result;
    }
}
