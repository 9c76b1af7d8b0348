using System.Numerics;
using System.Text.Json.Nodes;
using OnDeviceLearning.Datasets;
using OnDeviceLearning.Models;
using OnDeviceLearning.Pretraining.Sigils;
using OnDeviceLearning.Pretraining.Text;
using OnDeviceLearning.Pretraining.Vision;
using OnDeviceLearning.Sigils.Evaluation;
using OnDeviceLearning.Text;
using TorchSharp;

namespace OnDeviceLearning.PretrainingTests;

/// <summary>The sketches recipe on drawings and symbols made here.</summary>
public sealed class QuickDrawRecipeTests : TorchTests
{
    private static string[] Words(Func<string, bool> which, int count) =>
        [.. Enumerable.Range(0, 10_000).Select(i => $"thing {(char)('a' + i % 26)}{(char)('a' + i / 26 % 26)}").Distinct().Where(which).Take(count)];

    private static readonly string[] trained = Words(w => !QuickDraw.IsHeldOut(w) && !QuickDraw.IsForCalibration(w), 4);

    /// <summary>Each word is a line at its own angle.</summary>
    private static IEnumerable<LabelledDrawing> Draw(string[] words, int each, Random random) =>
        from w in Enumerable.Range(0, words.Length)
        from _ in Enumerable.Range(0, each)
        let angle = Math.PI * (w + 0.2 * random.NextDouble()) / words.Length
        select new LabelledDrawing(words[w], new Drawing([[Vector2.Zero, new Vector2((float)(200 * Math.Cos(angle)), (float)(200 * Math.Sin(angle)))]]));

    private static Symbol[] Icons() =>
        [.. Enumerable.Range(0, 6).Select(i => new Symbol($"s{i}", "made", $"icon {i % 3}", i % 2 == 0 ? ["tag", "label"] : [], "MIT",
            [.. Enumerable.Range(0, 3 * 64 * 64).Select(p => (byte)(p / 64 % 64 / 10 == i ? 0 : 255))]))];

    [Fact]
    public void A_batch_is_half_drawings_and_half_symbols_and_the_same_again()
    {
        LabelledDrawing[] drawings = [.. Draw(trained, 3, new Random(1))];
        TextTokenizer tokenizer = TextTokenizer.Parse(BpeTrainer.Train(SketchTexts.WordCounts(trained, Icons(), 20, new Random(1)), 200).ToJson(SigilsModel.MaxTokens));
        PictureBatch batch = new SketchBatches(drawings, Icons(), tokenizer, 10, 1).Make(3), again = new SketchBatches(drawings, Icons(), tokenizer, 10, 1).Make(3);
        Assert.Equal(batch.Images, again.Images);
        Assert.Equal(batch.Tokens, again.Tokens);
        for (int i = 0; i < 10; i++)
        {
            Assert.True(i % 2 == 0 ? trained.Contains(batch.Labels[i]) : batch.Labels[i].StartsWith("icon ", StringComparison.Ordinal));
            float[] image = batch.Images[(i * 4096)..((i + 1) * 4096)];
            Assert.All(image, v => Assert.InRange(v, 0, 1));
            Assert.InRange(image.Sum(), 20, 3000);
            int[] tokens = batch.Tokens[(i * batch.Tokens.Length / 10)..((i + 1) * batch.Tokens.Length / 10)];
            Assert.DoesNotContain(tokenizer.UnknownId, tokens[..batch.Lengths[i]]);
        }
    }

    [Fact]
    public void A_run_ends_with_a_backbone_of_two_encoders_that_never_saw_the_held_out_words()
    {
        string folder = Directory.CreateTempSubdirectory("odl-sketches-").FullName;
        try
        {
            var random = new Random(2);
            string[] heldOut = Words(QuickDraw.IsHeldOut, 3);
            LabelledDrawing[] drawings = [.. Draw(trained, 4, random), .. Draw(heldOut, 2, random), .. Draw(Words(QuickDraw.IsForCalibration, 10), 11, random)];
            var options = new VisionRecipeOptions(Path.Combine(folder, "s.safetensors"), null, 1, 0.001, 1, Path.Combine(folder, "checkpoint"));
            Proportion? right = QuickDrawRecipe.Run(options, drawings, Icons(), new QuickDrawSizes(8, 200, 2, 1), new Silence(), CancellationToken.None);
            Assert.Equal(6, right?.Trials);
            using Backbone backbone = Backbone.Load(options.Out, device);
            Assert.True(backbone.ReadsDescriptions && backbone.Reads.HasFlag(InputKinds.Drawings));
            Assert.NotNull(backbone.Unknown);
            Assert.Equal(33, backbone.Prior.TrustByExamples.Count);
            JsonNode provenance = JsonNode.Parse(backbone.Metadata["odl.provenance"])!;
            Assert.Equal(heldOut.Order(StringComparer.Ordinal), provenance["heldOut"]!.AsArray().Select(w => w!.GetValue<string>()));
            Assert.StartsWith("Quick, Draw!: 16 drawings of 4 words; symbols: 6", provenance["data"]!.GetValue<string>(), StringComparison.Ordinal);
            Assert.Throws<FormatException>(() =>
                QuickDrawRecipe.Run(options, [.. Draw(heldOut, 2, random)], [], new QuickDrawSizes(8, 200, 2, 1), new Silence(), CancellationToken.None));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void The_loss_falls_while_drawings_find_their_words()
    {
        LabelledDrawing[] drawings = [.. Draw(trained, 6, new Random(3))];
        TextTokenizer tokenizer = TextTokenizer.Parse(BpeTrainer.Train(SketchTexts.WordCounts(trained, [], 20, new Random(1)), 200).ToJson(SigilsModel.MaxTokens));
        var trainer = new SketchTrainer(SketchModel.Image(), SigilsModel.Text(tokenizer.LargestId + 1), 1, torch.ScalarType.Float32);
        var batches = new SketchBatches(drawings, [], tokenizer, 12, 1);
        double[] losses = [.. Enumerable.Range(0, 40).Select(step => trainer.Update(batches.Make(step), 40).Loss)];
        Assert.True(losses[^8..].Average() < losses[..4].Average() - 0.1, $"from {losses[..4].Average()} to {losses[^8..].Average()}");
    }

    private sealed class Silence : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
        }
    }
}
