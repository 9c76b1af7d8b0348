using OnDeviceLearning.Models;
using OnDeviceLearning.Pretraining.Sigils;
using OnDeviceLearning.Pretraining.Text;
using OnDeviceLearning.Pretraining.Torch;
using OnDeviceLearning.Sigils;
using OnDeviceLearning.Text;
using TorchSharp;
using static TorchSharp.torch;

namespace OnDeviceLearning.PretrainingTests;

/// <summary>The sigils recipe and its parts, in sizes that take seconds.</summary>
public sealed class RecipeTests : TorchTests
{
    private static readonly SigilsRecipeSizes Tiny = new(
        Batch: 8, Vocabulary: 250, VocabularyTexts: 1500, SpeedSteps: 4, UnknownEpisodes: 3, PriorEpisodes: 1, Ways: 2, MostExamples: 2);
    private static readonly IReadOnlyDictionary<string, int> Words = DescriptionGrammar.WordCounts(1500, 1, CompositionSampler.Sample);

    [Fact]
    public void A_vocabulary_depends_on_the_words_alone()
    {
        string json = BpeTrainer.Train(Words, 250).ToJson(48);
        Assert.Equal(json, BpeTrainer.Train(Words.Reverse().ToDictionary(), 250).ToJson(48));
        Assert.NotEqual(json, BpeTrainer.Train(Words, 251).ToJson(48));
    }

    [Fact]
    public void The_runtime_reads_the_vocabulary_and_spells_every_description_with_it()
    {
        BpeTrainer trained = BpeTrainer.Train(Words, 400);
        TextTokenizer tokenizer = TextTokenizer.Parse(trained.ToJson(SigilsModel.MaxTokens));
        Assert.Equal(400, trained.Pieces.Count);
        Assert.Equal(399, tokenizer.LargestId);
        Assert.Equal(SigilsModel.MaxTokens, tokenizer.MaxTokens);
        Assert.Equal(2, tokenizer.Encode("circle").Length); // a frequent word is one piece; the end is the other
        var random = new Random(5); // other descriptions than those learnt from
        for (int i = 0; i < 300; i++)
        {
            string text = DescriptionGrammar.Describe(CompositionSampler.Sample(random), random, i % 2 == 0 ? PhraseSplit.Training : PhraseSplit.HeldOut);
            int[] ids = tokenizer.Encode(text);
            Assert.True(!ids.Contains(tokenizer.UnknownId), $"'{text}' has unknown pieces: {tokenizer.Decode(ids)}");
            if (ids.Length < tokenizer.MaxTokens) Assert.Equal(string.Join(' ', TextTokenizer.Split(text)), tokenizer.Decode(ids));
        }
    }

    [Theory]
    [InlineData("inside(star, circle)", "inside(circle, star)")]
    [InlineData("above(crown, heart)", "above(heart, crown)")]
    [InlineData("left(dot, line)", "left(line, dot)")]
    [InlineData("above(crown, inside(eye, triangle))", "above(crown, inside(triangle, eye))")]
    [InlineData("above(crown, inside(eye, triangle))", "above(eye, inside(crown, triangle))")]
    [InlineData("left(star*2@row, circle)", "left(star, circle*2@row)")]
    [InlineData("inside(filled star, circle)", "inside(star, filled circle)")]
    [InlineData("inside(star, circle)", "crossing(star, circle)")]
    [InlineData("star*3@row", "star*3@column")]
    public void Facts_tell_compositions_apart(string a, string b)
    {
        static float[] Facts(string text)
        {
            var facts = new float[CompositionAttributes.Count];
            CompositionAttributes.Write(Composition.Parse(text), facts);
            return facts;
        }
        Assert.NotEqual(Facts(a), Facts(b));
        Assert.Equal(Facts(a), Facts(a));
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    public void A_resumed_training_ends_with_the_very_same_state(ScalarType precision)
    {
        const int steps = 3, total = 100;
        TextTokenizer tokenizer = TextTokenizer.Parse(BpeTrainer.Train(Words, 250).ToJson(SigilsModel.MaxTokens));
        SigilsTrainer New(int seed) => new(SigilsModel.Image(), SigilsModel.Text(tokenizer.LargestId + 1), seed, precision);
        void Train(SigilsTrainer trainer, long until)
        {
            using var batches = new SigilBatches(tokenizer, Tiny.Batch, 7, trainer.Step, () => total);
            while (trainer.Step < until) trainer.Update(batches.Next(), total);
        }
        using var folder = new TemporaryFolder();
        string checkpoint = folder.PathOf("state.safetensors");
        SigilsTrainer straight = New(1), stopped = New(1), resumed = New(2);
        Train(straight, steps);
        Train(stopped, 2);
        TrainingRun.Save(stopped, checkpoint, total, "a run", 1);
        Assert.Equal(total, TrainingRun.Restore(resumed, checkpoint, "a run", 1));
        Assert.Throws<ModelFormatException>(() => TrainingRun.Restore(New(2), checkpoint, "another run", 1));
        Assert.Equal(2, resumed.Step);
        Train(resumed, steps);

        Dictionary<string, Tensor> actual = resumed.State.ToDictionary();
        foreach ((string name, Tensor expected) in straight.State)
            Assert.True(expected.equal(actual[name]).all().item<bool>(), $"'{name}' differs.");
        Assert.NotEqual(stopped.Parameters.First().Value.Values(), actual[stopped.Parameters.First().Key].Values());
    }

    [Fact]
    public void A_run_that_was_stopped_goes_on_and_ends_with_a_backbone()
    {
        using var folder = new TemporaryFolder();
        string file = folder.PathOf("made for it/tiny.safetensors"), checkpoints = folder.PathOf("checkpoint");
        var options = new SigilsRecipeOptions(file, Seed: 3, Minutes: 0.001, Threads: 1, checkpoints);

        using (var stop = new CancellationTokenSource())
        {
            var begun = new Steps(step => { if (step == 2) stop.Cancel(); });
            SigilsRecipe.Run(options, Tiny, begun, stop.Token);
            Assert.Equal([1, 2], begun.Seen.Select(p => p.Step));
            Assert.False(File.Exists(file));
        }
        var rest = new Steps();
        SigilsRecipe.Run(options, Tiny, rest, CancellationToken.None);
        Assert.Equal(Enumerable.Range(3, rest.Seen.Count).Select(s => (long)s), rest.Seen.Select(p => p.Step));
        // The plan is made from steps of this run, after as many as it takes to know its speed.
        Assert.All(rest.Seen, p => Assert.Equal(p.Step < 2 + Tiny.SpeedSteps, p.TotalSteps == long.MaxValue));
        Assert.Equal(rest.Seen[^1].TotalSteps, rest.Seen[^1].Step);
        Assert.All(rest.Seen, p => Assert.True(double.IsFinite(p.Loss) && p.Accuracy is >= 0 and <= 1));

        using Backbone backbone = Backbone.Load(file, device);
        Assert.NotNull(backbone.Unknown);
        Assert.Matches("""^\{"trustByExamples":\[0(,[0-9.]+){32}\]\}$""", backbone.Metadata["odl.adaptationPrior"]);
        Assert.Contains("\"steps\":" + rest.Seen[^1].Step, backbone.Metadata["odl.provenance"], StringComparison.Ordinal);
        SameAsTorch(backbone, SafetensorsReader.Read(file));
    }

    [Fact]
    public void A_run_goes_on_from_a_finished_backbone()
    {
        using var folder = new TemporaryFolder();
        string first = folder.PathOf("first.safetensors"), second = folder.PathOf("second.safetensors");
        var options = new SigilsRecipeOptions(first, Seed: 3, Minutes: 0.0001, Threads: 1, folder.PathOf("one"));
        SigilsRecipe.Run(options, Tiny, new Steps(), CancellationToken.None);
        var further = new Steps();
        SigilsRecipe.Run(options with { Out = second, Seed = 4, CheckpointFolder = folder.PathOf("two"), From = first }, Tiny, further, CancellationToken.None);
        Assert.Equal(1, further.Seen[0].Step);

        SafetensorsFile before = SafetensorsReader.Read(first), after = SafetensorsReader.Read(second);
        Assert.Equal(before.Metadata["odl.tokenizer"], after.Metadata["odl.tokenizer"]);
        Assert.Equal(before.Metadata["odl.words"], after.Metadata["odl.words"]);
        // AdamW moves no weight by more than about the learning rate a step, and half-precision rounds by a two-thousandth.
        const string name = "text.layer0.mlp.in.weight";
        float[] a = new float[before.Tensors[name].Length], b = new float[a.Length];
        before.Tensors[name].CopyTo(a);
        after.Tensors[name].CopyTo(b);
        float bound = 2e-3f * further.Seen.Count;
        for (int i = 0; i < a.Length; i++) Assert.InRange(Math.Abs(a[i] - b[i]), 0, bound + 1e-3f * Math.Abs(a[i]));
        Assert.NotEqual(a, b);
    }

    [Fact]
    public void A_run_refuses_to_go_on_from_what_is_no_backbone_of_the_recipe()
    {
        using var folder = new TemporaryFolder();
        string other = folder.PathOf("other.safetensors");
        SafetensorsWriter.Write(other, [SafetensorsTensor.FromSingle("weight", [2], [1, 2], SafetensorsType.F32)], new Dictionary<string, string>());
        var options = new SigilsRecipeOptions(folder.PathOf("out.safetensors"), 1, 0.001, 1, folder.PathOf("checkpoint"), From: other);
        ModelFormatException e = Assert.Throws<ModelFormatException>(() => SigilsRecipe.Run(options, Tiny, new Steps(), CancellationToken.None));
        Assert.Contains("other.safetensors", e.Message, StringComparison.Ordinal);
        Assert.Contains("odl.tokenizer", e.Message, StringComparison.Ordinal);
    }

    /// <summary>What was trained is what a game computes: rasterising, pixel statistics, tokens, weights.</summary>
    private void SameAsTorch(Backbone backbone, SafetensorsFile file)
    {
        var random = new Random(9);
        const string description = "a star inside a circle";
        Drawing drawing = SigilArtist.Draw(Composition.Parse("inside(star, circle)"), HandStyle.Sample(random), random);
        float[] image = new float[backbone.EmbeddingWidth], text = new float[backbone.EmbeddingWidth];
        backbone.Embed(drawing, image);
        Assert.All(backbone.Embed(description, text).Words, word => Assert.Null(word.ReadAs));

        var pixels = new float[SigilsModel.ImageSize * SigilsModel.ImageSize];
        DrawingRasterizer.Rasterize(drawing, SigilsModel.ImageSize, pixels);
        using TwinModel imageModel = TwinModel.FromFile(device, file, "image"), textModel = TwinModel.FromFile(device, file, "text");
        Tensor seen = (tensor(pixels).view(1, 1, SigilsModel.ImageSize, SigilsModel.ImageSize) - SigilsModel.Mean) / SigilsModel.Deviation;
        Tensor read = tensor(TextTokenizer.Parse(file.Metadata["odl.tokenizer"]).Encode(description)).to(ScalarType.Int64).unsqueeze(0);
        Assert.InRange(Results.NormError(image, imageModel.Torch.Forward(seen).Values()), 0, 1e-4);
        Assert.InRange(Results.NormError(text, textModel.Torch.Forward(read).Values()), 0, 1e-4);
    }

    private sealed class Steps(Action<long>? onStep = null) : IProgress<TrainingProgress>
    {
        public List<TrainingProgress> Seen { get; } = [];

        public void Report(TrainingProgress value)
        {
            Seen.Add(value);
            onStep?.Invoke(value.Step);
        }
    }

    private sealed class TemporaryFolder : IDisposable
    {
        private readonly string path = Directory.CreateTempSubdirectory("odl-recipe-").FullName;

        public string PathOf(string name) => Path.Combine(path, name);

        public void Dispose() => Directory.Delete(path, recursive: true);
    }
}
