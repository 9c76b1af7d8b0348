using System.CommandLine;
using System.Globalization;
using OnDeviceLearning.Datasets;
using OnDeviceLearning.Pretraining.Sigils;

namespace OnDeviceLearning.Cli;

/// <summary><c>odl pretrain sigils</c>: trains the sigils backbone from nothing.</summary>
internal static class PretrainSigilsCommand
{
    public static Command Create(TextWriter output, TextWriter error)
    {
        var file = new Option<string>("--out") { Description = "The backbone file to write.", HelpName = "FILE", Required = true };
        var seed = new Option<int>("--seed") { Description = "Seed of weights, drawings and descriptions.", DefaultValueFactory = _ => 1 };
        var minutes = new Option<double>("--minutes") { Description = "How long to train.", DefaultValueFactory = _ => 240 };
        var threads = new Option<int>("--threads") { Description = "Threads of torch; drawings are made on one more.", DefaultValueFactory = _ => Math.Max(1, Environment.ProcessorCount - 1) };
        var resume = new Option<string>("--resume") { Description = "Folder that keeps the state of the run; a run found there goes on. Default: FILE.checkpoint.", HelpName = "FOLDER" };
        var from = new Option<string>("--from") { Description = "A backbone of this recipe to go on from, instead of from nothing.", HelpName = "FILE" };
        var hands = new Option<string?>("--hands")
        {
            Description = "Also learn what people's hands vary, from the characters of Omniglot (MIT; its strokes, its images or both) in this data folder; without a name, in that of ODL_DATA.",
            HelpName = "FOLDER",
            Arity = ArgumentArity.ZeroOrOne,
        };
        minutes.Between(0.1, 100_000);
        threads.Between(1, 256);
        var sigils = new Command("sigils", "Train the backbone for hand-drawn sigils on procedural drawings and descriptions.") { file, seed, minutes, threads, resume, from, hands };
        sigils.SetAction((parsed, cancellation) => Task.Run(() =>
        {
            string path = parsed.GetValue(file)!, folder = Path.GetDirectoryName(Path.GetFullPath(path)) ?? path;
            // Better now than after hours.
            if (!Directory.Exists(folder)) throw new DirectoryNotFoundException($"there is no folder '{folder}' to write {Path.GetFileName(path)} to.");
            IReadOnlyList<StrokeCharacter>? characters = parsed.GetResult(hands) is null ? null : OmniglotHands.Read(parsed.GetValue(hands));
            if (characters is not null) error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{characters.Count} characters, {characters.Sum(c => c.Drawings.Count):n0} drawings by people."));
            var options = new SigilsRecipeOptions(
                path, parsed.GetValue(seed), parsed.GetValue(minutes), parsed.GetValue(threads), parsed.GetValue(resume) ?? path + ".checkpoint", parsed.GetValue(from), characters);
            TrainingProgressBar.Show(error, progress => SigilsRecipe.Run(options, progress, cancellation));
            if (cancellation.IsCancellationRequested)
            {
                output.WriteLine($"Stopped; the same command goes on from {options.CheckpointFolder}.");
                return CommandLine.Failed;
            }
            output.WriteLine($"Wrote {path}; measure it with: odl eval sigils --backbone {path}");
            return 0;
        }, CancellationToken.None));
        return sigils;
    }
}
