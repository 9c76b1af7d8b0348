using System.Text;

namespace OnDeviceLearning.Datasets;

/// <summary>Banking77: questions to a bank and what they are about.</summary>
public static class BankingFile
{
    /// <summary>Where <see cref="Find"/> looks below the data folder.</summary>
    public const string Path = "text/banking77_train.csv.gz";

    /// <summary>The path of the file in a data folder.</summary>
    /// <exception cref="FileNotFoundException">It is not there; the message says where to get it.</exception>
    public static string Find(string? folder = null) => DataFolder.PathOf(Path,
        "Download banking_data/train.csv of Banking77 (https://github.com/PolyAI-LDN/task-specific-datasets, CC BY 4.0) and keep it, gzipped, under that name.", folder);

    /// <summary>Reads a comma-separated file (RFC 4180) with the header <c>text,category</c>, gzipped or not.</summary>
    /// <exception cref="FormatException">The file is damaged or holds something else; the message says which line.</exception>
    public static IReadOnlyList<LabelledText> Read(string path)
    {
        string text = GzipText.ReadText(path);
        var rows = new List<LabelledText>();
        int at = 0, line = 1;
        while (at < text.Length)
        {
            int first = line;
            List<string> fields = Row(path, text, ref at, ref line);
            if (fields is [""]) continue;
            if (fields.Count != 2) throw new FormatException($"{path}, line {first}: {fields.Count} fields; expected 2, text and category.");
            if (first == 1)
            {
                if (fields is not ["text", "category"]) throw new FormatException($"{path}, line 1: the header is '{fields[0]},{fields[1]}'; expected 'text,category'.");
                continue;
            }
            if (string.IsNullOrWhiteSpace(fields[0]) || fields[1].Length == 0) throw new FormatException($"{path}, line {first}: a field is empty; expected a text and a category.");
            rows.Add(new LabelledText(fields[0].Trim(), fields[1]));
        }
        return rows.Count > 0 ? rows : throw new FormatException($"{path}: no row; expected a header and rows of text and category.");
    }

    /// <summary>One record; a quoted field may run over lines, and two quotes in it stand for one.</summary>
    private static List<string> Row(string path, string text, ref int at, ref int line)
    {
        var fields = new List<string>();
        var field = new StringBuilder();
        int first = line;
        bool quoted = false;
        for (; at < text.Length; at++)
        {
            char c = text[at];
            if (c == '\n') line++;
            if (quoted)
            {
                if (c != '"') field.Append(c);
                else if (at + 1 < text.Length && text[at + 1] == '"') field.Append(text[++at]);
                else quoted = false;
            }
            else if (c == '"' && field.Length == 0) quoted = true;
            else if (c == ',')
            {
                fields.Add(field.ToString());
                field.Clear();
            }
            else if (c == '\n')
            {
                at++;
                break;
            }
            else if (c != '\r') field.Append(c);
        }
        if (quoted) throw new FormatException($"{path}, line {first}: a quotation mark is never closed.");
        fields.Add(field.ToString());
        return fields;
    }
}
