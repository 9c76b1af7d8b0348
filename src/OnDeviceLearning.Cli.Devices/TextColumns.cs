namespace OnDeviceLearning.Cli;

/// <summary>Rows of plain text, each column as wide as its widest cell: readable in a terminal, a log and a bug report.</summary>
internal sealed class TextColumns
{
    private readonly List<string[]> rows = [];

    public void Add(params string[] cells) => rows.Add(cells);

    public void Write(TextWriter output)
    {
        int[] widths = new int[rows.Max(r => r.Length)];
        foreach (string[] row in rows)
            for (int c = 0; c < row.Length; c++) widths[c] = Math.Max(widths[c], row[c].Length);
        foreach (string[] row in rows)
            output.WriteLine(string.Join("  ", row.Select((cell, c) => cell.PadRight(widths[c]))).TrimEnd());
    }
}
