using Spectre.Console;

namespace OnDeviceLearning.Cli;

/// <summary>Where text goes, and what may be done to it there.</summary>
internal static class Terminal
{
    /// <summary>Whether a writer is a terminal that can be written over: bars and colours elsewhere only litter logs.</summary>
    public static bool IsInteractive(TextWriter writer) =>
        ReferenceEquals(writer, System.Console.Error) ? !System.Console.IsErrorRedirected
        : ReferenceEquals(writer, System.Console.Out) && !System.Console.IsOutputRedirected;

    /// <summary>A console on a writer; wide enough for every table where the width is not known.</summary>
    public static IAnsiConsole Console(TextWriter writer)
    {
        bool interactive = IsInteractive(writer);
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = interactive ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = interactive ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = interactive ? InteractionSupport.Detect : InteractionSupport.No,
            Out = new AnsiConsoleOutput(writer),
        });
        if (!interactive) console.Profile.Width = 120;
        return console;
    }

    /// <summary>A table in the house's style.</summary>
    public static Table Table(string title, params ReadOnlySpan<string> columns)
    {
        Table table = new Table { Title = new TableTitle(Markup.Escape(title)), Border = TableBorder.Simple };
        foreach (string column in columns) table.AddColumn(Markup.Escape(column));
        return table;
    }

    /// <summary>Adds a row of plain text.</summary>
    public static void Row(this Table table, params ReadOnlySpan<string> cells)
    {
        var row = new Spectre.Console.Text[cells.Length];
        for (int i = 0; i < cells.Length; i++) row[i] = new Spectre.Console.Text(Printable(cells[i]));
        table.AddRow(row);
    }

    /// <summary>The text without what a terminal would obey: a file's strings may be a stranger's.</summary>
    public static string Printable(string text) => string.Concat(text.Select(c => char.IsControl(c) ? '\uFFFD' : c));

    /// <summary>Writes a line of plain text.</summary>
    public static void Line(this IAnsiConsole console, string text) => console.Write(new Spectre.Console.Text(text + Environment.NewLine));
}
