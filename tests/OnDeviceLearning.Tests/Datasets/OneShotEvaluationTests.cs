using System.Text.Json;
using OnDeviceLearning.Cli;
using OnDeviceLearning.Datasets;
using OnDeviceLearning.Evaluation;
using OnDeviceLearning.Sigils.Evaluation;

namespace OnDeviceLearning.Tests.Datasets;

public sealed class OneShotEvaluationTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("odl-oneshot-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    /// <summary>Unit vectors: class c is the axis c, turned by some noise.</summary>
    private static (float[] Features, int[] Labels) World(int classes, int images, double noise, int seed)
    {
        var random = new Random(seed);
        int[] labels = [.. Enumerable.Range(0, classes * images).Select(i => i % classes)];
        var features = new float[labels.Length * classes];
        for (int i = 0; i < labels.Length; i++)
        {
            Span<float> row = features.AsSpan(i * classes, classes);
            for (int d = 0; d < classes; d++) row[d] = (float)(noise * (random.NextDouble() - 0.5)) + (d == labels[i] ? 1 : 0);
            float norm = MathF.Sqrt(row.ToArray().Sum(v => v * v));
            for (int d = 0; d < classes; d++) row[d] /= norm;
        }
        return (features, labels);
    }

    [Fact]
    public void Separate_classes_are_told_apart_and_noise_is_at_chance()
    {
        (float[] clear, int[] labels) = World(10, 8, 0.2, 1);
        int[] classes = [.. Enumerable.Range(0, 10)];
        Assert.Equal(1, OneShotEvaluation.Accuracy(clear, labels, classes, new OneShotEpisode(5, 1), 50, 1).Value);
        (float[] noise, _) = World(10, 8, 1e4, 1);
        SampleMean chance = OneShotEvaluation.Accuracy(noise, labels, classes, new OneShotEpisode(5, 1), 400, 1);
        Assert.InRange(chance.Value, 0.15, 0.25);
        Assert.InRange(0.2, chance.Low - 0.02, chance.High + 0.02);
    }

    [Fact]
    public void Five_examples_beat_one_and_the_seed_decides()
    {
        (float[] features, int[] labels) = World(10, 12, 3, 2);
        int[] classes = [.. Enumerable.Range(0, 10)];
        SampleMean one = OneShotEvaluation.Accuracy(features, labels, classes, new OneShotEpisode(5, 1), 300, 1);
        SampleMean five = OneShotEvaluation.Accuracy(features, labels, classes, new OneShotEpisode(5, 5), 300, 1);
        Assert.True(five.Low > one.High, $"one {one.Value}, five {five.Value}");
        Assert.Equal(one.Sample, OneShotEvaluation.Accuracy(features, labels, classes, new OneShotEpisode(5, 1), 300, 1).Sample);
        Assert.NotEqual(one.Sample, OneShotEvaluation.Accuracy(features, labels, classes, new OneShotEpisode(5, 1), 300, 2).Sample);
        // Only the given classes are drawn from: with two of them, other labels may hold anything.
        for (int i = 0; i < labels.Length; i++)
            if (labels[i] > 1) features.AsSpan(i * 10, 10).Fill(float.NaN);
        Assert.True(OneShotEvaluation.Accuracy(features, labels, [0, 1], new OneShotEpisode(2, 1), 50, 1).Value > 0.5);
    }

    [Fact]
    public void An_episode_that_the_data_does_not_allow_is_refused()
    {
        (float[] features, int[] labels) = World(4, 5, 0.1, 1);
        void Refuses(string words, Action action) => Assert.Contains(words, Assert.ThrowsAny<ArgumentException>(action).Message, StringComparison.Ordinal);
        Refuses("4 classes; expected at least the 5", () => OneShotEvaluation.Accuracy(features, labels, [0, 1, 2, 3], new OneShotEpisode(5, 1), 1, 1));
        Refuses("1 ways", () => OneShotEvaluation.Accuracy(features, labels, [0, 1], new OneShotEpisode(1, 1), 1, 1));
        Refuses("0 shots", () => OneShotEvaluation.Accuracy(features, labels, [0, 1], new OneShotEpisode(2, 0), 1, 1));
        Refuses("5 images; expected at least 1", () => OneShotEvaluation.Accuracy(features, labels, [0, 1], new OneShotEpisode(2, 1), 1, 1));
        Refuses("0 episodes", () => OneShotEvaluation.Accuracy(features, labels, [0, 1], new OneShotEpisode(2, 1, 2), 0, 1));
        Refuses("79 values", () => OneShotEvaluation.Accuracy(features[1..], labels, [0, 1], new OneShotEpisode(2, 1, 2), 1, 1));
    }

    private static (int Code, string Output, string Error) Run(params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        int code = OdlCommand.Run(args, output, error);
        return (code, output.ToString(), error.ToString());
    }

    [Fact]
    public void The_tool_measures_the_shipped_characters_backbone_on_other_characters()
    {
        // Five characters that are the same bar at five heights, each drawn seven times.
        string zip = Path.Combine(folder, "other.zip");
        var random = new Random(1);
        TinyFiles.Zip(zip, from c in Enumerable.Range(0, 5)
                           from d in Enumerable.Range(1, 7)
                           let top = 10 + 18 * c + random.Next(4)
                           select ($"images/Bars/character{c:D2}/{c:D4}_{d:D2}.png", TinyFiles.Png(105, 105, (x, y) => y >= top && y < top + 6 ? ((byte)0, (byte)0, (byte)0, (byte)255) : ((byte)255, (byte)255, (byte)255, (byte)255))));
        (int code, string text, string error) = Run("eval", "omniglot", "--images", zip, "--episodes", "20", "--json");
        Assert.True(code == 0, error);
        JsonElement json = JsonDocument.Parse(text).RootElement;
        Assert.Equal(5, json.GetProperty("characters").GetInt32());
        JsonElement row = json.GetProperty("results")[0];
        Assert.Equal((5, 1), (row.GetProperty("ways").GetInt32(), row.GetProperty("shots").GetInt32()));
        Assert.True(row.GetProperty("accuracy").GetDouble() > 0.9, text);
        (code, text, _) = Run("eval", "omniglot", "--images", zip, "--episodes", "2");
        Assert.Equal(0, code);
        Assert.Contains("5-way 1-shot", text, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_missing_is_said_in_a_sentence()
    {
        (int code, _, string error) = Run("eval", "omniglot", "--data", folder);
        Assert.Equal(1, code);
        Assert.Contains("brendenlake/omniglot", error, StringComparison.Ordinal);
        foreach ((string recipe, string source) in new[] { ("cifar10", "kriz/cifar.html"), ("fashion", "zalandoresearch/fashion-mnist"), ("omniglot", "brendenlake/omniglot"), ("quickdraw", "quickdraw-dataset") })
        {
            (code, _, error) = Run("pretrain", recipe, "--out", Path.Combine(folder, "x.safetensors"), "--data", folder);
            Assert.Equal(1, code);
            Assert.Contains(source, error, StringComparison.Ordinal);
            Assert.Single(error.TrimEnd().Split('\n'));
        }
        Assert.Equal(1, Run("pretrain", "fashion", "--out", Path.Combine(folder, "no/x"), "--data", folder).Code);
        Assert.Contains("no such", Run("pretrain", "fashion", "--out", Path.Combine(folder, "x"), "--data", Path.Combine(folder, "no such")).Error, StringComparison.Ordinal);
        Assert.Equal(2, Run("pretrain", "fashion").Code);
    }

    [Fact]
    public void The_characters_backbone_is_small_and_says_what_it_held_out()
    {
        Assert.True(new FileInfo(Path.Combine(AppContext.BaseDirectory, "omniglot.safetensors")).Length < 2_000_000);
        using Backbone backbone = Backbone.Load(Path.Combine(AppContext.BaseDirectory, "omniglot.safetensors"));
        Assert.False(backbone.ReadsDescriptions);
        Assert.Contains("\"heldOut\":[\"", backbone.Metadata["odl.provenance"], StringComparison.Ordinal);
        Assert.NotNull(backbone.Unknown);
    }

    [Fact]
    public void Every_description_of_a_held_out_word_is_of_a_held_out_word()
    {
        IReadOnlyDictionary<string, string> sentences = QuickDraw.HeldOutDescriptions();
        Assert.True(sentences.Count >= 40);
        Assert.All(sentences, s => Assert.True(QuickDraw.IsHeldOut(s.Key) && !QuickDraw.IsForCalibration(s.Key), s.Key));
    }
}
