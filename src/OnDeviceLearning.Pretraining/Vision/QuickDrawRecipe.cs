using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using OnDeviceLearning.Datasets;
using OnDeviceLearning.Graphs;
using OnDeviceLearning.Models;
using OnDeviceLearning.Pretraining.Sigils;
using OnDeviceLearning.Pretraining.Text;
using OnDeviceLearning.Pretraining.Torch;
using OnDeviceLearning.Sigils.Evaluation;
using OnDeviceLearning.Text;

namespace OnDeviceLearning.Pretraining.Vision;

/// <summary>How much of everything a run of <see cref="QuickDrawRecipe"/> takes.</summary>
/// <param name="Batch">Pairs of a step.</param>
/// <param name="Vocabulary">Pieces of the tokenizer.</param>
/// <param name="SpeedSteps">Steps before the plan is made.</param>
/// <param name="Episodes">Episodes of each calibration.</param>
internal sealed record QuickDrawSizes(int Batch, int Vocabulary, int SpeedSteps, int Episodes)
{
    public static QuickDrawSizes Full { get; } = new(160, 3000, 30, 40);
}

/// <summary>
/// Trains the sketches backbone: drawings of Quick, Draw! with their words, and, where they are at hand, symbols with their
/// names and tags. No drawing of a held-out word is trained on (<see cref="QuickDraw.IsHeldOut"/>); symbols may bear such a name,
/// which is where the words' meaning comes from.
/// </summary>
public static class QuickDrawRecipe
{
    /// <summary>Runs to the end of its plan, or until cancelled (the state is kept; nothing is written to <c>Out</c> then).</summary>
    /// <param name="options">Where, how long.</param>
    /// <param name="progress">Told after every step.</param>
    /// <param name="cancellation">Stops between two steps.</param>
    /// <returns>How many drawings of held-out words were told apart by the words' descriptions alone; null if the run was stopped.</returns>
    public static Proportion? Run(VisionRecipeOptions options, IProgress<TrainingProgress> progress, CancellationToken cancellation)
    {
        IReadOnlyList<Symbol> symbols = [];
        try
        {
            symbols = Symbols.Read(options.Data);
        }
        catch (FileNotFoundException) { }
        return Run(options, DrawingsFile.Read(QuickDraw.PathOf(options.Data)), symbols, QuickDrawSizes.Full, progress, cancellation);
    }

    internal static Proportion? Run(
        VisionRecipeOptions options, IReadOnlyList<LabelledDrawing> drawings, IReadOnlyList<Symbol> symbols, QuickDrawSizes sizes,
        IProgress<TrainingProgress> progress, CancellationToken cancellation)
    {
        options.Prepare();
        ILookup<string, LabelledDrawing> parts = drawings.ToLookup(d => QuickDraw.IsHeldOut(d.Word) ? "held out" : QuickDraw.IsForCalibration(d.Word) ? "calibration" : "training");
        LabelledDrawing[] training = [.. parts["training"]];
        string[] words = [.. training.Select(d => d.Word).Distinct().Order(StringComparer.Ordinal)];
        if (words.Length < 2) throw new FormatException($"the drawings are of {words.Length} words to train on; expected at least 2. {QuickDraw.Download}");
        (string tokenizerJson, string wordsJson) = Vocabulary(words, symbols, sizes.Vocabulary, options.Seed);
        TextTokenizer tokenizer = TextTokenizer.Parse(tokenizerJson);
        Graph image = SketchModel.Image(), text = SigilsModel.Text(tokenizer.LargestId + 1);
        var trainer = new SketchTrainer(image, text, options.Seed, TorchTensors.FastPrecision);
        string identity = string.Create(CultureInfo.InvariantCulture, $"quickdraw, seed {options.Seed}, {training.Length} drawings, {symbols.Count} symbols, {tokenizer.LargestId} pieces");
        var run = new TrainingRun(trainer, new TrainingPlan(options.Minutes, sizes.SpeedSteps, options.CheckpointFolder, identity));
        var batches = new SketchBatches(training, symbols, tokenizer, sizes.Batch, options.Seed);
        using (var queue = new BatchQueue<PictureBatch>(batches.Make, trainer.Step))
            if (!run.Train(total => trainer.Update(queue.Next(), total), progress, cancellation)) return null;

        var provenance = new JsonObject
        {
            ["recipe"] = "odl pretrain quickdraw",
            ["seed"] = options.Seed,
            ["steps"] = trainer.Step,
            ["batch"] = sizes.Batch,
            ["data"] = $"Quick, Draw!: {training.Length} drawings of {words.Length} words; symbols: {symbols.Count}",
            ["heldOut"] = new JsonArray([.. parts["held out"].Select(d => d.Word).Distinct().Order(StringComparer.Ordinal).Select(w => (JsonNode)w)]),
        };
        string uncalibrated = Path.Combine(options.CheckpointFolder, "uncalibrated.safetensors");
        BackboneFile.Write(uncalibrated, image, trainer.Averaged, BackboneFile.Preprocessing("drawing", 1, SketchModel.Side, [SketchModel.Mean], [SketchModel.Deviation]),
            trainer.LogitScale, "CC-BY-4.0", provenance, new("odl.text.graph", text.ToJson()), new("odl.tokenizer", tokenizerJson), new("odl.words", wordsJson));
        SketchCalibration.Complete(uncalibrated, options.Out, [.. parts["calibration"]], sizes.Episodes, options.Seed, cancellation);
        using Backbone backbone = Backbone.Load(options.Out);
        return ZeroShot(backbone, [.. parts["held out"]]);
    }

    /// <summary>Each drawing goes to the word whose description is nearest, among all words of the drawings.</summary>
    internal static Proportion ZeroShot(Backbone backbone, IReadOnlyList<LabelledDrawing> drawings)
    {
        IReadOnlyDictionary<string, string> sentences = QuickDraw.HeldOutDescriptions();
        string[] words = [.. drawings.Select(d => d.Word).Distinct().Order(StringComparer.Ordinal)];
        int width = backbone.EmbeddingWidth;
        float[][] described = [.. words.Select(w =>
        {
            var embedding = new float[width];
            backbone.Embed(sentences.GetValueOrDefault(w, w), embedding);
            return embedding;
        })];
        var features = new float[drawings.Count * width];
        backbone.EmbedAll([.. drawings.Select(d => d.Drawing)], features);
        var right = new Proportion();
        for (int i = 0; i < drawings.Count; i++)
        {
            float[] feature = features[(i * width)..((i + 1) * width)];
            int best = Enumerable.Range(0, words.Length).MaxBy(w => System.Numerics.Tensors.TensorPrimitives.Dot<float>(feature, described[w]));
            right = right.With(words[best] == drawings[i].Word);
        }
        return right;
    }

    /// <summary>The tokenizer, and what the finished model may claim to know: words met often enough.</summary>
    private static (string Tokenizer, string Words) Vocabulary(string[] words, IReadOnlyList<Symbol> symbols, int size, int seed)
    {
        const int rounds = 10, rarest = 4;
        Dictionary<string, int> counts = SketchTexts.WordCounts(words, symbols, rounds, new Random(seed));
        var known = new JsonObject();
        foreach ((string word, int count) in counts.Where(c => c.Value >= rarest).OrderBy(c => c.Key, StringComparer.Ordinal)) known[word] = count;
        return (BpeTrainer.Train(counts, size).ToJson(SigilsModel.MaxTokens), known.ToJsonString(new JsonSerializerOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));
    }
}
