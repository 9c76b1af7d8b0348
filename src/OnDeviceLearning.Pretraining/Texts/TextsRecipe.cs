using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using OnDeviceLearning.Models;
using OnDeviceLearning.Pretraining.Sigils;
using OnDeviceLearning.Pretraining.Text;
using OnDeviceLearning.Pretraining.Torch;
using OnDeviceLearning.Text;
using TorchSharp;

namespace OnDeviceLearning.Pretraining.Texts;

/// <summary>What <see cref="TextsRecipe.Run"/> is asked for.</summary>
/// <param name="Out">The backbone file to write.</param>
/// <param name="Data">The data folder; that of <c>ODL_DATA</c> if null.</param>
/// <param name="Seed">Seed of weights and pairs.</param>
/// <param name="Minutes">Training time; a resumed run goes on with what is left of its plan.</param>
/// <param name="Threads">Threads torch may use; pairs are made on one more.</param>
/// <param name="CheckpointFolder">Where the state is kept every few minutes; a run found there is resumed.</param>
/// <param name="From">A backbone of this recipe to go on from, at half the learning rate; null starts from nothing.</param>
/// <param name="Members">Encoders that are trained first, with seeds of their own, for the shipped one to learn from.</param>
public sealed record TextsRecipeOptions(string Out, string? Data, int Seed, double Minutes, int Threads, string CheckpointFolder, string? From = null, int Members = 4);

/// <summary>How much of everything a run takes.</summary>
/// <param name="Batch">Pairs of a step.</param>
/// <param name="Pieces">Pieces of the tokenizer.</param>
/// <param name="SpeedSteps">Steps before the plan is made; the second half of them is timed.</param>
/// <param name="UnknownEpisodes">Sets of classes that calibrate "unknown" and the scale of logits.</param>
/// <param name="PriorEpisodes">Players that the adaptation prior is learnt from, for each number of examples.</param>
/// <param name="Ways">Classes of such a set or player.</param>
/// <param name="MostExamples">Examples of a class up to which the adaptation prior is learnt: 1, 2, 4, ...</param>
internal sealed record TextsRecipeSizes(int Batch, int Pieces, int SpeedSteps, int UnknownEpisodes, int PriorEpisodes, int Ways, int MostExamples)
{
    /// <summary>The sizes of the shipped backbone.</summary>
    public static TextsRecipeSizes Full { get; } = new(512, 8000, 40, 200, 40, 20, 8);
}

/// <summary>Trains the texts backbone from nothing: vocabulary, first vectors, several encoders, the one that learns from them, calibration, export.</summary>
public static class TextsRecipe
{
    /// <summary>A word met less often is left to its pieces, and no other word is read as it.</summary>
    private const int RarestWord = 4;

    /// <summary>Learning rates in units of a table's entries.</summary>
    private const double MemberRate = 0.04, ShippedRate = 0.04;

    private const string TableName = "text.tokens.weight";

    private const string Data =
        "Open English WordNet (CC BY 4.0; derived from Princeton WordNet) and the training questions of Banking77 (CC BY 4.0); request frames of the project";

    /// <summary>Runs to the end of its plan, or until cancelled (the state is kept; nothing is written to <c>Out</c> then).</summary>
    /// <returns>Whether the run reached its end.</returns>
    public static bool Run(TextsRecipeOptions options, IProgress<TrainingProgress> progress, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(options);
        return Run(options, TextsCorpus.Read(options.Data), TextsRecipeSizes.Full, progress, cancellation);
    }

    internal static bool Run(
        TextsRecipeOptions options, TextsCorpus corpus, TextsRecipeSizes sizes, IProgress<TrainingProgress> progress, CancellationToken cancellation)
    {
        if (options.Members < 1) throw new ArgumentException($"Texts: {options.Members} members; expected at least 1.", nameof(options));
        torch.set_num_threads(options.Threads);
        SafetensorsFile? from = options.From is null ? null : SafetensorsReader.Read(options.From);
        // A folder that cannot be made is better known before training than after.
        if (Directory.Exists(options.Out)) throw new IOException($"{options.Out} is a folder; expected the name of a file to write.");
        if (Path.GetDirectoryName(Path.GetFullPath(options.Out)) is { } folder) Directory.CreateDirectory(folder);

        Dictionary<string, int> counts = corpus.WordCounts();
        (string tokenizerJson, string wordsJson) = from is null ? Words(counts, sizes) : (Metadata(from, options.From!, "odl.tokenizer"), Metadata(from, options.From!, "odl.words"));
        TextTokenizer tokenizer = TextTokenizer.Parse(tokenizerJson);
        IReadOnlyDictionary<string, int> pieces = Pieces(tokenizerJson);

        // Half of the time is the members', half that of the encoder that learns from them.
        var members = new List<PieceTable>();
        var memberSteps = new List<long>();
        for (int m = 0; m < options.Members; m++)
        {
            int seed = options.Seed + m;
            var table = new PieceTable(PieceVectors.Start(corpus, tokenizer, pieces, seed), TextsModel.Width, MemberRate);
            var member = new TextsTrainer(table);
            if (!Train(member, member.Update, $"member {m + 1} of {options.Members}", seed, options.Minutes / 2 / options.Members)) return false;
            members.Add(table);
            memberSteps.Add(member.Step);
        }
        using torch.Tensor start = members[0].Weight.detach().clone();
        if (from is not null) TorchTensors.Read(from, options.From!, TableName, start);
        var shipped = new PieceTable(start.data<float>().ToArray(), TextsModel.Width, from is null ? ShippedRate : ShippedRate / 2);
        var distiller = new TextsDistiller(shipped, members);
        if (!Train(distiller, distiller.Update, "shipped", options.Seed + options.Members, options.Minutes / 2)) return false;

        string uncalibrated = Path.Combine(options.CheckpointFolder, "uncalibrated.safetensors");
        var buckets = new WordBuckets(pieces, tokenizer, counts);
        SafetensorsTensor[] weights =
        [
            TorchTensors.ToFile(TableName, shipped.Weight, SafetensorsType.F16),
            SafetensorsTensor.FromSingle("text.codes.weight", [buckets.Codes.Length / WordBuckets.CodeWidth, WordBuckets.CodeWidth], buckets.Codes, SafetensorsType.F16),
            SafetensorsTensor.FromSingle("text.buckets.weight", [WordBuckets.Count, WordBuckets.CodeWidth], buckets.Expansion, SafetensorsType.F16),
        ];
        Export(weights, distiller.Step, memberSteps, uncalibrated, options, sizes, tokenizerJson, wordsJson, from);
        try
        {
            new TextsCalibration(corpus, sizes, options.Seed).Complete(uncalibrated, options.Out, cancellation);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }

        bool Train(ITrainer trainer, Func<TextBatch, long, (double, double)> update, string name, int seed, double minutes)
        {
            string state = Path.Combine(options.CheckpointFolder, name.Replace(' ', '-'));
            var run = new TrainingRun(trainer, new TrainingPlan(minutes, sizes.SpeedSteps, state, Identity(options, tokenizerJson, name)));
            var pairs = new TextPairs(corpus, tokenizer, counts, sizes.Batch, seed);
            using var queue = new BatchQueue<TextBatch>(pairs.Make, trainer.Step);
            return run.Train(total => update(queue.Next(), total), progress, cancellation);
        }
    }

    /// <summary>The tokenizer and the list of words, as a backbone's file has them.</summary>
    private static (string Tokenizer, string Words) Words(Dictionary<string, int> counts, TextsRecipeSizes sizes)
    {
        var words = new JsonObject();
        foreach ((string word, int count) in counts.OrderBy(c => c.Key, StringComparer.Ordinal))
            if (count >= RarestWord && char.IsLetterOrDigit(word[0])) words[word] = count;
        return (BpeTrainer.Train(counts, sizes.Pieces).ToJson(TextsModel.MaxTokens), words.ToJsonString());
    }

    private static Dictionary<string, int> Pieces(string tokenizerJson) =>
        JsonNode.Parse(tokenizerJson)!["vocab"]!.AsObject().ToDictionary(p => p.Key, p => p.Value!.GetValue<int>());

    private static string Metadata(SafetensorsFile file, string path, string key) => file.Metadata.TryGetValue(key, out string? text) ? text
        : throw new ModelFormatException($"{path}: the metadata has no '{key}'; it is no backbone of this recipe.");

    /// <summary>What a checkpoint must agree with to be gone on from.</summary>
    private static string Identity(TextsRecipeOptions options, string tokenizerJson, string part)
    {
        string start = options.From is null ? "nothing" : Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(options.From)));
        string tokens = Convert.ToHexString(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(tokenizerJson)));
        return string.Create(CultureInfo.InvariantCulture, $"texts, {part}, {options.Members} members, seed {options.Seed}, from {start}, tokenizer {tokens}");
    }

    private static void Export(
        SafetensorsTensor[] weights, long steps, List<long> memberSteps, string path, TextsRecipeOptions options, TextsRecipeSizes sizes, string tokenizerJson, string wordsJson, SafetensorsFile? from)
    {
        var provenance = new JsonObject
        {
            ["recipe"] = "odl pretrain texts",
            ["seed"] = options.Seed,
            ["steps"] = steps,
            ["members"] = options.Members,
            ["memberSteps"] = new JsonArray([.. memberSteps.Select(s => JsonValue.Create(s))]),
            ["batch"] = sizes.Batch,
            ["data"] = Data,
        };
        if (from is not null) provenance["from"] = JsonNode.Parse(from.Metadata.GetValueOrDefault("odl.provenance", "{}"));
        SafetensorsWriter.Write(path, weights, new Dictionary<string, string>
        {
            ["odl.format"] = "1",
            ["odl.text.graph"] = TextsModel.Text(TextTokenizer.Parse(tokenizerJson).LargestId + 1).ToJson(),
            ["odl.tokenizer"] = tokenizerJson,
            ["odl.words"] = wordsJson,
            ["odl.logitScale"] = "20",
            ["odl.licence"] = "CC-BY-4.0",
            ["odl.provenance"] = provenance.ToJsonString(),
        });
    }
}
