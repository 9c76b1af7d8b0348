using System.CommandLine;
using OnDeviceLearning.Pretraining.Texts;

namespace OnDeviceLearning.Cli;

/// <summary><c>odl pretrain texts</c>: trains the texts backbone from nothing.</summary>
internal static class PretrainTextsCommand
{
    public static Command Create(TextWriter output, TextWriter error)
    {
        var file = new Option<string>("--out") { Description = "The backbone file to write.", HelpName = "FILE", Required = true };
        var data = new Option<string>("--data") { Description = "Folder with text/wordnet.tsv.gz and text/banking77_train.csv.gz. Default: $ODL_DATA.", HelpName = "DIR" };
        var seed = new Option<int>("--seed") { Description = "Seed of weights and pairs.", DefaultValueFactory = _ => 1 };
        var minutes = new Option<double>("--minutes") { Description = "How long to train.", DefaultValueFactory = _ => 10 };
        var threads = new Option<int>("--threads") { Description = "Threads of torch; pairs are made on one more.", DefaultValueFactory = _ => Math.Max(1, Environment.ProcessorCount - 1) };
        var resume = new Option<string>("--resume") { Description = "Folder that keeps the state of the run; a run found there goes on. Default: FILE.checkpoint.", HelpName = "FOLDER" };
        var from = new Option<string>("--from") { Description = "A backbone of this recipe to go on from, instead of from nothing.", HelpName = "FILE" };
        var members = new Option<int>("--members") { Description = "Encoders that are trained first, for the one that is written to learn from; half of the time is theirs.", DefaultValueFactory = _ => 4 };
        minutes.Between(0.1, 100_000);
        members.Between(1, 64);
        threads.Between(1, 256);
        var texts = new Command("texts", "Train the backbone for texts on WordNet and the training questions of Banking77.") { file, data, seed, minutes, threads, members, resume, from };
        texts.SetAction((parsed, cancellation) => Task.Run(() =>
        {
            string path = parsed.GetValue(file)!, folder = Path.GetDirectoryName(Path.GetFullPath(path)) ?? path;
            // Better now than after training.
            if (!Directory.Exists(folder)) throw new DirectoryNotFoundException($"there is no folder '{folder}' to write {Path.GetFileName(path)} to.");
            var options = new TextsRecipeOptions(path, parsed.GetValue(data), parsed.GetValue(seed), parsed.GetValue(minutes), parsed.GetValue(threads),
                parsed.GetValue(resume) ?? path + ".checkpoint", parsed.GetValue(from), parsed.GetValue(members));
            bool done = false;
            TrainingProgressBar.Show(error, progress => done = TextsRecipe.Run(options, progress, cancellation));
            if (!done)
            {
                output.WriteLine($"Stopped; the same command goes on from {options.CheckpointFolder}.");
                return CommandLine.Failed;
            }
            output.WriteLine($"Wrote {path}; measure it with: odl eval intents --dataset clinc --backbone {path}");
            return 0;
        }, CancellationToken.None));
        return texts;
    }
}
