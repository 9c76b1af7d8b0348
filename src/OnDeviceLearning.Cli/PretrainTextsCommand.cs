using System.CommandLine;
using OnDeviceLearning.Pretraining.Texts;

namespace OnDeviceLearning.Cli;

/// <summary><c>odl pretrain texts</c>: trains the texts backbone from nothing.</summary>
internal static class PretrainTextsCommand
{
    public static Command Create(TextWriter output, TextWriter error)
    {
        var from = new Option<string>("--from") { Description = "A backbone of this recipe to go on from, instead of from nothing.", HelpName = "FILE" };
        var members = new Option<int>("--members") { Description = "Encoders that are trained first, for the one that is written to learn from; half of the time is theirs.", DefaultValueFactory = _ => 4 };
        members.Between(1, 64);
        return new RecipeCommand("texts", "Train the backbone for texts on WordNet (text/wordnet.tsv.gz) and the training questions of Banking77 (text/banking77_train.csv.gz).", 10).Create(
            [members, from], output, error, (options, parsed, progress, cancellation) =>
                TextsRecipe.Run(
                    new TextsRecipeOptions(options.Out, options.Data, options.Seed, options.Minutes, options.Threads, options.CheckpointFolder, parsed.GetValue(from), parsed.GetValue(members)),
                    progress, cancellation)
                    ? $"Wrote {options.Out}; measure it with: odl eval intents --dataset clinc --backbone {options.Out}" : null);
    }
}
