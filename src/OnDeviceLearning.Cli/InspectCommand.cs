using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using OnDeviceLearning.Graphs;
using OnDeviceLearning.Models;
using Spectre.Console;

namespace OnDeviceLearning.Cli;

/// <summary><c>odl inspect</c>: what is in a model file.</summary>
internal static class InspectCommand
{
    private const int LongestValue = 60, MostTensors = 40;

    public static Command Create(TextWriter output)
    {
        var file = new Argument<string>("FILE") { Description = "A backbone or any other safetensors file." };
        var command = new Command("inspect", "Show what is in a model file: metadata, graphs, sizes and cost.") { file };
        command.SetAction(parsed =>
        {
            string path = parsed.GetValue(file)!;
            if (Directory.Exists(path)) throw new IOException($"inspect: {path} is a folder; expected a file.");
            Write(path, SafetensorsReader.Read(path), Terminal.Console(output));
            return 0;
        });
        return command;
    }

    private static void Write(string path, SafetensorsFile file, IAnsiConsole console)
    {
        // Everything is read before anything is printed, so that a bad file gives one sentence and nothing else.
        Graph? image = Parse(file, "odl.image.graph"), text = Parse(file, "odl.text.graph");
        int maxTokens = MaxTokens(file.Metadata);

        Table general = Terminal.Table(Path.GetFileName(path), "", "");
        general.HideHeaders();
        general.Row("file", Bytes(new FileInfo(path).Length));
        general.Row("tensors", $"{file.Tensors.Count} of {string.Join(", ", file.Tensors.Values.Select(t => t.Type).Distinct().Order())}");
        general.Row("values", Count(file.Tensors.Values.Sum(t => (long)t.Length)));
        foreach ((string key, string value) in file.Metadata.OrderBy(m => m.Key, StringComparer.Ordinal)) general.Row(Shorten(key), Shorten(value));
        console.Write(general);

        if (image is not null) WriteGraph("image", image, 1, console);
        if (text is not null) WriteGraph("text", text, maxTokens, console);
        if (image is null && text is null) WriteTensors(file, console);
    }

    private static Graph? Parse(SafetensorsFile file, string key) =>
        file.Metadata.TryGetValue(key, out string? json) ? Graph.Parse(json) : null;

    private static int MaxTokens(IReadOnlyDictionary<string, string> metadata)
    {
        if (!metadata.TryGetValue("odl.tokenizer", out string? json)) return 1;
        try
        {
            using JsonDocument tokenizer = JsonDocument.Parse(json);
            return Math.Clamp(tokenizer.RootElement.GetProperty("maxTokens").GetInt32(), 1, 4096);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new ModelFormatException($"Metadata 'odl.tokenizer': maxTokens cannot be read ({e.Message})", e);
        }
    }

    private static void WriteGraph(string name, Graph graph, int length, IAnsiConsole console)
    {
        IReadOnlyList<NodeSummary> nodes = GraphSummary.Of(graph, length);
        console.Line($"{name} graph: {graph.Input.Shape} to {graph.OutputShape}, {Count(nodes.Sum(n => n.Parameters)).TrimEnd()} parameters, {Count(nodes.Sum(n => n.Flops))}FLOP"
            + (graph.Input.Shape.IsDynamic ? $" for the longest input of {length} tokens" : " an input"));
        Table table = Terminal.Table($"{name} graph", "node", "layer", "output", "parameters", "FLOP");
        foreach (NodeSummary node in nodes) table.Row(node.Name, node.Layer, node.Output.ToString(), Count(node.Parameters), Count(node.Flops));
        console.Write(table);
    }

    private static void WriteTensors(SafetensorsFile file, IAnsiConsole console)
    {
        Table table = Terminal.Table("tensors", "name", "type", "shape");
        foreach (SafetensorsTensor tensor in file.Tensors.Values.OrderBy(t => t.Name, StringComparer.Ordinal).Take(MostTensors))
            table.Row(tensor.Name, tensor.Type.ToString(), $"[{string.Join(", ", tensor.Shape)}]");
        if (file.Tensors.Count > MostTensors) table.Row($"and {file.Tensors.Count - MostTensors} more", "", "");
        console.Write(table);
    }

    private static string Shorten(string value) =>
        (value.Length <= LongestValue ? value : $"{value[..LongestValue]}... ({value.Length} characters)").ReplaceLineEndings(" ");

    private static string Count(long value) => value switch
    {
        0 => "",
        >= 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{value / 1e6:F2} M"),
        >= 10_000 => string.Create(CultureInfo.InvariantCulture, $"{value / 1e3:F1} k"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{value} "),
    };

    private static string Bytes(long value) =>
        value >= 1 << 20 ? string.Create(CultureInfo.InvariantCulture, $"{value / (double)(1 << 20):F2} MiB") : string.Create(CultureInfo.InvariantCulture, $"{value} bytes");
}
