using System.Text.Json;
using System.Text.Json.Nodes;
using OnDeviceLearning.Datasets;
using OnDeviceLearning.Evaluation.FewShot;
using OnDeviceLearning.Sigils.Evaluation;

namespace OnDeviceLearning.Cli;

/// <summary>The data sets of <c>odl eval fewshot</c>, each with the backbone that embeds it unless another is named.</summary>
internal static class FewShotDatasets
{
    public static IReadOnlyList<string> Names { get; } = ["sigils", "quickdraw", "omniglot", "fashion", "clinc", "banking", "snips", "folder"];

    /// <summary>Reads and embeds a data set.</summary>
    public static FewShotProblem Load(
        string name, string? backboneFile, string? folder, FewShotOptions options, IProgress<double>? progress, CancellationToken cancellation)
    {
        using Backbone backbone = Open(name, backboneFile);
        return name switch
        {
            "sigils" => SigilsProblem.Create(backbone, options.Seed, progress, cancellation),
            "quickdraw" => QuickDrawWords(backbone, folder, options, progress, cancellation),
            "omniglot" => ImagesProblem.Create(backbone, EvalOmniglotCommand.Characters(backbone, null, folder), progress: progress, cancellation: cancellation),
            "fashion" => ImagesProblem.Create(backbone, Clothes(backbone, folder), progress: progress, cancellation: cancellation),
            "clinc" or "banking" or "snips" => IntentsProblem.Create(backbone, name, Requests(name, folder), progress: progress, cancellation: cancellation),
            "folder" => ImagesProblem.Create(backbone, Folder(backbone, folder), progress: progress, cancellation: cancellation),
            _ => throw new ArgumentException($"there is no data set '{name}'; there are {string.Join(", ", Names)}."),
        };
    }

    private static Backbone Open(string dataset, string? file)
    {
        if (file is not null) return File.Exists(file) ? Backbone.Load(file) : throw new FileNotFoundException($"there is no backbone file '{file}'.");
        string recipe = dataset switch
        {
            "omniglot" or "fashion" => dataset,
            "clinc" or "banking" or "snips" => "texts",
            _ => "sigils",
        };
        string shipped = Path.Combine(AppContext.BaseDirectory, recipe + ".safetensors");
        return File.Exists(shipped) ? Backbone.Load(shipped)
            : throw new FileNotFoundException($"this build brings no {recipe}.safetensors; name a backbone with --backbone FILE, or train one with 'odl pretrain {recipe} --out FILE'.");
    }

    private static FewShotProblem QuickDrawWords(Backbone backbone, string? folder, FewShotOptions options, IProgress<double>? progress, CancellationToken cancellation)
    {
        IReadOnlyDictionary<string, string> sentences = WordSentences.QuickDraw();
        return DrawingsProblem.Create(backbone, DrawingsFile.Read(QuickDraw.PathOf(folder), sentences.Keys.ToHashSet()), sentences, options.Shots[^1] + 1, progress, cancellation);
    }

    private static IReadOnlyList<LabelledText> Requests(string dataset, string? folder)
    {
        if (dataset == "banking") return BankingFile.Read(BankingFile.Find(folder));
        if (dataset == "snips") return SnipsFile.Read(SnipsFile.Find(folder));
        ClincFile clinc = ClincFile.Read(ClincFile.Find(folder));
        return [.. clinc.Test, .. clinc.Validation, .. clinc.Train];
    }

    /// <summary>The kinds of clothes that the backbone was not trained on, by the classes that its own head had.</summary>
    private static LabelledImages Clothes(Backbone backbone, string? folder)
    {
        LabelledImages all = FashionMnist.Read(folder);
        HashSet<string> trained = [.. TrainedClasses(backbone)];
        int[] classes = [.. Enumerable.Range(0, all.ClassNames.Count).Where(c => !trained.Contains(all.ClassNames[c]))];
        if (classes.Length < 2)
            throw new ArgumentException("the backbone was trained on all kinds of clothes; train one that was not with 'odl pretrain fashion --out FILE'.");
        return all.OfClasses(classes);
    }

    private static string[] TrainedClasses(Backbone backbone)
    {
        if (!backbone.Metadata.TryGetValue("odl.head", out string? head)) return [];
        try
        {
            return JsonNode.Parse(head)?["classes"] is JsonArray list ? [.. list.Select(n => n?.GetValue<string>() ?? "")] : [];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return [];
        }
    }

    private static LabelledImages Folder(Backbone backbone, string? folder)
    {
        if (folder is null) throw new ArgumentException("--dataset folder needs --data DIR, a folder of DIR/CLASS/*.png and, for zero-shot learning, DIR/descriptions.tsv.");
        if (backbone.ImageSize == 0) throw new ArgumentException("the backbone reads no images; name another with --backbone FILE.");
        return ImageFolder.Read(folder, backbone.Reads.HasFlag(InputKinds.ColorImages) ? 3 : 1, backbone.ImageSize, dark: backbone.Reads.HasFlag(InputKinds.Drawings));
    }
}
