using System.Numerics;
using OnDeviceLearning.Datasets;
using OnDeviceLearning.Models;
using OnDeviceLearning.Pretraining.Sigils;
using OnDeviceLearning.Pretraining.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace OnDeviceLearning.PretrainingTests;

/// <summary>What the sigils recipe learns from characters that people drew.</summary>
public sealed class HandTests : TorchTests
{
    private static readonly SigilsRecipeSizes Tiny = new(
        Batch: 8, Vocabulary: 250, VocabularyTexts: 1500, SpeedSteps: 4, UnknownEpisodes: 3, PriorEpisodes: 1, Ways: 2, MostExamples: 2);

    /// <summary>Ways up and down, another for each character, a little differently by each drawer.</summary>
    private static StrokeCharacter[] Characters(int count, int drawers) => [.. Enumerable.Range(0, count).Select(c => new StrokeCharacter($"A/{c}",
        [.. Enumerable.Range(0, drawers).Select(d => new Drawing([[.. Enumerable.Range(0, 4 + c % 30).Select(i => new Vector2(10 * i, (i % 2 == 0 ? 30 : 2 * c) + d))], [new Vector2(d, 50)]]))]))];

    [Fact]
    public void The_contrast_is_that_of_the_paper()
    {
        int[] classes = [0, 1, 0, 2, 1, 0]; // 2 is alone
        Tensor features = nn.functional.normalize(randn(classes.Length, 5), dim: 1).requires_grad_();
        double[][] rows = [.. Enumerable.Range(0, classes.Length).Select(i => features[i].Values().Select(v => (double)v).ToArray())];
        double Similarity(int i, int j) => SupervisedContrast.Scale * rows[i].Zip(rows[j], (a, b) => a * b).Sum();
        double expected = 0;
        int[] all = [.. Enumerable.Range(0, classes.Length)];
        foreach (int i in all.Where(i => classes.Count(c => c == classes[i]) > 1))
        {
            double rest = all.Where(a => a != i).Sum(a => Math.Exp(Similarity(i, a)));
            expected -= all.Where(p => p != i && classes[p] == classes[i]).Average(p => Math.Log(Math.Exp(Similarity(i, p)) / rest)) / 5;
        }
        Tensor loss = SupervisedContrast.Loss(features, classes);
        Assert.Equal(expected, loss.item<float>(), 1e-4);
        loss.backward();
        Assert.True(features.grad!.isfinite().all().item<bool>());
        Assert.Equal(0, SupervisedContrast.Loss(features, [1, 2, 3, 4, 5, 6]).item<float>());
    }

    [Fact]
    public void A_batch_holds_several_drawers_of_each_character_in_one_turn()
    {
        var batches = new HandBatches([.. Characters(40, 6), new StrokeCharacter("A/alone", [new Drawing([[new Vector2(1, 2)]])])]);
        Assert.Equal(40, batches.Count);
        HandBatch batch = batches.Make(new Random(1));
        Assert.Equal(HandBatches.Characters * HandBatches.Drawers, batch.Classes.Length);
        Assert.Equal(batch.Classes.Length * SigilsModel.ImageSize * SigilsModel.ImageSize, batch.Images.Length);
        Assert.All(batch.Classes.GroupBy(c => c / 4), character => Assert.Equal((HandBatches.Drawers, 1), (character.Count(), character.Distinct().Count())));
        Assert.All(batch.Images.Chunk(SigilsModel.ImageSize * SigilsModel.ImageSize), image => Assert.InRange(image.Sum(), 20, 2000));
        Assert.Equal(batch.Images, batches.Make(new Random(1)).Images);
        Assert.NotEqual(batch.Images, batches.Make(new Random(2)).Images);
    }

    [Fact]
    public void A_simplified_stroke_keeps_its_ends_and_misses_nothing_by_more_than_the_tolerance()
    {
        const float tolerance = 0.05f;
        Vector2[] wave = [.. Enumerable.Range(0, 200).Select(i => new Vector2(0.01f * i, 0.4f * MathF.Sin(0.07f * i)))];
        List<Vector2> kept = HandBatches.Simplify(wave, tolerance);
        Assert.InRange(kept.Count, 5, 40);
        Assert.Equal((wave[0], wave[^1]), (kept[0], kept[^1]));
        Assert.All(wave, p => Assert.InRange(Enumerable.Range(1, kept.Count - 1).Min(i => Distance(p, kept[i - 1], kept[i])), 0, tolerance * 1.001f));
        Assert.Equal([wave[3]], HandBatches.Simplify([wave[3]], tolerance));

        static float Distance(Vector2 p, Vector2 a, Vector2 b)
        {
            float t = Math.Clamp(Vector2.Dot(p - a, b - a) / (b - a).LengthSquared(), 0, 1);
            return Vector2.Distance(p, a + t * (b - a));
        }
    }

    [Fact]
    public void A_run_with_people_s_hands_says_whose_and_is_another_run_than_one_without()
    {
        string folder = Directory.CreateTempSubdirectory("odl-hands-").FullName, file = Path.Combine(folder, "hands.safetensors");
        var options = new SigilsRecipeOptions(file, Seed: 3, Minutes: 0.0001, Threads: 1, Path.Combine(folder, "checkpoint"), Hands: Characters(3, 4));
        var steps = new Progress<TrainingProgress>();
        try
        {
            SigilsRecipe.Run(options, Tiny, steps, CancellationToken.None);
            using Backbone backbone = Backbone.Load(file, device);
            Assert.Contains("3 characters of Omniglot", backbone.Metadata["odl.provenance"], StringComparison.Ordinal);
            Assert.Contains("Brenden Lake, MIT", backbone.Metadata["odl.provenance"], StringComparison.Ordinal);
            Assert.Throws<ModelFormatException>(() => SigilsRecipe.Run(options with { Hands = null }, Tiny, steps, CancellationToken.None));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
