using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using OnDeviceLearning.Evaluation.Transfer;
using OnDeviceLearning.Sigils.Evaluation;

namespace OnDeviceLearning.Cli;

/// <summary><c>odl transfer</c>: fine-tunes a network on the device, and says what the target gains and what the source loses.</summary>
internal static class TransferCommand
{
    private static readonly (string Name, EncoderTuning Tuning)[] kinds =
    [
        ("head", EncoderTuning.None), ("last-block", EncoderTuning.LastBlock), ("norm", EncoderTuning.NormOnly), ("lora", EncoderTuning.Lora), ("all", EncoderTuning.All),
    ];

    public static Command Create(TextWriter output, TextWriter error)
    {
        var from = new Option<string>("--from") { Description = "The source network, as 'odl pretrain' writes it. Default: a small convnet, trained on the source's images first.", HelpName = "FILE" };
        var data = new Option<string>("--data") { Description = "The data folder. Default: the one that ODL_DATA names.", HelpName = "DIR" };
        var dataset = new Option<string>("--dataset") { Description = $"Where to: {string.Join(", ", TransferTask.Names)}.", Required = true };
        var train = new Option<string>("--train") { Description = $"What moves besides the new head: {string.Join(", ", kinds.Select(k => k.Name))}.", DefaultValueFactory = _ => "all" };
        var pull = new Option<float>("--pull") { Description = "Strength lambda of the pull back to the source's weights (L2-SP).", DefaultValueFactory = _ => 1e-3f };
        var replay = new Option<int>("--replay") { Description = "Source images kept and learned along.", DefaultValueFactory = _ => 1000 };
        var steps = new Option<int>("--steps") { Description = "Updates of each run.", DefaultValueFactory = _ => 400 };
        var sourceSteps = new Option<int>("--source-steps") { Description = "Updates with which the source is trained where --from brings no network or no head.", DefaultValueFactory = _ => 600 };
        var rate = new Option<float?>("--rate") { Description = "The largest learning rate. Default: by what moves." };
        var test = new Option<int>("--test") { Description = "The most test images of each side.", DefaultValueFactory = _ => 2000 };
        var seed = new Option<int>("--seed") { Description = "Seed of everything drawn at random.", DefaultValueFactory = _ => 1 };
        Option<string?> device = ToolDevice.CreateOption();
        var json = new Option<bool>("--json") { Description = "Print one JSON object instead of a table." };
        dataset.AcceptOnlyFromAmong([.. TransferTask.Names]);
        train.AcceptOnlyFromAmong([.. kinds.Select(k => k.Name)]);
        pull.Between(0, 1000);
        replay.Between(1, 1_000_000);
        steps.Between(2, 1_000_000);
        sourceSteps.Between(2, 1_000_000);
        rate.Between(1e-7, 10);
        test.Between(10, 1_000_000);
        var command = new Command("transfer", "Fine-tune a network on this device for other classes, and measure what it forgets.")
        {
            from, data, dataset, train, pull, replay, steps, sourceSteps, rate, test, seed, device, json,
        };
        command.SetAction((parsed, cancellation) => Task.Run(() =>
        {
            string kind = parsed.GetValue(train)!;
            if (parsed.GetValue(from) is { } file && !File.Exists(file)) throw new FileNotFoundException($"there is no file '{file}'; 'odl pretrain' writes one.");
            using ToolDevice tool = ToolDevice.Open(parsed.GetValue(device));
            TransferTask task = TransferTask.Read(parsed.GetValue(dataset)!, parsed.GetValue(data), parsed.GetValue(seed), parsed.GetValue(test));
            var options = new TransferOptions(kinds.First(k => k.Name == kind).Tuning, parsed.GetValue(pull), parsed.GetValue(replay),
                parsed.GetValue(steps), parsed.GetValue(sourceSteps), parsed.GetValue(rate), parsed.GetValue(seed));
            Action<string>? progress = Terminal.IsInteractive(error) ? name => error.WriteLine($"{name} ...") : null;
            TransferReport report = TransferEvaluation.Run(tool.Device, task, parsed.GetValue(from), options, progress, cancellation);
            if (parsed.GetValue(json)) output.WriteLine(Json(report, task, options, kind, tool.Device.Name));
            else Table(report, task, options, kind, tool.Device.Name, output);
            return 0;
        }, CancellationToken.None));
        return command;
    }

    private static void Table(TransferReport report, TransferTask task, TransferOptions options, string kind, string device, TextWriter output)
    {
        Spectre.Console.IAnsiConsole console = Terminal.Console(output);
        Spectre.Console.Table table = Terminal.Table($"{task.Source.Name} to {task.Target.Name}: {kind}, {options.Steps} updates, seed {options.Seed}",
            "run", "target", "source", "fall", "trunk moved", "ms an update");
        table.Row("before", "", Share(report.SourceBefore), "", "", "");
        foreach (TransferRow row in Rows(report))
        {
            table.Row(row.Name, Share(row.Target), row.Source is { } source ? Share(source) : "",
                row.Source is { } now ? Points(report.SourceBefore.Value - now.Value) : "",
                row.Moved.ToString("N0", CultureInfo.InvariantCulture), row.MillisecondsPerStep.ToString("F1", CultureInfo.InvariantCulture));
        }
        console.Write(table);
        console.Line(string.Create(CultureInfo.InvariantCulture,
            $"From {report.Network}, on {device}. L2-SP lambda {options.Pull}, {options.Replay} source images replayed: the source falls by {report.Fall:F1} points, the target lies {report.TargetCost:F1} points below the unregularised run."));
    }

    private static string Share(Proportion share) =>
        string.Create(CultureInfo.InvariantCulture, $"{100 * share.Value:F1} % ({100 * share.Low:F1} to {100 * share.High:F1})");

    private static string Points(double share) => (100 * share).ToString("F1", CultureInfo.InvariantCulture);

    private static TransferRow[] Rows(TransferReport report) => [report.Unregularised, report.Regularised, report.Scratch];

    /// <summary>Shares are 0 to 1, intervals [low, high], falls in points.</summary>
    private static string Json(TransferReport report, TransferTask task, TransferOptions options, string kind, string device)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteString("source", task.Source.Name);
            json.WriteString("target", task.Target.Name);
            json.WriteString("network", report.Network);
            json.WriteString("device", device);
            json.WriteString("train", kind);
            json.WriteNumber("steps", options.Steps);
            json.WriteNumber("pull", options.Pull);
            json.WriteNumber("replay", options.Replay);
            json.WriteNumber("seed", options.Seed);
            Write("sourceBefore", report.SourceBefore);
            json.WriteNumber("fall", report.Fall);
            json.WriteNumber("targetCost", report.TargetCost);
            json.WriteStartArray("runs");
            foreach (TransferRow row in Rows(report))
            {
                json.WriteStartObject();
                json.WriteString("method", row.Name);
                Write("target", row.Target);
                Write("source", row.Source);
                json.WriteNumber("moved", row.Moved);
                json.WriteNumber("msPerStep", row.MillisecondsPerStep);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();

            void Write(string name, Proportion? share)
            {
                if (share is not { } value)
                {
                    json.WriteNull(name);
                    json.WriteNull($"{name}Interval");
                    return;
                }
                json.WriteNumber(name, value.Value);
                json.WriteStartArray($"{name}Interval");
                json.WriteNumberValue(value.Low);
                json.WriteNumberValue(value.High);
                json.WriteEndArray();
            }
        }
        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
