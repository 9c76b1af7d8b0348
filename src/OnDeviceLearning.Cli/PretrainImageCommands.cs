using System.CommandLine;
using System.Globalization;
using OnDeviceLearning.Datasets;
using OnDeviceLearning.Pretraining.Vision;

namespace OnDeviceLearning.Cli;

/// <summary><c>odl pretrain omniglot|cifar10|fashion|quickdraw</c>: backbones for images, from public data.</summary>
internal static class PretrainImageCommands
{
    public static Command Omniglot(TextWriter output, TextWriter error)
    {
        var everything = new Option<bool>("--all-characters") { Description = "Train on all 30 alphabets. Default: every fifth one is held out, to be measured on." };
        return new RecipeCommand("omniglot", "Train the backbone for handwritten characters on Omniglot's background set.", 60).Create(
            [everything], output, error, (options, parsed, progress, cancellation) =>
            {
                if (!OmniglotRecipe.Run(options, !parsed.GetValue(everything), progress, cancellation)) return null;
                return parsed.GetValue(everything) ? $"Wrote {options.Out}; measure it on other characters with: odl eval omniglot --backbone {options.Out} --images FILE.zip"
                    : $"Wrote {options.Out}; measure it on the alphabets held out with: odl eval omniglot --backbone {options.Out}";
            });
    }

    public static Command Cifar10(TextWriter output, TextWriter error)
    {
        Option<int> perFile = CifarImagesPerFile();
        return new RecipeCommand("cifar10", "Train a convnet on CIFAR-10 (binary version), to transfer from.", 60).Create(
            [perFile], output, error, (options, parsed, progress, cancellation) =>
                Sentence(ClassifierRecipe.Cifar10(options, parsed.GetValue(perFile), progress, cancellation), options.Out));
    }

    /// <summary><c>--images-per-file</c>, of every command that reads CIFAR.</summary>
    public static Option<int> CifarImagesPerFile()
    {
        var perFile = new Option<int>("--images-per-file")
        {
            Description = "Images each file of CIFAR must have (CIFAR-100's training file: five times as many): other than the official number only for an excerpt of one's own.",
            DefaultValueFactory = _ => Cifar.ImagesPerFile,
        };
        perFile.Between(1, Cifar.ImagesPerFile);
        return perFile;
    }

    public static Command Fashion(TextWriter output, TextWriter error)
    {
        var everything = new Option<bool>("--all-classes") { Description = "Train on all ten classes. Default: classes 0 to 4, so that 5 to 9 were never seen." };
        return new RecipeCommand("fashion", "Train a backbone on Fashion-MNIST.", 10).Create(
            [everything], output, error, (options, parsed, progress, cancellation) =>
                Sentence(ClassifierRecipe.Fashion(options, parsed.GetValue(everything), progress, cancellation), options.Out));
    }

    public static Command QuickDraw(TextWriter output, TextWriter error) =>
        new RecipeCommand("quickdraw", "Train a backbone for drawings of things and their descriptions on Quick, Draw! and, where they are at hand, symbols with names.", 60).Create(
            [], output, error, (options, _, progress, cancellation) => QuickDrawRecipe.Run(options, progress, cancellation) is not { } right ? null
                : right.Trials == 0 ? $"Wrote {options.Out}; there were no drawings of held-out words to measure it on."
                : string.Create(CultureInfo.InvariantCulture,
                    $"Wrote {options.Out}; {100 * right.Value:F1} % ({100 * right.Low:F1} to {100 * right.High:F1}) of {right.Trials} drawings of held-out words recognised by all their descriptions, no example."));

    private static string? Sentence(ClassifierResult result, string file) => !result.Finished ? null
        : result.TestAccuracy is { } accuracy ? string.Create(CultureInfo.InvariantCulture, $"Wrote {file}; {100 * accuracy:F1} % right on {result.TestImages} images never trained on.")
        : $"Wrote {file}; there was no test part to measure it on.";
}
