using OnDeviceLearning.Classification;
using OnDeviceLearning.Models;

namespace OnDeviceLearning.Tests.Classification;

/// <summary>A save holds the adapter, what the examples were made from, and a run under way; a damaged one is refused in a sentence.</summary>
public sealed class EncoderTuningSaveTests
{
    private static AdaptiveClassifier Load(byte[] save, Backbone backbone, AdaptiveClassifierOptions options) =>
        AdaptiveClassifier.Load(new MemoryStream(save), backbone, options);

    [Theory]
    [InlineData(EncoderTuning.LastBlock)]
    [InlineData(EncoderTuning.Lora)]
    public void A_tuned_classifier_answers_the_same_after_loading(EncoderTuning tuning)
    {
        AdaptiveClassifierOptions options = EncoderTuningTests.TuningOptions(tuning);
        using Backbone backbone = TinyBackbone.Load();
        using AdaptiveClassifier original = EncoderTuningTests.Taught(backbone, options);
        original.AdaptToEnd();
        Assert.Equal(1, original.EncoderVersion);
        byte[] save = EncoderTuningTests.Bytes(original);
        // With tuning and without: what the player has stays.
        foreach (AdaptiveClassifierOptions there in new[] { options, options with { Encoder = EncoderTuning.None } })
        {
            using AdaptiveClassifier loaded = Load(save, backbone, there);
            Assert.Equal(1, loaded.EncoderVersion);
            Assert.Equal(AdaptStatus.Idle, loaded.AdaptToEnd().Status);
            Assert.Equal(EncoderTuningTests.Answers(original), EncoderTuningTests.Answers(loaded));
            Assert.Equal(save, EncoderTuningTests.Bytes(loaded));
        }
        // Both learn on alike.
        using AdaptiveClassifier copy = Load(save, backbone, options);
        foreach (AdaptiveClassifier classifier in new[] { original, copy })
        {
            classifier.Teach(EncoderTuningTests.Draw(2, 800), "zigzag");
            classifier.AdaptToEnd();
        }
        Assert.Equal(EncoderTuningTests.Bytes(original), EncoderTuningTests.Bytes(copy));
    }

    // Within the first updates, in the middle of one, and while the dial is judged.
    [Theory]
    [InlineData(EncoderTuning.LastBlock, 300)]
    [InlineData(EncoderTuning.LastBlock, 3_001)]
    [InlineData(EncoderTuning.Lora, 3_001)]
    [InlineData(EncoderTuning.NormOnly, 5_002)]
    public void A_run_goes_on_from_a_save_bit_for_bit(EncoderTuning tuning, int calls)
    {
        AdaptiveClassifierOptions options = EncoderTuningTests.TuningOptions(tuning);
        using Backbone backbone = TinyBackbone.Load();
        using AdaptiveClassifier straight = EncoderTuningTests.Taught(backbone, options), begun = EncoderTuningTests.Taught(backbone, options);
        straight.AdaptToEnd();
        while (begun.Adapt(TimeSpan.FromTicks(1)).Status != AdaptStatus.Published) { }
        for (int i = 0; i < calls && begun.EncoderVersion == 0; i++) begun.Adapt(TimeSpan.FromTicks(1));
        Assert.Equal(0, begun.EncoderVersion);
        byte[] save = EncoderTuningTests.Bytes(begun);
        using AdaptiveClassifier resumed = Load(save, backbone, options);
        Assert.Equal(save, EncoderTuningTests.Bytes(resumed));
        Assert.Equal(EncoderTuningTests.Answers(begun), EncoderTuningTests.Answers(resumed));
        begun.AdaptToEnd();
        resumed.AdaptToEnd();
        byte[] expected = EncoderTuningTests.Bytes(straight);
        Assert.Equal(expected, EncoderTuningTests.Bytes(begun));
        Assert.Equal(expected, EncoderTuningTests.Bytes(resumed));
    }

    [Fact]
    public void A_save_grows_by_the_adapter_not_by_the_encoder()
    {
        using Backbone backbone = TinyBackbone.Load();
        SafetensorsFile Saved(EncoderTuning tuning)
        {
            using AdaptiveClassifier classifier = EncoderTuningTests.Taught(backbone, EncoderTuningTests.TuningOptions(tuning));
            classifier.AdaptToEnd();
            return SafetensorsReader.Parse(EncoderTuningTests.Bytes(classifier));
        }
        // Gains and biases of the one normalisation.
        Assert.Equal([1, 16], Saved(EncoderTuning.NormOnly).Tensors["encoder"].Shape);
        // Rank 4 of [8, 9], [8, 72] and [16, 128].
        Assert.Equal([1, 4 * (8 + 9 + 8 + 72 + 16 + 128)], Saved(EncoderTuning.Lora).Tensors["encoder"].Shape);
        // A classifier that tunes nothing writes what it always wrote.
        SafetensorsFile plain = Saved(EncoderTuning.None);
        Assert.Equal("1", plain.Metadata["odl.save.format"]);
        Assert.DoesNotContain("examples.input", plain.Tensors.Keys);
    }

    [Fact]
    public void A_save_without_inputs_is_read_and_nothing_is_tuned()
    {
        using Backbone backbone = TinyBackbone.Load();
        AdaptiveClassifierOptions options = EncoderTuningTests.TuningOptions(EncoderTuning.LastBlock);
        using AdaptiveClassifier plain = EncoderTuningTests.Taught(backbone, options with { Encoder = EncoderTuning.None });
        plain.AdaptToEnd();
        using AdaptiveClassifier loaded = Load(EncoderTuningTests.Bytes(plain), backbone, options);
        loaded.Teach(EncoderTuningTests.Draw(0, 900), "circle");
        loaded.AdaptToEnd();
        Assert.Equal(0, loaded.EncoderVersion);
        Assert.False(loaded.CancelTuning());
    }

    [Fact]
    public void Damage_is_refused_in_a_sentence()
    {
        using Backbone backbone = TinyBackbone.Load();
        AdaptiveClassifierOptions options = EncoderTuningTests.TuningOptions(EncoderTuning.LastBlock);
        using AdaptiveClassifier tuned = EncoderTuningTests.Taught(backbone, options), running = EncoderTuningTests.Taught(backbone, options);
        tuned.AdaptToEnd();
        while (running.Adapt(TimeSpan.FromTicks(1)).Status != AdaptStatus.Published) { }
        for (int i = 0; i < 2_000; i++) running.Adapt(TimeSpan.FromTicks(1));
        SafetensorsFile whole = SafetensorsReader.Parse(EncoderTuningTests.Bytes(tuned)), half = SafetensorsReader.Parse(EncoderTuningTests.Bytes(running));
        int examples = tuned.ExampleCount;

        Refused(whole, "tensor 'encoder' is F32 [1, 3]; expected", SafetensorsTensor.FromSingle("encoder", [1, 3], [1, 2, 3]));
        Refused(whole, "tensor 'encoder' is missing", remove: "encoder");
        Refused(whole, "tensor 'examples.tuned' is missing", remove: "examples.tuned");
        Refused(whole, "row 0 of tensor 'examples.tuned' has length 0", SafetensorsTensor.FromSingle("examples.tuned", [examples, 16], new float[16 * examples]));
        Refused(whole, "input 0 has -1 bytes", SafetensorsTensor.FromInt32("examples.input.length", [examples], [.. Enumerable.Repeat(-1, examples)]));
        Refused(whole, "tensor 'examples.input' is I32", SafetensorsTensor.FromInt32("examples.input.length", [examples], [.. Enumerable.Repeat(4, examples)]));
        Refused(whole, "an input is of kind 0", SafetensorsTensor.FromInt32("examples.input", [.. whole.Tensors["examples.input"].Shape], new int[whole.Tensors["examples.input"].Length]));
        Refused(whole, "'mix' is 1.5", edit: json => System.Text.RegularExpressions.Regex.Replace(json, "\"mix\":[0-9.]+", "\"mix\":1.5"));
        Refused(whole, "'tuning' is 'Most'", edit: json => json.Replace("LastBlock", "Most"));
        Refused(whole, "no such parameter", edit: json => json.Replace("\"tuning\":\"LastBlock\"", "\"tuning\":\"Lora\"").Replace("\"rank\":4", "\"rank\":4000"), or: "rank");
        Refused(half, "'step'", edit: json => System.Text.RegularExpressions.Regex.Replace(json, "\"step\":[0-9]+", "\"step\":61"));
        Refused(half, "tensor 'run.moments' is F32 [1, 1]", SafetensorsTensor.FromSingle("run.moments", [1, 1], [0]));
        float[] negative = [.. Enumerable.Repeat(-1f, half.Tensors["run.moments"].Length)];
        Refused(half, "a mean of squares is not negative", SafetensorsTensor.FromSingle("run.moments", [.. half.Tensors["run.moments"].Shape], negative));
        Refused(half, "not there or out of order", SafetensorsTensor.FromInt32("run.id", [examples], [.. Enumerable.Repeat(1, examples)]));

        void Refused(SafetensorsFile save, string why, SafetensorsTensor? replace = null, string? remove = null, Func<string, string>? edit = null, string? or = null)
        {
            List<SafetensorsTensor> tensors = [.. save.Tensors.Values.Where(t => t.Name != remove && t.Name != replace?.Name)];
            if (replace is not null) tensors.Add(replace);
            Dictionary<string, string> metadata = new(save.Metadata);
            if (edit is not null) metadata[PlayerSave.TuningKey] = edit(metadata[PlayerSave.TuningKey]);
            metadata.Remove(PlayerSave.FormatKey);
            metadata[PlayerSave.FormatKey] = PlayerSave.FormatWithTuning;
            byte[] file = PlayerSave.Write(tensors, metadata);
            string message = Assert.Throws<ModelFormatException>(() => Load(file, backbone, options)).Message;
            Assert.True(message.Contains(why) || (or is not null && message.Contains(or)), message);
        }
    }

    [Theory]
    [InlineData(new byte[] { }, "has 0 bytes")]
    [InlineData(new byte[] { 1, 0, 0 }, "end within its strokes")]
    [InlineData(new byte[] { 1, 0, 0, 0, 0, 1, 0, 9, 0 }, "end within its strokes")]
    [InlineData(new byte[] { 1, 0, 0, 0, 0, 0, 0, 7 }, "end within its strokes or behind")]
    [InlineData(new byte[] { 1, 0, 0, 128, 255, 0, 0 }, "pen width")]
    [InlineData(new byte[] { 2, 5, 5 }, "an image has 3 bytes")]
    [InlineData(new byte[] { 3, 5, 5 }, "kind 3")]
    public void An_input_that_is_none_is_refused(byte[] bytes, string why) =>
        Assert.Contains(why, Assert.Throws<ModelFormatException>(() => CompactInput.Read(bytes, 16, 1)).Message);
}
