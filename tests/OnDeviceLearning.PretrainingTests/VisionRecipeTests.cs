using System.IO.Compression;
using System.Text.Json.Nodes;
using OnDeviceLearning.Datasets;
using OnDeviceLearning.Models;
using OnDeviceLearning.Pretraining.Calibration;
using OnDeviceLearning.Pretraining.Sigils;
using OnDeviceLearning.Pretraining.Torch;
using OnDeviceLearning.Pretraining.Vision;
using TorchSharp;
using static TorchSharp.torch;

namespace OnDeviceLearning.PretrainingTests;

/// <summary>The image recipes, on files of the official formats made here, in sizes that take seconds.</summary>
public sealed class VisionRecipeTests : TorchTests
{
    private readonly string folder = Directory.CreateTempSubdirectory("odl-vision-").FullName;

    public override void Dispose()
    {
        Directory.Delete(folder, recursive: true);
        base.Dispose();
    }

    private VisionRecipeOptions Options(string name, double minutes) =>
        new(Path.Combine(folder, name + ".safetensors"), folder, 3, minutes, 1, Path.Combine(folder, name + ".checkpoint"));

    private static LabelledImages TwoTones(int images, int side)
    {
        var random = new Random(2);
        int[] labels = [.. Enumerable.Range(0, images).Select(i => i % 10)];
        var pixels = new byte[images * side * side];
        for (int i = 0; i < pixels.Length; i++) pixels[i] = (byte)(20 * labels[i / (side * side)] + random.Next(40));
        return new LabelledImages("tones", 1, side, side, pixels, labels, FashionMnist.ClassNames);
    }

    [Fact]
    public void The_brief_s_network_has_its_layers_and_no_others()
    {
        Graphs.Graph graph = ClassifierModel.Cifar().Logits(10);
        Assert.Equal(
            ["conv 3-64", "relu", "pool", "conv 64-128", "relu", "pool", "conv 128-128", "relu", "pool", "flatten", "fc 2048-1024", "relu", "fc 1024-512", "relu", "fc 512-10"],
            graph.Nodes.Select(n => n.Layer switch
            {
                Graphs.Conv2dLayer { KernelH: 3, KernelW: 3, Stride: 1, Padding: 1 } c => $"conv {c.InChannels}-{c.OutChannels}",
                Graphs.ActivationLayer { Kind: Operations.ActivationKind.Relu } => "relu",
                Graphs.MaxPool2dLayer { Kernel: 2, Stride: 2 } => "pool",
                Graphs.FlattenLayer => "flatten",
                Graphs.LinearLayer l => $"fc {l.InFeatures}-{l.OutFeatures}",
                _ => n.Layer.ToString(),
            }));
    }

    [Fact]
    public void The_loss_falls_on_files_in_the_format_of_CIFAR_10_and_the_backbone_keeps_its_head()
    {
        CifarFiles.WriteTen(folder, 20);
        LabelledImages training = Cifar.ReadCifar10(folder, imagesPerFile: 20), test = Cifar.ReadCifar10(folder, test: true, imagesPerFile: 20);
        var trainer = new ClassifierTrainer(ClassifierModel.Cifar(), 10, [0.4f, 0.4f, 0.4f], [0.3f, 0.3f, 0.3f], 3, new ClassifierTraining(new WarmUpCosine(0.02, 5), 5e-4, 0), ScalarType.Float32);
        var batches = new ClassifierBatches(training, 20, 4, 3);
        double[] losses = [.. Enumerable.Range(0, 30).Select(step => trainer.Update(batches.Make(step), 30).Loss)];
        Assert.Equal(Math.Log(10), losses[0], 0.3);
        Assert.True(losses[^5..].Average() < 0.7 * losses[0], $"the loss went from {losses[0]} to {losses[^1]}");

        VisionRecipeOptions options = Options("cifar", 0.001);
        ClassifierResult result = ClassifierRecipe.Run("cifar10", ClassifierModel.Cifar(), training, test, [0.4f, 0.4f, 0.4f], [0.3f, 0.3f, 0.3f],
            new ClassifierRecipe.Settings(20, 4, new ClassifierTraining(new WarmUpCosine(0.01, 5), 5e-4, 0), 2), "made here", options, new Steps(), CancellationToken.None);
        Assert.True(result.Finished);
        Assert.Equal(20, result.TestImages);

        using Backbone backbone = Backbone.Load(options.Out, device);
        Assert.Equal((512, 32), (backbone.EmbeddingWidth, backbone.ImageSize));
        Assert.True(backbone.Reads.HasFlag(InputKinds.ColorImages));
        Assert.NotNull(backbone.Unknown);
        SafetensorsFile file = SafetensorsReader.Read(options.Out);
        Assert.Equal([10, 512], file.Tensors["head.weight"].Shape);
        JsonNode head = JsonNode.Parse(file.Metadata["odl.head"])!;
        Assert.Equal("airplane", head["classes"]![0]!.GetValue<string>());
        Assert.Equal("fc2.relu", head["features"]!.GetValue<string>());

        // What was trained is what a game computes.
        var embedding = new float[512];
        var pixels = new float[3072];
        backbone.Embed(test.Input(3), embedding);
        test.CopyTo(3, pixels);
        using TwinModel model = TwinModel.FromFile(device, file, "image");
        Assert.InRange(Results.NormError(embedding, model.Torch.Forward((tensor(pixels).view(1, 3, 32, 32) - 0.4f) / 0.3f).Values()), 0, 1e-4);
    }

    [Fact]
    public void Fashion_trains_on_the_first_five_classes_of_the_first_five_sixths()
    {
        VisionRecipeOptions options = Options("fashion", 0.01);
        ClassifierResult result = ClassifierRecipe.Fashion(options, allClasses: false, TwoTones(240, 28), speedSteps: 2, new Steps(), CancellationToken.None);
        Assert.True(result.Finished);
        Assert.Equal(20, result.TestImages); // half of the last sixth
        using Backbone backbone = Backbone.Load(options.Out, device);
        Assert.Equal(InputKinds.GrayImages, backbone.Reads);
        SafetensorsFile file = SafetensorsReader.Read(options.Out);
        Assert.Equal([5, 128], file.Tensors["head.weight"].Shape);
        Assert.Equal(5, JsonNode.Parse(file.Metadata["odl.head"])!["classes"]!.AsArray().Count);
    }

    [Fact]
    public void A_stopped_classifier_run_ends_with_the_very_same_state()
    {
        LabelledImages images = TwoTones(60, 28);
        ClassifierTrainer New(int seed) =>
            new(ClassifierModel.Fashion(), 10, [0.3f], [0.3f], seed, new ClassifierTraining(new WarmUpCosine(0.05, 2), 5e-4, 0.05), ScalarType.Float32);
        void Train(ClassifierTrainer trainer, long until)
        {
            // Another queue each time: the batch of a step depends on seed and step alone.
            var batches = new ClassifierBatches(images, 16, 2, 7);
            using var queue = new BatchQueue<ImageBatch>(batches.Make, trainer.Step);
            while (trainer.Step < until) trainer.Update(queue.Next(), 100);
        }
        string state = Path.Combine(folder, "state.safetensors");
        ClassifierTrainer straight = New(1), stopped = New(1), resumed = New(2);
        Train(straight, 6);
        Train(stopped, 4);
        TrainingRun.Save(stopped, state, 100, "a run", 1.5);
        Assert.Throws<ModelFormatException>(() => TrainingRun.Restore(New(2), state, "another run", 1.5));
        Assert.Equal(long.MaxValue, TrainingRun.Restore(New(2), state, "a run", 2)); // to be planned anew
        Assert.Equal(100, TrainingRun.Restore(resumed, state, "a run", 1.5));
        Train(resumed, 6);
        Dictionary<string, Tensor> actual = resumed.State.ToDictionary();
        foreach ((string name, Tensor expected) in straight.State)
            Assert.True(expected.equal(actual[name]).all().item<bool>(), $"'{name}' differs.");
    }

    [Fact]
    public void Rates_rise_to_their_peak_and_end_near_zero()
    {
        var rate = new WarmUpCosine(2, 4);
        Assert.Equal([0.5, 1, 1.5, 2, 2], Enumerable.Range(0, 5).Select(step => rate.At(step, 24)));
        Assert.Equal(2 * (0.005 + 0.995 / 2), rate.At(14, 24), 1e-12);
        Assert.Equal(0.01, rate.At(24, 24), 1e-12);
        Assert.Equal(0.01, rate.At(30, 24), 1e-12);
    }

    [Fact]
    public void Momentum_moves_weights_as_torch_does()
    {
        var random = new Random(4);
        float[] start = [.. Enumerable.Range(0, 6).Select(_ => random.NextSingle() - 0.5f)];
        var ours = new TorchSharp.Modules.Parameter(tensor(start).view(2, 3));
        var theirs = new TorchSharp.Modules.Parameter(tensor(start).view(2, 3));
        var optimizer = new SgdMomentum([new("w", ours)], 0.1);
        optim.Optimizer reference = optim.SGD([theirs], 0.2, momentum: 0.9, weight_decay: 0.1);
        for (int i = 0; i < 4; i++)
        {
            foreach (TorchSharp.Modules.Parameter w in new[] { ours, theirs }) (w * w.sin()).sum().backward();
            optimizer.Step(0.2);
            reference.step();
            reference.zero_grad();
        }
        Assert.InRange(Results.NormError(ours.Values(), theirs.Values()), 0, 1e-6);
        Assert.NotEqual(start, ours.Values());
    }

    [Fact]
    public void Crops_shift_and_mirror_whole_images()
    {
        // One image whose pixels are all different: every batch must show it shifted by at most two, mirrored or not.
        byte[] pixels = [.. Enumerable.Range(1, 36).Select(i => (byte)i)];
        var batches = new ClassifierBatches(new LabelledImages("x", 1, 6, 6, pixels, [0], ["a"]), 8, 2, 1);
        var seen = new HashSet<string>();
        for (int step = 0; step < 200; step++)
        {
            float[] made = batches.Make(step).Images;
            string? shown = null;
            for (int dy = -2; dy <= 2; dy++)
                for (int dx = -2; dx <= 2; dx++)
                    foreach (bool mirrored in new[] { false, true })
                        if (Enumerable.Range(0, 36).All(i => made[i] == Expected(i % 6 + dx, i / 6 + dy, mirrored))) shown = $"{dx} {dy} {mirrored}";
            Assert.NotNull(shown);
            seen.Add(shown);
        }
        Assert.True(seen.Count > 40, $"only {seen.Count} of 50 were seen");

        float Expected(int x, int y, bool mirrored) => x is < 0 or > 5 || y is < 0 or > 5 ? 0 : pixels[6 * y + (mirrored ? 5 - x : x)] / 255f;
    }

    [Fact]
    public void A_warp_without_strength_turns_and_averages()
    {
        const int side = 6, fine = 2 * side;
        var random = new Random(1);
        byte[] source = [.. Enumerable.Range(0, fine * fine).Select(_ => (byte)random.Next(256))];
        var warp = new ImageWarp(side, new WarpStrength(0, 0, 0, 0, 0, 0));
        float[] upright = new float[side * side], turned = new float[side * side], twice = new float[side * side];
        warp.Write(source, 0, random, upright);
        warp.Write(source, 1, random, turned);
        warp.Write(source, 2, random, twice);
        for (int y = 0; y < side; y++)
            for (int x = 0; x < side; x++)
            {
                int at = 2 * y * fine + 2 * x;
                Assert.Equal((source[at] + source[at + 1] + source[at + fine] + source[at + fine + 1]) / 1020f, upright[y * side + x], 1e-4);
                Assert.Equal(upright[(side - 1 - y) * side + side - 1 - x], twice[y * side + x], 1e-3);
                Assert.Equal(upright[x * side + side - 1 - y], turned[y * side + x], 1e-3);
            }
    }

    [Fact]
    public void Characters_come_with_their_quarter_turns_and_a_run_ends_with_a_backbone()
    {
        Directory.CreateDirectory(Path.Combine(folder, "omniglot"));
        WriteCharacters(Path.Combine(folder, "omniglot", "images_background.zip"), alphabets: 5, characters: 2, drawers: 7);
        var batches = new CharacterBatches(Omniglot.ReadBackground(folder, 56), 5, 1);
        Assert.Equal(40, batches.ClassCount);
        CharacterBatch batch = batches.Make(0);
        Assert.Equal(20, batch.Classes.Length);
        Assert.Equal(5, batch.Classes.Distinct().Count());
        Assert.All(batch.Classes.Chunk(4), c => Assert.Single(c.Distinct()));
        Assert.Equal(batch.Images, new CharacterBatches(Omniglot.ReadBackground(folder, 56), 5, 1).Make(0).Images);

        VisionRecipeOptions options = Options("characters", 0.002);
        using (var stop = new CancellationTokenSource())
        {
            Assert.False(OmniglotRecipe.Run(options, holdOut: true, 4, 2, new Steps(s => { if (s == 1) stop.Cancel(); }), stop.Token));
            Assert.False(File.Exists(options.Out));
        }
        var rest = new Steps();
        Assert.True(OmniglotRecipe.Run(options, holdOut: true, 4, 2, rest, CancellationToken.None));
        Assert.Equal(2, rest.Seen[0].Step);
        using Backbone backbone = Backbone.Load(options.Out, device);
        Assert.Equal((256, 28), (backbone.EmbeddingWidth, backbone.ImageSize));
        Assert.NotNull(backbone.Unknown);
        JsonNode provenance = JsonNode.Parse(backbone.Metadata["odl.provenance"])!;
        Assert.Equal("Alphabet4", provenance["heldOut"]![0]!.GetValue<string>());
        Assert.True(new FileInfo(options.Out).Length < 2_000_000);
        // Going on with everything is another run.
        Assert.Throws<ModelFormatException>(() => OmniglotRecipe.Run(options, holdOut: false, 4, 2, new Steps(), CancellationToken.None));
        Assert.True(OmniglotRecipe.Run(options with { CheckpointFolder = options.CheckpointFolder + "2", Out = options.Out + "2" }, holdOut: false, 4, 2, new Steps(), CancellationToken.None));
        Assert.Empty(JsonNode.Parse(SafetensorsReader.Read(options.Out + "2").Metadata["odl.provenance"])!["heldOut"]!.AsArray());
    }

    [Fact]
    public void Unknown_is_told_by_a_threshold_that_most_known_inputs_pass()
    {
        var random = new Random(5);
        var fit = new UnknownFit();
        for (int i = 0; i < 2000; i++)
        {
            fit.Known.Add(0.8 + 0.1 * (random.NextDouble() + random.NextDouble() - 1));
            fit.Unknown.Add(0.65 + 0.1 * (random.NextDouble() + random.NextDouble() - 1));
            fit.KnownByExamples.Add(0.9 + 0.05 * random.NextDouble());
            fit.UnknownByExamples.Add(0.6 + 0.2 * random.NextDouble());
        }
        double[] known = [.. fit.Known], strangers = [.. fit.UnknownByExamples];
        JsonNode json = JsonNode.Parse(fit.ToJson())!;
        float Number(string name) => json[name]!.GetValue<float>();
        var calibration = new UnknownCalibration(Number("slope"), Number("intercept"), Number("threshold")) { Examples = (Number("examplesSlope"), Number("examplesIntercept")) };
        Assert.Equal(0.05, known.Count(k => calibration.Probability((float)k) < calibration.Threshold) / 2000.0, 0.01);
        Assert.Equal(0.03, strangers.Count(k => calibration.ProbabilityByExamples((float)k) > calibration.Threshold) / 2000.0, 0.01);
    }

    private static void WriteCharacters(string path, int alphabets, int characters, int drawers)
    {
        var random = new Random(3);
        using ZipArchive zip = ZipFile.Open(path, ZipArchiveMode.Create);
        for (int a = 0; a < alphabets; a++)
            for (int c = 0; c < characters; c++)
                for (int d = 0; d < drawers; d++)
                {
                    int left = 10 + 8 * a + random.Next(4), top = 10 + 20 * c + random.Next(4);
                    using Stream entry = zip.CreateEntry($"images_background/Alphabet{a}/character{c + 1:D2}/{10 * a + c:D4}_{d + 1:D2}.png").Open();
                    entry.Write(Tests.Datasets.TinyFiles.Png(105, 105, (x, y) =>
                    {
                        byte grey = x >= left && x < left + 30 && y >= top && y < top + 10 ? (byte)0 : (byte)255;
                        return (grey, grey, grey, 255);
                    }));
                }
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
}
