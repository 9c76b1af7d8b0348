using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using OnDeviceLearning.Datasets;
using OnDeviceLearning.Evaluation;
using OnDeviceLearning.Sigils.Evaluation;
using Spectre.Console;

namespace OnDeviceLearning.Cli;

/// <summary><c>odl eval omniglot</c>: few-shot classification of characters that were never trained on, by the nearest prototype.</summary>
internal static class EvalOmniglotCommand
{
    /// <summary>The weights that ship, beside the tool.</summary>
    public static string ShippedBackbone => Path.Combine(AppContext.BaseDirectory, "omniglot.safetensors");

    private static readonly OneShotEpisode[] kinds = [new(5, 1), new(20, 1), new(5, 5), new(20, 5)];

    private sealed record Row(OneShotEpisode Episode, SampleMean Accuracy);

    public static Command Create(TextWriter output, TextWriter error)
    {
        var backbone = new Option<string>("--backbone") { Description = "The backbone to measure. Default: the one that ships with the tool.", HelpName = "FILE" };
        var zip = new Option<string>("--images")
        {
            Description = "A zip of ALPHABET/characterNN/*.png to draw characters from, all of them. Default: the alphabets that the backbone's training held out of the background set.",
            HelpName = "FILE",
        };
        var data = new Option<string>("--data") { Description = "The folder of data packs. Default: the one that ODL_DATA names.", HelpName = "DIR" };
        var episodes = new Option<int>("--episodes") { Description = "Episodes of each kind.", DefaultValueFactory = _ => 1000 };
        var seed = new Option<int>("--seed") { Description = "Seed of the episodes.", DefaultValueFactory = _ => 1 };
        var json = new Option<bool>("--json") { Description = "Print one JSON object instead of a table." };
        episodes.Between(1, 1_000_000);
        var command = new Command("omniglot", "Measure a characters backbone, 5 and 20 ways, 1 and 5 shots, on characters it never trained on.") { backbone, zip, data, episodes, seed, json };
        command.SetAction((parsed, cancellation) => Task.Run(() =>
        {
            string file = parsed.GetValue(backbone) ?? ShippedBackbone;
            if (!File.Exists(file))
                throw new FileNotFoundException(parsed.GetValue(backbone) is null
                    ? "this build brings no characters backbone; name one with --backbone FILE, or train one with 'odl pretrain omniglot --out FILE'."
                    : $"there is no backbone file '{file}'.");
            using Backbone model = Backbone.Load(file);
            LabelledImages set = Characters(model, parsed.GetValue(zip), parsed.GetValue(data));
            float[] features = OneShotEvaluation.Embed(model, set, null, cancellation);
            int[] classes = [.. Enumerable.Range(0, set.ClassNames.Count)];
            // What the characters are too few for, or the images of one, is left out.
            int images = set.Labels.GroupBy(l => l).Min(g => g.Count());
            Row[] rows = [.. kinds.Where(k => k.Ways <= classes.Length && k.Shots + k.Queries <= images).Select(k =>
                new Row(k, OneShotEvaluation.Accuracy(features, set.Labels, classes, k, parsed.GetValue(episodes), parsed.GetValue(seed))))];
            if (rows.Length == 0)
                throw new FormatException($"{set.Name}: {classes.Length} characters with {images} images or more; expected at least {kinds[0].Ways} with {kinds[0].Shots + kinds[0].Queries}.");
            Write(output, parsed.GetValue(json), file, model, set, parsed.GetValue(episodes), parsed.GetValue(seed), rows);
            return 0;
        }, CancellationToken.None));
        return command;
    }

    /// <summary>The characters to measure on: nothing that the backbone says it was trained on.</summary>
    internal static LabelledImages Characters(Backbone model, string? zip, string? data)
    {
        if (zip is not null) return File.Exists(zip) ? Omniglot.ReadZip(zip) : throw new FileNotFoundException($"there is no file '{zip}'.");
        LabelledImages all = Omniglot.ReadBackground(data);
        HashSet<string> heldOut = [.. HeldOut(model)];
        int[] classes = [.. Enumerable.Range(0, all.ClassNames.Count).Where(c => heldOut.Contains(Omniglot.AlphabetOf(all.ClassNames[c])))];
        if (classes.Length == 0)
            throw new ArgumentException("the backbone does not say that its training held out an alphabet of the background set; name other characters with --images FILE.zip.");
        return all.OfClasses(classes);
    }

    private static IEnumerable<string> HeldOut(Backbone model)
    {
        if (!model.Metadata.TryGetValue("odl.provenance", out string? text)) return [];
        try
        {
            return JsonNode.Parse(text)?["heldOut"] is JsonArray list ? [.. list.Select(n => n?.GetValue<string>() ?? "")] : [];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return [];
        }
    }

    private static void Write(TextWriter output, bool asJson, string file, Backbone model, LabelledImages set, int episodes, int seed, Row[] rows)
    {
        if (asJson)
        {
            output.WriteLine(new JsonObject
            {
                ["backbone"] = Path.GetFileName(file),
                ["hash"] = model.Hash,
                ["seed"] = seed,
                ["episodes"] = episodes,
                ["characters"] = set.ClassNames.Count,
                ["results"] = new JsonArray([.. rows.Select(r => new JsonObject
                {
                    ["ways"] = r.Episode.Ways,
                    ["shots"] = r.Episode.Shots,
                    ["accuracy"] = r.Accuracy.Value,
                    ["interval"] = episodes < 2 ? null : new JsonArray(r.Accuracy.Low, r.Accuracy.High),
                })]),
            }.ToJsonString());
            return;
        }
        IAnsiConsole console = Terminal.Console(output);
        console.Line($"{Path.GetFileName(file)} ({model.Hash[..12]}) on {model.Device.Name}, seed {seed}, {episodes} episodes of each kind, {set.ClassNames.Count} characters never trained on");
        Table table = Terminal.Table("Nearest prototype by cosine", "", "accuracy", "95 % interval");
        foreach (Row row in rows)
            table.Row($"{row.Episode.Ways}-way {row.Episode.Shots}-shot", Percent(row.Accuracy.Value), episodes < 2 ? "" : $"{Number(row.Accuracy.Low)} to {Number(row.Accuracy.High)}");
        console.Write(table);
    }

    private static string Percent(double share) => Number(share) + " %";

    private static string Number(double share) => string.Create(CultureInfo.InvariantCulture, $"{100 * share:F2}");
}
