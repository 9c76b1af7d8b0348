using System.Globalization;
using System.Security.Cryptography;
using OnDeviceLearning.Datasets;
using OnDeviceLearning.Models;
using OnDeviceLearning.Pretraining.Text;
using OnDeviceLearning.Pretraining.Torch;
using OnDeviceLearning.Sigils;
using OnDeviceLearning.Text;
using TorchSharp;

namespace OnDeviceLearning.Pretraining.Sigils;

/// <summary>What <see cref="SigilsRecipe.Run"/> is asked for.</summary>
/// <param name="Out">The backbone file to write.</param>
/// <param name="Seed">Same seed and minutes on the same machine: the same run, but for the number of steps that fit.</param>
/// <param name="Minutes">Training time; a resumed run goes on with what is left of its plan, or, with other minutes, for so long from now.</param>
/// <param name="Threads">Threads torch may use; drawings are made on one more.</param>
/// <param name="CheckpointFolder">Where the state is kept every few minutes; a run found there is resumed.</param>
/// <param name="From">
/// A backbone of this recipe whose weights, tokenizer and words the run starts with, at half the learning rate and with
/// the hardest groups from the first step; null starts from nothing.
/// </param>
/// <param name="Hands">Characters as different people drew them, from whom the image encoder learns what hands vary; null or empty goes without.</param>
public sealed record SigilsRecipeOptions(string Out, int Seed, double Minutes, int Threads, string CheckpointFolder, string? From = null, IReadOnlyList<StrokeCharacter>? Hands = null);

/// <summary>Where a training run stands. Loss and accuracy are running means.</summary>
public readonly record struct TrainingProgress(long Step, long TotalSteps, double Loss, double Accuracy, TimeSpan Left);

/// <summary>How much of everything a run takes.</summary>
/// <param name="Batch">Pairs of a step.</param>
/// <param name="Vocabulary">Pieces of the tokenizer.</param>
/// <param name="VocabularyTexts">Descriptions the vocabulary is learnt from.</param>
/// <param name="SpeedSteps">Steps before the plan is made; the second half of them is timed.</param>
/// <param name="UnknownEpisodes">Sets of classes that calibrate "unknown".</param>
/// <param name="PriorEpisodes">Players that the adaptation prior is learnt from, for each number of examples.</param>
/// <param name="Ways">Classes of such a set or player.</param>
/// <param name="MostExamples">Examples of a class up to which the adaptation prior is learnt: 1, 2, 4, ...</param>
internal sealed record SigilsRecipeSizes(
    int Batch, int Vocabulary, int VocabularyTexts, int SpeedSteps, int UnknownEpisodes, int PriorEpisodes, int Ways, int MostExamples)
{
    /// <summary>The sizes of the shipped backbone.</summary>
    public static SigilsRecipeSizes Full { get; } = new(256, 1600, 300_000, 40, 400, 60, 8, 8);
}

/// <summary>Trains the sigils backbone from nothing: vocabulary, both encoders, export.</summary>
public static class SigilsRecipe
{
    private const int RarestWord = 30;

    /// <summary>Runs to the end of its plan, or until cancelled (the state is kept; nothing is written to <c>Out</c> then).</summary>
    public static void Run(SigilsRecipeOptions options, IProgress<TrainingProgress> progress, CancellationToken cancellation) =>
        Run(options, SigilsRecipeSizes.Full, progress, cancellation);

    /// <inheritdoc cref="Run(SigilsRecipeOptions, IProgress{TrainingProgress}, CancellationToken)"/>
    internal static void Run(SigilsRecipeOptions options, SigilsRecipeSizes sizes, IProgress<TrainingProgress> progress, CancellationToken cancellation)
    {
        torch.set_num_threads(options.Threads);
        SafetensorsFile? from = options.From is null ? null : SafetensorsReader.Read(options.From);
        // A folder that cannot be made is better known before hours of training than after.
        if (Directory.Exists(options.Out)) throw new IOException($"{options.Out} is a folder; expected the name of a file to write.");
        Directory.CreateDirectory(options.CheckpointFolder);
        if (Path.GetDirectoryName(Path.GetFullPath(options.Out)) is { } folder) Directory.CreateDirectory(folder);
        (string tokenizerJson, string wordsJson) = Vocabulary(options, sizes, from);
        TextTokenizer tokenizer = TextTokenizer.Parse(tokenizerJson);
        var trainer = new SigilsTrainer(SigilsModel.Image(), SigilsModel.Text(tokenizer.LargestId + 1), options.Seed, TorchTensors.FastPrecision, continues: from is not null);

        HandBatches? hands = options.Hands is { Count: > 0 } ? new HandBatches(options.Hands) : null;
        var run = new TrainingRun(trainer, new TrainingPlan(options.Minutes, sizes.SpeedSteps, options.CheckpointFolder, Identity(options, tokenizerJson)));
        if (trainer.Step == 0 && from is not null) StartFrom(trainer, from, options.From!);
        using (var batches = new SigilBatches(tokenizer, sizes.Batch, options.Seed, trainer.Step, () => run.TotalSteps, continues: from is not null, hands))
            if (!run.Train(total => trainer.Update(batches.Next(), total), progress, cancellation)) return;
        string uncalibrated = Path.Combine(options.CheckpointFolder, "uncalibrated.safetensors");
        Export(trainer, uncalibrated, options.Seed, sizes.Batch, tokenizerJson, wordsJson, from?.Metadata.GetValueOrDefault("odl.provenance"), hands?.Count ?? 0);
        try
        {
            SigilsCalibration.Complete(uncalibrated, options.Out, options.Seed, sizes, cancellation);
        }
        catch (OperationCanceledException) { }
    }

    private static (string Tokenizer, string Words) Vocabulary(SigilsRecipeOptions options, SigilsRecipeSizes sizes, SafetensorsFile? from)
    {
        if (from is not null) return (Metadata("odl.tokenizer"), Metadata("odl.words"));
        string tokenizerFile = Path.Combine(options.CheckpointFolder, "tokenizer.json"), wordsFile = Path.Combine(options.CheckpointFolder, "words.json");
        if (!File.Exists(tokenizerFile) || !File.Exists(wordsFile))
        {
            IReadOnlyDictionary<string, int> counts = DescriptionGrammar.WordCounts(sizes.VocabularyTexts, options.Seed, CompositionSampler.Sample);
            // Tokens are what a checkpoint was trained on; words only say what the finished model may claim to know.
            if (!File.Exists(tokenizerFile)) File.WriteAllText(tokenizerFile, BpeTrainer.Train(counts, sizes.Vocabulary).ToJson(SigilsModel.MaxTokens));
            // A word met once or twice in so many texts is a typo of the generator's, not a word the model knows.
            using var stream = File.Create(wordsFile);
            using var json = new System.Text.Json.Utf8JsonWriter(stream);
            json.WriteStartObject();
            foreach ((string word, int count) in counts.Where(c => c.Value >= RarestWord).OrderBy(c => c.Key, StringComparer.Ordinal)) json.WriteNumber(word, count);
            json.WriteEndObject();
        }
        return (File.ReadAllText(tokenizerFile), File.ReadAllText(wordsFile));

        string Metadata(string key) => from!.Metadata.TryGetValue(key, out string? text) ? text
            : throw new ModelFormatException($"{options.From}: the metadata has no '{key}'; it is no backbone of this recipe.");
    }

    /// <summary>Takes over the weights of a finished backbone; the heads that only training uses start anew.</summary>
    private static void StartFrom(SigilsTrainer trainer, SafetensorsFile file, string path)
    {
        foreach ((string name, torch.Tensor parameter) in trainer.Encoders.Concat(trainer.Averaged)) TorchTensors.Read(file, path, name, parameter);
        if (!file.Metadata.TryGetValue("odl.logitScale", out string? text) || !float.TryParse(text, CultureInfo.InvariantCulture, out float scale))
            throw new ModelFormatException($"{path}: the metadata has no number 'odl.logitScale'; it is no backbone of this recipe.");
        trainer.LogitScale = scale;
    }

    /// <summary>What a checkpoint must agree with to be gone on from: another seed, start or tokenizer is another run.</summary>
    private static string Identity(SigilsRecipeOptions options, string tokenizerJson)
    {
        string start = options.From is null ? "nothing" : Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(options.From)));
        string tokens = Convert.ToHexString(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(tokenizerJson)));
        return string.Create(CultureInfo.InvariantCulture, $"seed {options.Seed}, from {start}, tokenizer {tokens}, {options.Hands?.Count ?? 0} characters");
    }

    /// <summary>
    /// Words that stand in the training texts only as they stand in people's, beside what they say. They are kept with the
    /// count 0, so that nobody is told a red circle would be known from a green one.
    /// </summary>
    private static readonly string[] saysNothing =
        ["red", "green", "blue", "yellow", "purple", "pink", "brown", "white", "gold", "silver", "grey", "gray", "orange", "uh", "um", "er", "hmm", "please", "thanks", "thx", "favourite", "favorite", "lol", "ok", "okay"];

    private static string WithoutMeaning(string wordsJson)
    {
        var words = (System.Text.Json.Nodes.JsonObject)System.Text.Json.Nodes.JsonNode.Parse(wordsJson)!;
        foreach (string word in saysNothing) words[word] = 0;
        return words.ToJsonString();
    }

    private static void Export(SigilsTrainer trainer, string path, int seed, int batch, string tokenizerJson, string wordsJson, string? before, int characters)
    {
        string data = characters == 0 ? "procedural sigils; no human drawing or text"
            : $"procedural sigils; {characters} characters of Omniglot (Copyright (c) 2015 Brenden Lake, MIT); no human text";
        var metadata = new Dictionary<string, string>
        {
            ["odl.format"] = "1",
            ["odl.image.graph"] = SigilsModel.Image().ToJson(),
            ["odl.text.graph"] = SigilsModel.Text(TextTokenizer.Parse(tokenizerJson).LargestId + 1).ToJson(),
            ["odl.tokenizer"] = tokenizerJson,
            ["odl.preprocessing"] = string.Create(CultureInfo.InvariantCulture,
                $$"""{"kind":"drawing","size":{{SigilsModel.ImageSize}},"mean":{{SigilsModel.Mean}},"std":{{SigilsModel.Deviation}}}"""),
            ["odl.logitScale"] = trainer.LogitScale.ToString("R", CultureInfo.InvariantCulture),
            ["odl.words"] = WithoutMeaning(wordsJson),
            ["odl.licence"] = "MIT",
            ["odl.provenance"] = string.Create(CultureInfo.InvariantCulture,
                $$"""{"recipe":"odl pretrain sigils","seed":{{seed}},"steps":{{trainer.Step}},"batch":{{batch}},"data":"{{data}}"{{(before is null ? "" : ",\"from\":" + before)}}}"""),
        };
        SafetensorsWriter.Write(path, trainer.Averaged
            .Select(p => TorchTensors.ToFile(p.Key, p.Value, SafetensorsType.F16)), metadata);
    }
}
