using System.Numerics.Tensors;
using OnDeviceLearning.Models;

namespace OnDeviceLearning.Tests.Models;

/// <summary>Every kind of input, through backbones with any of the encoders alone.</summary>
public class BackboneInputsTests
{
    private const int Width = TinyBackbone.Width;
    private static readonly Drawing Cross = new([[new(0, 0), new(9, 9)], [new(9, 0), new(0, 9)]]);

    [Fact]
    public void ABackboneSaysWhatItReads()
    {
        using Backbone both = TinyBackbone.Load(), images = ImagesAlone(), texts = TextsAlone(), color = InColor(), features = Backbone.ForFeatures([0, 0], [1, 1]);
        Assert.Equal(InputKinds.Drawings | InputKinds.GrayImages | InputKinds.Texts, both.Reads);
        Assert.Equal(InputKinds.Drawings | InputKinds.GrayImages, images.Reads);
        Assert.Equal(InputKinds.Texts, texts.Reads);
        Assert.Equal(InputKinds.GrayImages | InputKinds.ColorImages, color.Reads);
        Assert.Equal(InputKinds.FeatureVectors, features.Reads);
        Assert.Equal([true, false, true, false, false], new[] { both, images, texts, color, features }.Select(b => b.ReadsDescriptions));
        Assert.Equal([16, 16, 0, 8, 0], new[] { both, images, texts, color, features }.Select(b => b.ImageSize));
        Assert.Equal(2, features.FeatureCount);
        Assert.Equal(3, features.EmbeddingWidth);
    }

    [Fact]
    public void AnEncoderAloneEmbedsAsItDoesBesideOthers()
    {
        using Backbone both = TinyBackbone.Load(), images = ImagesAlone(), texts = TextsAlone();
        Assert.Equal(Embed(both, Cross), Embed(images, Cross));
        float[] description = new float[Width];
        both.Embed("two stars and a bolt", description);
        Assert.Equal(description, Embed(texts, new TextInput("two stars and a bolt")));
        Assert.Equal(description, Embed(both, new TextInput("Two  stars and a bolt")));
    }

    [Fact]
    public void WhatABackboneDoesNotReadIsRefusedWithBothKinds()
    {
        using Backbone images = ImagesAlone(), texts = TextsAlone(), features = Backbone.ForFeatures([0, 0], [1, 1]);
        string message = Assert.Throws<ArgumentException>(() => Embed(texts, Cross)).Message;
        Assert.Contains("Drawings", message);
        Assert.Contains("Texts", message);
        Assert.Throws<ArgumentException>(() => Embed(images, new TextInput("a star")));
        Assert.Throws<ArgumentException>(() => Embed(images, new ColorImage(1, 1, new byte[3])));
        Assert.Throws<ArgumentException>(() => images.EmbedAll([Cross, new TextInput("a star")], new float[2 * Width]));
        Assert.Contains("3 values", Assert.Throws<ArgumentException>(() => Embed(features, new FeatureVector(new float[3]))).Message);
        Assert.Throws<InvalidOperationException>(() => images.Embed("a star", new float[Width]));
        Assert.Throws<ArgumentException>(() => Embed(texts, new TextInput("   ")));
    }

    [Fact]
    public void ManyInputsOfAnyKindsAgreeWithEachAlone()
    {
        using Backbone backbone = TinyBackbone.Load();
        var image = new GrayImage(20, 10, Enumerable.Range(0, 200).Select(i => i % 7 / 7f).ToArray());
        ClassifierInput[] inputs = [Cross, image, new TextInput("a star"), .. Enumerable.Repeat<ClassifierInput>(Cross, 35), new TextInput("a bolt"), new TextInput("a circle")];
        float[] all = new float[inputs.Length * Width];
        backbone.EmbedAll(inputs, all);
        for (int i = 0; i < inputs.Length; i++)
        {
            float[] single = Embed(backbone, inputs[i]);
            for (int j = 0; j < Width; j++) Assert.Equal(single[j], all[i * Width + j], 1e-5);
        }
        backbone.EmbedAll([], []);
    }

    [Fact]
    public void AColorImageIsReadChannelByChannel()
    {
        using Backbone backbone = InColor();
        var random = new Random(3);
        byte[] rgb = new byte[8 * 8 * 3], rgba = new byte[8 * 8 * 4];
        random.NextBytes(rgb);
        for (int i = 0; i < 64; i++) rgb.AsSpan(3 * i, 3).CopyTo(rgba.AsSpan(4 * i));
        float[] embedding = Embed(backbone, new ColorImage(8, 8, rgb));
        Assert.Equal(embedding, Embed(backbone, new ColorImage(8, 8, rgba, channels: 4)));
        // The graph passes its input through: (value - mean) / deviation of each channel, then length 1.
        float[] expected = new float[3 * 64];
        for (int channel = 0; channel < 3; channel++)
            for (int i = 0; i < 64; i++) expected[channel * 64 + i] = (rgb[3 * i + channel] / 255f - 0.1f * (channel + 1)) / (0.5f + 0.1f * channel);
        float norm = TensorPrimitives.Norm<float>(expected);
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i] / norm, embedding[i], 1e-5);
        // Grey is the same in every channel.
        byte[] gray = [.. Enumerable.Range(0, 64).Select(i => (byte)(4 * i))];
        float[] fromGray = Embed(backbone, new GrayImage(8, 8, gray.Select(g => g / 255f).ToArray()));
        float[] fromColor = Embed(backbone, new ColorImage(8, 8, gray.SelectMany(g => new[] { g, g, g }).ToArray()));
        for (int i = 0; i < fromGray.Length; i++) Assert.Equal(fromColor[i], fromGray[i], 1e-6);
    }

    [Fact]
    public void AColorImageIsShrunkToTheMeanOfEachArea()
    {
        byte[] pixels = [10, 20, 30, 50, 60, 70, 90, 100, 110, 130, 140, 150];
        float[] target = new float[3];
        new ColorImage(2, 2, pixels).Resize(1, 1, target);
        Assert.Equal([70 / 255f, 80 / 255f, 90 / 255f], target.Select(v => v), (a, b) => Math.Abs(a - b) < 1e-6f);
    }

    [Fact]
    public void FeaturesAreScaledAndExtended()
    {
        using Backbone backbone = Backbone.ForFeatures([10, -5], [2, 0.5f]);
        float[] embedding = Embed(backbone, new FeatureVector(new float[] { 14, -4 }));
        Assert.Equal([2 / 3f, 2 / 3f, 1 / 3f], embedding, (a, b) => Math.Abs(a - b) < 1e-6f);
        using Backbone same = Backbone.ForFeatures([10, -5], [2, 0.5f]), other = Backbone.ForFeatures([10, -5], [2, 0.6f]);
        Assert.Equal(backbone.Hash, same.Hash);
        Assert.NotEqual(backbone.Hash, other.Hash);
        Assert.Throws<ArgumentException>(() => Embed(backbone, new FeatureVector(new float[] { float.MaxValue, -4 })));
    }

    [Theory]
    [InlineData(new float[0], new float[0])]
    [InlineData(new float[] { 1, 2 }, new float[] { 1 })]
    [InlineData(new float[] { 1, 2 }, new float[] { 1, 0 })]
    [InlineData(new float[] { 1, 2 }, new float[] { 1, -1 })]
    [InlineData(new float[] { 1, float.NaN }, new float[] { 1, 1 })]
    [InlineData(new float[] { 1, 1 }, new float[] { 1, float.PositiveInfinity })]
    public void FeatureScalesAreChecked(float[] mean, float[] deviation) =>
        Assert.Contains("ForFeatures", Assert.Throws<ArgumentException>(() => Backbone.ForFeatures(mean, deviation)).Message);

    [Fact]
    public void TelemetryIsLearntFromExamplesSavedAndLoaded()
    {
        using Backbone backbone = Backbone.ForFeatures([0.5f, 0.5f, 0.5f], [0.3f, 0.3f, 0.3f]);
        using var styles = new AdaptiveClassifier(backbone, new AdaptiveClassifierOptions { Worker = AdaptationWorker.None });
        Assert.Contains("AddClass", Assert.Throws<InvalidOperationException>(() => styles.Describe("rusher", "runs at everybody")).Message);
        Assert.Empty(styles.Classes);
        styles.AddClass("rusher");
        styles.AddClass("camper");
        Assert.Equal("", styles.Classify(new FeatureVector(new float[3])).Label);
        for (int i = 0; i < 6; i++)
        {
            styles.Teach(Sample(i, rusher: true), "rusher");
            styles.Teach(Sample(i, rusher: false), "camper");
        }
        styles.AdaptToEnd();
        for (int i = 100; i < 140; i++) Assert.Equal(i % 2 == 0 ? "rusher" : "camper", styles.Classify(Sample(i, i % 2 == 0)).Label);

        var save = new MemoryStream();
        styles.Save(save);
        save.Position = 0;
        using AdaptiveClassifier loaded = AdaptiveClassifier.Load(save, backbone);
        for (int i = 200; i < 220; i++) Assert.Equal(styles.Classify(Sample(i, true)).Probability, loaded.Classify(Sample(i, true)).Probability);

        // Speed, kills and time in cover, of two kinds of players.
        static FeatureVector Sample(int seed, bool rusher)
        {
            var random = new Random(seed);
            float Around(float mean) => mean + 0.15f * (2 * random.NextSingle() - 1);
            return new FeatureVector(rusher ? new[] { Around(0.8f), Around(0.5f), Around(0.2f) } : [Around(0.3f), Around(0.5f), Around(0.8f)]);
        }
    }

    [Fact]
    public void EveryKindEntersTheClassifierThroughOneCall()
    {
        using Backbone backbone = TinyBackbone.Load();
        using var classifier = new AdaptiveClassifier(backbone, new AdaptiveClassifierOptions { Worker = AdaptationWorker.None });
        classifier.Describe("star", "a star");
        classifier.Describe("bolt", "a bolt");
        ClassifierInput[] inputs = [Cross, new GrayImage(3, 3, new float[9]), new TextInput("two bolts")];
        foreach (ClassifierInput input in inputs)
        {
            float[] embedding = Embed(backbone, input);
            float expected = classifier.Classify(embedding).Probability;
            Assert.Equal(expected, classifier.Classify(input).Probability);
            classifier.Teach(input, "bolt");
        }
        Assert.Equal(3, classifier.ExamplesOf("bolt"));
    }

    [Fact]
    public void InputsAreChecked()
    {
        Assert.Throws<ArgumentException>(() => new TextInput(new string('x', TextInput.MaxLength + 1)));
        Assert.Contains("value 1", Assert.Throws<ArgumentException>(() => new FeatureVector(new[] { 0, float.NaN })).Message);
        Assert.Throws<ArgumentException>(() => new FeatureVector(ReadOnlyMemory<float>.Empty));
        Assert.Contains("12", Assert.Throws<ArgumentException>(() => new ColorImage(2, 2, new byte[13])).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => new ColorImage(2, 2, new byte[4], channels: 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ColorImage(0, 2, new byte[4]));
    }

    private static float[] Embed(Backbone backbone, ClassifierInput input)
    {
        float[] embedding = new float[backbone.EmbeddingWidth];
        backbone.Embed(input, embedding);
        return embedding;
    }

    private static Backbone ImagesAlone() => Without("odl.text.graph", "odl.tokenizer", "odl.words");

    private static Backbone TextsAlone() => Without("odl.image.graph", "odl.preprocessing");

    private static Backbone Without(params string[] keys)
    {
        Dictionary<string, string> metadata = TinyBackbone.Metadata();
        foreach (string key in keys) metadata.Remove(key);
        string prefix = keys[0].Contains("text") ? "text." : "image.";
        return Backbone.Load(new MemoryStream(TinyBackbone.File(metadata, TinyBackbone.Tensors().Where(t => !t.Name.StartsWith(prefix, StringComparison.Ordinal)))));
    }

    /// <summary>A backbone whose embedding is its scaled input.</summary>
    private static Backbone InColor() => Backbone.Load(new MemoryStream(TinyBackbone.File(
        new Dictionary<string, string>
        {
            ["odl.format"] = "1",
            ["odl.image.graph"] = """
                {"input":{"shape":[3,8,8],"type":"float32"},"nodes":[{"name":"flat","layer":"flatten","inputs":["input"]},
                {"name":"out","layer":"l2Normalize","inputs":["flat"],"epsilon":1e-6}],"output":"out"}
                """,
            ["odl.preprocessing"] = """{"kind":"image","channels":3,"size":8,"mean":[0.1,0.2,0.3],"std":[0.5,0.6,0.7]}""",
            ["odl.logitScale"] = "20",
        }, [])));
}
