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
public sealed record TextsRecipeOptions(string Out, string? Data, int Seed, double Minutes, int Threads, string CheckpointFolder, string? From = null);

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

/// <summary>Trains the texts backbone from nothing: vocabulary, first vectors, encoder, calibration, export.</summary>
public static class TextsRecipe
{
    /// <summary>A word met less often is left to its pieces, and no other word is read as it.</summary>
    private const int RarestWord = 4;

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
        torch.set_num_threads(options.Threads);
        SafetensorsFile? from = options.From is null ? null : SafetensorsReader.Read(options.From);
        // A folder that cannot be made is better known before training than after.
        if (Directory.Exists(options.Out)) throw new IOException($"{options.Out} is a folder; expected the name of a file to write.");
        if (Path.GetDirectoryName(Path.GetFullPath(options.Out)) is { } folder) Directory.CreateDirectory(folder);

        Dictionary<string, int> counts = corpus.WordCounts();
        (string tokenizerJson, string wordsJson, float[] table) = Start(options, sizes, corpus, counts, from);
        TextTokenizer tokenizer = TextTokenizer.Parse(tokenizerJson);
        var pairs = new TextPairs(corpus, tokenizer, counts, sizes.Batch, options.Seed);
        var trainer = new TextsTrainer(table, options.Seed, continues: from is not null);
        if (from is not null)
            foreach ((string name, torch.Tensor parameter) in trainer.Encoder) TorchTensors.Read(from, options.From!, name, parameter);
        var run = new TrainingRun(trainer, new TrainingPlan(options.Minutes, sizes.SpeedSteps, options.CheckpointFolder, Identity(options, tokenizerJson)));
        using (var queue = new BatchQueue<TextBatch>(pairs.Make, trainer.Step))
            if (!run.Train(total => trainer.Update(queue.Next(), total), progress, cancellation)) return false;

        string uncalibrated = Path.Combine(options.CheckpointFolder, "uncalibrated.safetensors");
        Export(trainer, uncalibrated, options, sizes, tokenizerJson, wordsJson, from);
        try
        {
            new TextsCalibration(corpus, sizes, options.Seed).Complete(uncalibrated, options.Out, cancellation);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private static (string Tokenizer, string Words, float[] Table) Start(
        TextsRecipeOptions options, TextsRecipeSizes sizes, TextsCorpus corpus, Dictionary<string, int> counts, SafetensorsFile? from)
    {
        if (from is not null)
        {
            // The weights themselves are taken over once there is a trainer for them.
            string tokenizer = Metadata(from, options.From!, "odl.tokenizer");
            return (tokenizer, Metadata(from, options.From!, "odl.words"), new float[(TextTokenizer.Parse(tokenizer).LargestId + 1) * TextsModel.Width]);
        }
        BpeTrainer trained = BpeTrainer.Train(counts, sizes.Pieces);
        string json = trained.ToJson(TextsModel.MaxTokens);
        var pieces = new Dictionary<string, int>();
        for (int i = 0; i < trained.Pieces.Count; i++) pieces.Add(trained.Pieces[i], i);
        var words = new JsonObject();
        foreach ((string word, int count) in counts.OrderBy(c => c.Key, StringComparer.Ordinal))
            if (count >= RarestWord && char.IsLetterOrDigit(word[0])) words[word] = count;
        return (json, words.ToJsonString(), PieceVectors.Start(corpus, TextTokenizer.Parse(json), pieces, options.Seed));
    }

    private static string Metadata(SafetensorsFile file, string path, string key) => file.Metadata.TryGetValue(key, out string? text) ? text
        : throw new ModelFormatException($"{path}: the metadata has no '{key}'; it is no backbone of this recipe.");

    /// <summary>What a checkpoint must agree with to be gone on from.</summary>
    private static string Identity(TextsRecipeOptions options, string tokenizerJson)
    {
        string start = options.From is null ? "nothing" : Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(options.From)));
        string tokens = Convert.ToHexString(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(tokenizerJson)));
        return string.Create(CultureInfo.InvariantCulture, $"texts, seed {options.Seed}, from {start}, tokenizer {tokens}");
    }

    private static void Export(
        TextsTrainer trainer, string path, TextsRecipeOptions options, TextsRecipeSizes sizes, string tokenizerJson, string wordsJson, SafetensorsFile? from)
    {
        var provenance = new JsonObject
        {
            ["recipe"] = "odl pretrain texts",
            ["seed"] = options.Seed,
            ["steps"] = trainer.Step,
            ["batch"] = sizes.Batch,
            ["data"] = Data,
        };
        if (from is not null) provenance["from"] = JsonNode.Parse(from.Metadata.GetValueOrDefault("odl.provenance", "{}"));
        SafetensorsWriter.Write(path, trainer.Encoder.Select(p => TorchTensors.ToFile(p.Key, p.Value, SafetensorsType.F16)), new Dictionary<string, string>
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
