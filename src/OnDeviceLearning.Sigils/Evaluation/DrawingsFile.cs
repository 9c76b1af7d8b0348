using System.IO.Compression;
using System.Numerics;
using System.Text.Json;

namespace OnDeviceLearning.Sigils.Evaluation;

/// <summary>A drawing somebody made, and the word it was made for.</summary>
public sealed record LabelledDrawing(string Word, Drawing Drawing);

/// <summary>
/// Reads drawings in the format of Quick, Draw!: a JSON object a line,
/// <c>{"word": "star", "drawing": [[[x, ...], [y, ...]], ...]}</c>, y down; further properties are ignored.
/// </summary>
public static class DrawingsFile
{
    // A line is one drawing; the longest of Quick, Draw! are about a hundredth of this.
    private const int MaxLine = 8 << 20;

    /// <summary>Reads the drawings of <paramref name="words"/> (all words if null) from an .ndjson or .ndjson.gz file.</summary>
    /// <exception cref="FormatException">A line is no drawing; the message names it by number.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static IReadOnlyList<LabelledDrawing> Read(string path, IReadOnlySet<string>? words = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        using FileStream file = File.OpenRead(path);
        // Told by its first bytes, not by its name.
        bool zipped = file.ReadByte() == 0x1f && file.ReadByte() == 0x8b;
        file.Position = 0;
        using Stream stream = zipped ? new GZipStream(file, CompressionMode.Decompress) : file;
        using var reader = new StreamReader(stream);
        try
        {
            return Read(reader, Path.GetFileName(path), words);
        }
        catch (InvalidDataException e)
        {
            throw new FormatException($"{Path.GetFileName(path)}: the gzip data is damaged.", e);
        }
    }

    internal static List<LabelledDrawing> Read(TextReader reader, string name, IReadOnlySet<string>? words = null)
    {
        var drawings = new List<LabelledDrawing>();
        int number = 0;
        while (reader.ReadLine() is { } line)
        {
            number++;
            if (string.IsNullOrWhiteSpace(line)) continue;
            if (line.Length > MaxLine) throw new FormatException($"{name}: line {number} has {line.Length} characters; expected at most {MaxLine}.");
            try
            {
                using JsonDocument json = JsonDocument.Parse(line);
                string word = json.RootElement.GetProperty("word").GetString() ?? throw new FormatException("'word' is null");
                if (words?.Contains(word) == false) continue;
                drawings.Add(new LabelledDrawing(word, new Drawing(Strokes(json.RootElement.GetProperty("drawing")))));
            }
            catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or ArgumentException)
            {
                throw new FormatException($"{name}: line {number} is no drawing like {{\"word\": ..., \"drawing\": [[[x, ...], [y, ...]], ...]}}: {e.Message}", e);
            }
        }
        return drawings;
    }

    private static List<Vector2[]> Strokes(JsonElement drawing)
    {
        var strokes = new List<Vector2[]>(drawing.GetArrayLength());
        foreach (JsonElement stroke in drawing.EnumerateArray())
        {
            if (stroke.GetArrayLength() < 2) throw new FormatException("a stroke has no list of y");
            JsonElement xs = stroke[0], ys = stroke[1];
            if (xs.GetArrayLength() != ys.GetArrayLength()) throw new FormatException($"a stroke has {xs.GetArrayLength()} x and {ys.GetArrayLength()} y");
            strokes.Add([.. xs.EnumerateArray().Zip(ys.EnumerateArray(), (x, y) => new Vector2(x.GetSingle(), y.GetSingle()))]);
        }
        return strokes;
    }
}
