using System.CommandLine;
using OnDeviceLearning.Datasets;
using OnDeviceLearning.Evaluation.Intents;

namespace OnDeviceLearning.Cli;

/// <summary><c>odl eval intents</c>: texts against one description for each intent, beside the baselines.</summary>
internal static class EvalIntentsCommand
{
    /// <summary>The weights that ship, beside the tool.</summary>
    public static string ShippedBackbone => Path.Combine(AppContext.BaseDirectory, "texts.safetensors");

    public static Command Create(TextWriter output, TextWriter error)
    {
        var dataset = new Option<string>("--dataset") { Description = "clinc, banking or snips. The recipe of the texts backbone trains on most intents of banking.", Required = true };
        dataset.AcceptOnlyFromAmong("clinc", "banking", "snips");
        var backbone = new Option<string>("--backbone") { Description = "The backbone to measure. Default: the one that ships with the tool.", HelpName = "FILE" };
        var data = new Option<string>("--data") { Description = "Folder with text/clinc150.json.gz and the like. Default: $ODL_DATA.", HelpName = "DIR" };
        var file = new Option<string>("--file") { Description = "Another file of the data set's format, such as a test split; for clinc also a bare list of [text, intent].", HelpName = "FILE" };
        Option<int[]> shots = NumbersOption.Shots("Examples an intent, separated by commas; 0, without any, is always measured.", 1, 5);
        var runs = new Option<int>("--runs") { Description = "Runs with other examples, for each number of them.", DefaultValueFactory = _ => 5 };
        var seed = new Option<int>("--seed") { Description = "Seed of everything drawn at random.", DefaultValueFactory = _ => 1 };
        var json = new Option<bool>("--json") { Description = "Print one JSON object instead of tables." };
        runs.Between(1, 1000);
        var intents = new Command("intents", "Measure a texts backbone: zero-shot over all intents of a data set, then with a few examples.") { dataset, backbone, data, file, shots, runs, seed, json };
        intents.SetAction((parsed, cancellation) => Task.Run(() =>
        {
            IntentReport report = Measure(parsed.GetValue(dataset)!, parsed.GetValue(backbone) ?? ShippedBackbone, parsed.GetValue(data), parsed.GetValue(file),
                new IntentEvaluationOptions([.. parsed.GetValue(shots)!.Where(s => s > 0)], parsed.GetValue(runs), parsed.GetValue(seed)), cancellation);
            if (parsed.GetValue(json)) output.WriteLine(IntentsJson.Write(report));
            else IntentsTables.Write(report, Terminal.Console(output));
            return 0;
        }, CancellationToken.None));
        return intents;
    }

    private static IntentReport Measure(string dataset, string backboneFile, string? data, string? file, IntentEvaluationOptions options, CancellationToken cancellation)
    {
        if (!File.Exists(backboneFile))
            throw new FileNotFoundException(backboneFile == ShippedBackbone
                ? "this build brings no texts backbone; name one with --backbone FILE, or train one with 'odl pretrain texts --out FILE'."
                : $"there is no backbone file '{backboneFile}'.");
        IntentTask task = IntentTask.Read(dataset, file, data);
        IReadOnlyList<Synset>? wordNet = WordNetFile.ReadIfPresent(data, out string? missing);
        if (missing is not null) missing = $"The baselines learn from WordNet: {missing}";
        using Backbone backbone = Backbone.Load(backboneFile);
        return IntentEvaluation.Evaluate(backbone, task, wordNet, missing, options, cancellation);
    }
}
