using System.CommandLine;
using OnDeviceLearning.Sigils.Evaluation;
using Spectre.Console;

namespace OnDeviceLearning.Cli;

/// <summary>What <c>odl eval sigils</c> measures.</summary>
/// <param name="Drawings">Null where there was no file of drawings; <paramref name="DrawingsMissing"/> says so then.</param>
internal sealed record SigilsScores(
    string File, string Hash, string Device, int Seed, ZeroShotReport ZeroShot8, ZeroShotReport ZeroShot20, ZeroShotReport OneEdit20,
    PlayerDescriptionsReport Players, DrawingsReport? Drawings, string? DrawingsMissing)
{
    /// <summary>What tuning the encoder adds, where it was asked for.</summary>
    public DrawingsTuningReport? Tuning { get; init; }
}

/// <summary><c>odl eval sigils</c>: zero-shot, players' words, and drawings by people.</summary>
internal static class EvalSigilsCommand
{
    /// <summary>The weights that ship, beside the tool.</summary>
    public static string ShippedBackbone => Path.Combine(AppContext.BaseDirectory, "sigils.safetensors");

    public static Command Create(TextWriter output, TextWriter error)
    {
        var backbone = new Option<string>("--backbone") { Description = "The backbone to measure. Default: the one that ships with the tool.", HelpName = "FILE" };
        var episodes = new Option<int>("--episodes") { Description = "Zero-shot episodes of each kind.", DefaultValueFactory = _ => 400 };
        var seed = new Option<int>("--seed") { Description = "Seed of everything drawn at random.", DefaultValueFactory = _ => 1 };
        var drawings = new Option<string>("--drawings") { Description = "Drawings by people, Quick, Draw!-style .ndjson or .ndjson.gz. Default: $ODL_DATA/quickdraw/quickdraw.ndjson.gz.", HelpName = "FILE" };
        var descriptions = new Option<string>("--descriptions") { Description = "Lines of word, tab, sentence for the drawings, or a JSON object. Default: a built-in list for Quick, Draw!.", HelpName = "FILE" };
        var tune = new Option<string>("--tune") { Description = "Also fine-tune the encoder on five drawings a word and measure again: last-block, norm, lora or all. Takes minutes.", HelpName = "KIND" };
        tune.AcceptOnlyFromAmong("last-block", "norm", "lora", "all");
        var json = new Option<bool>("--json") { Description = "Print one JSON object instead of tables." };
        episodes.Between(1, 1_000_000);
        var sigils = new Command("sigils", "Measure a sigils backbone on compositions, phrasings and drawings it never trained on.")
        {
            backbone, episodes, seed, drawings, descriptions, tune, json,
        };
        sigils.SetAction((parsed, cancellation) => Task.Run(() =>
        {
            SigilsScores scores = Measure(error, parsed.GetValue(backbone) ?? ShippedBackbone, parsed.GetValue(episodes), parsed.GetValue(seed),
                parsed.GetValue(drawings), parsed.GetValue(descriptions), TuningOf(parsed.GetValue(tune)), cancellation);
            if (parsed.GetValue(json)) output.WriteLine(SigilsJson.Write(scores));
            else SigilsTables.Write(scores, Terminal.Console(output));
            return 0;
        }, CancellationToken.None));
        return sigils;
    }

    private static SigilsScores Measure(
        TextWriter error, string backboneFile, int episodes, int seed, string? drawingsFile, string? descriptionsFile, EncoderTuning tuning, CancellationToken cancellation)
    {
        if (!File.Exists(backboneFile))
            throw new FileNotFoundException(backboneFile == ShippedBackbone
                ? "this build brings no trained backbone; name one with --backbone FILE, or train one with 'odl pretrain sigils --out FILE'."
                : $"there is no backbone file '{backboneFile}'.");
        // Read first: a bad file should not wait for the end of the other parts.
        (string? found, string? missing) = FindDrawings(drawingsFile);
        IReadOnlyDictionary<string, string> sentences = descriptionsFile is null ? WordSentences.QuickDraw() : WordSentences.Read(descriptionsFile);
        IReadOnlyList<LabelledDrawing> drawings = found is null ? [] : DrawingsFile.Read(found, sentences.Keys.ToHashSet());
        if (found is not null && drawings.Select(d => d.Word).Distinct().Take(2).Count() < 2)
            throw new FormatException($"{found} holds drawings of fewer than two of the {sentences.Count} described words.");

        using Backbone backbone = Backbone.Load(backboneFile);
        return Run(error, report => new SigilsScores(
            Path.GetFileName(backboneFile), backbone.Hash, backbone.Device.Name, seed,
            SigilEvaluation.ZeroShot(backbone, 8, episodes, seed, report("zero-shot, 8 ways"), cancellation),
            SigilEvaluation.Confusable(backbone, 20, episodes, seed, report("zero-shot, 20 confusable ways"), cancellation),
            SigilEvaluation.OneEditAway(backbone, 20, episodes, seed, report("zero-shot, 20 ways one edit apart"), cancellation),
            PlayerDescriptions.Evaluate(backbone, 8, seed, 5, report("players' descriptions"), cancellation),
            found is null ? null : DrawingsEvaluation.Evaluate(backbone, drawings, sentences, seed, 5, report("drawings by people"), cancellation),
            missing)
        {
            Tuning = found is null || tuning == EncoderTuning.None ? null
                : DrawingsTuning.Evaluate(backbone, drawings, sentences, tuning, 5, seed, 5, report("drawings by people, encoder tuned"), cancellation),
        });
    }

    private static EncoderTuning TuningOf(string? name) => name switch
    {
        null => EncoderTuning.None,
        "last-block" => EncoderTuning.LastBlock,
        "norm" => EncoderTuning.NormOnly,
        "lora" => EncoderTuning.Lora,
        _ => EncoderTuning.All,
    };

    private static (string? File, string? Missing) FindDrawings(string? given)
    {
        if (given is not null)
            return File.Exists(given) ? (given, null) : throw new FileNotFoundException($"there is no drawings file '{given}'.");
        const string download = "Download the simplified .ndjson files of the words you want from the Quick, Draw! dataset"
            + " (https://github.com/googlecreativelab/quickdraw-dataset, CC BY 4.0), join them into one file and name it with --drawings FILE,"
            + " or keep it gzipped as quickdraw/quickdraw.ndjson.gz in the folder that ODL_DATA names.";
        if (Environment.GetEnvironmentVariable("ODL_DATA") is not { Length: > 0 } folder) return (null, $"ODL_DATA is not set. {download}");
        string file = Path.Combine(folder, "quickdraw", "quickdraw.ndjson.gz");
        return File.Exists(file) ? (file, null) : (null, $"There is no {file}. {download}");
    }

    /// <summary>Bars on a terminal, silence elsewhere.</summary>
    private static SigilsScores Run(TextWriter error, Func<Func<string, IProgress<double>?>, SigilsScores> measure) =>
        !Terminal.IsInteractive(error) ? measure(_ => null)
        : Terminal.Console(error).Progress().AutoClear(true).Start(context => measure(name => new Share(context.AddTask(Markup.Escape(name), maxValue: 1))));

    private sealed class Share(ProgressTask task) : IProgress<double>
    {
        public void Report(double value) => task.Value = value;
    }
}
