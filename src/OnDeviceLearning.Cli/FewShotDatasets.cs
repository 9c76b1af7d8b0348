using OnDeviceLearning.Datasets;
using OnDeviceLearning.Evaluation.FewShot;
using OnDeviceLearning.Sigils.Evaluation;

namespace OnDeviceLearning.Cli;

/// <summary>The data sets of <c>odl eval fewshot</c>, each with the backbone that embeds it unless another is named.</summary>
internal static class FewShotDatasets
{
    public static IReadOnlyList<string> Names { get; } = ["sigils", "quickdraw"];

    /// <summary>Reads and embeds a data set.</summary>
    public static FewShotProblem Load(
        string name, string? backboneFile, string? folder, FewShotOptions options, IProgress<double>? progress, CancellationToken cancellation)
    {
        using Backbone backbone = Open(backboneFile);
        return name switch
        {
            "sigils" => SigilsProblem.Create(backbone, options.Seed, progress, cancellation),
            "quickdraw" => QuickDraw(backbone, folder, options, progress, cancellation),
            _ => throw new ArgumentException($"there is no data set '{name}'; there are {string.Join(", ", Names)}."),
        };
    }

    private static Backbone Open(string? file)
    {
        if (file is not null) return File.Exists(file) ? Backbone.Load(file) : throw new FileNotFoundException($"there is no backbone file '{file}'.");
        return File.Exists(EvalSigilsCommand.ShippedBackbone) ? Backbone.Load(EvalSigilsCommand.ShippedBackbone)
            : throw new FileNotFoundException("this build brings no trained backbone; name one with --backbone FILE, or train one with 'odl pretrain sigils --out FILE'.");
    }

    private static FewShotProblem QuickDraw(Backbone backbone, string? folder, FewShotOptions options, IProgress<double>? progress, CancellationToken cancellation)
    {
        string file = DataFolder.PathOf("quickdraw/quickdraw.ndjson.gz",
            "Download the simplified .ndjson files of the words you want from the Quick, Draw! dataset (https://github.com/googlecreativelab/quickdraw-dataset, CC BY 4.0)"
            + " and join them into one gzipped file.", folder);
        IReadOnlyDictionary<string, string> sentences = WordSentences.QuickDraw();
        return DrawingsProblem.Create(backbone, DrawingsFile.Read(file, sentences.Keys.ToHashSet()), sentences, options.Shots[^1] + 1, progress, cancellation);
    }
}
