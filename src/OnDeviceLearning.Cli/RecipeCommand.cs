using System.CommandLine;
using OnDeviceLearning.Pretraining.Sigils;
using OnDeviceLearning.Pretraining.Vision;

namespace OnDeviceLearning.Cli;

/// <summary>Runs a recipe that reads public data; null when it was stopped, otherwise a sentence about what was written.</summary>
internal delegate string? RunRecipe(VisionRecipeOptions options, ParseResult parsed, IProgress<TrainingProgress> progress, CancellationToken cancellation);

/// <summary>A command below <c>odl pretrain</c> with the options that all recipes on public data have.</summary>
internal sealed class RecipeCommand(string name, string description, double defaultMinutes)
{
    public Command Create(IEnumerable<Option> more, TextWriter output, TextWriter error, RunRecipe run)
    {
        var file = new Option<string>("--out") { Description = "The backbone file to write.", HelpName = "FILE", Required = true };
        var data = new Option<string>("--data") { Description = "The folder of data packs. Default: the one that ODL_DATA names.", HelpName = "DIR" };
        var seed = new Option<int>("--seed") { Description = "Seed of weights and batches.", DefaultValueFactory = _ => 1 };
        var minutes = new Option<double>("--minutes") { Description = "How long to train.", DefaultValueFactory = _ => defaultMinutes };
        var threads = new Option<int>("--threads") { Description = "Threads of torch; batches are made on one more.", DefaultValueFactory = _ => Math.Max(1, Environment.ProcessorCount - 1) };
        var resume = new Option<string>("--resume") { Description = "Folder that keeps the state of the run; a run found there goes on. Default: FILE.checkpoint.", HelpName = "FOLDER" };
        minutes.Between(0.001, 100_000);
        threads.Between(1, 256);
        var command = new Command(name, description) { file, data, seed, minutes, threads, resume };
        foreach (Option option in more) command.Options.Add(option);
        command.SetAction((parsed, cancellation) => Task.Run(() =>
        {
            string path = parsed.GetValue(file)!;
            CheckOut(path);
            if (parsed.GetValue(data) is { } packs && !Path.Exists(packs)) throw new DirectoryNotFoundException($"there is no folder '{packs}' of data packs.");
            var options = new VisionRecipeOptions(path, parsed.GetValue(data), parsed.GetValue(seed), parsed.GetValue(minutes), parsed.GetValue(threads),
                parsed.GetValue(resume) ?? path + ".checkpoint");
            string? written = null;
            TrainingProgressBar.Show(error, progress => written = run(options, parsed, progress, cancellation));
            output.WriteLine(written ?? $"Stopped; the same command goes on from {options.CheckpointFolder}.");
            return written is null ? CommandLine.Failed : 0;
        }, CancellationToken.None));
        return command;
    }

    /// <summary>Refuses a file that cannot be written: better now than after hours.</summary>
    public static void CheckOut(string path)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(path)) ?? path;
        if (!Directory.Exists(folder)) throw new DirectoryNotFoundException($"there is no folder '{folder}' to write {Path.GetFileName(path)} to.");
        if (Directory.Exists(path)) throw new IOException($"{path} is a folder; expected the name of a file to write.");
    }
}
