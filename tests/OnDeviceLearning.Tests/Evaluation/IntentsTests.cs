using System.Text.Json;
using OnDeviceLearning.Cli;
using OnDeviceLearning.Datasets;
using OnDeviceLearning.Evaluation.Intents;

namespace OnDeviceLearning.Tests.Evaluation;

public sealed class IntentsTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("odl-intents-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("clinc", 150)]
    [InlineData("banking", 77)]
    [InlineData("snips", 7)]
    public void Every_intent_has_one_sentence(string dataset, int count)
    {
        IReadOnlyDictionary<string, string> sentences = IntentDescriptions.Of(dataset);
        Assert.Equal(count, sentences.Count);
        Assert.Equal(count, sentences.Values.Distinct().Count());
        Assert.All(sentences.Values, s => Assert.Matches("^[A-Z][^\t]{8,118}\\.$", s));
    }

    [Fact]
    public void Tf_idf_is_that_of_scikit_learn()
    {
        // "red" in 1 of 3 documents, "car" in 2: idf ln(4/2) + 1 and ln(4/3) + 1; "blue" in none: ln(4) + 1.
        var features = new TfIdfFeatures([["red", "car"], ["car"], ["boat"]], ["red car", "blue"]);
        float[] row = features.Embed(["Red, red car!"])[0];
        double red = 2 * (Math.Log(2) + 1), car = Math.Log(4.0 / 3) + 1, norm = Math.Sqrt(red * red + car * car);
        Assert.Equal(red / norm, row[0], 5);
        Assert.Equal(car / norm, row[1], 5);
        Assert.Equal(0, row[2]);
        Assert.Equal([0, 0, 1], features.Embed(["blue"])[0]);
        Assert.All(features.Embed(["nothing known"])[0], v => Assert.Equal(0, v));
    }

    [Fact]
    public void The_test_split_of_a_file_is_measured_and_taught_from_its_training_split()
    {
        IntentTask task = IntentTask.Read("clinc", Clinc(), folder);
        Assert.Equal("test", task.Split);
        Assert.Equal(150, task.Intents.Count);
        Assert.Equal(["alarm", "weather"], task.Texts.Select(t => task.Intents[t.Intent]));
        Assert.Equal(4, task.Examples.Count);
        Assert.Equal(["sing to me"], task.Strangers);
    }

    [Fact]
    public void An_intent_that_is_not_described_is_told()
    {
        string file = Path.Combine(folder, "other.json");
        File.WriteAllText(file, """[["dance", "dancing"]]""");
        Assert.Contains("'dancing'", Assert.Throws<FormatException>(() => IntentTask.Read("clinc", file, folder)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_evaluation_counts_what_the_backbone_answers()
    {
        using Backbone backbone = TinyBackbone.Load();
        IntentTask task = IntentTask.Read("clinc", Clinc(), folder);
        IntentReport report = IntentEvaluation.Evaluate(backbone, task, WordNet(), null, new IntentEvaluationOptions([1, 2], 2, 1), CancellationToken.None);

        Assert.Equal(["ours", "TF-IDF", "word vectors", "word vectors, rare words first"], report.ZeroShot.Select(z => z.Method));
        var nearest = new List<bool>();
        foreach ((string text, int intent) in task.Texts)
        {
            var query = new float[backbone.EmbeddingWidth];
            backbone.Embed(text, query);
            int best = task.Descriptions.Select((d, i) => (i, Cosine: Cosine(backbone, d, query))).MaxBy(p => p.Cosine).i;
            nearest.Add(best == intent);
        }
        Assert.Equal(nearest.Count(n => n), report.ZeroShot[0].Accuracy.Hits);
        Assert.Equal(2, report.ZeroShot[0].Accuracy.Trials);
        // "wake" and "alarm", "rain" and "weather": words in common find both.
        Assert.Equal(2, report.ZeroShot[1].Accuracy.Hits);
        Assert.Equal(1, report.ZeroShot[1].OutOfScope);
        Assert.Equal([("ours", 1), ("ours", 2), ("ours, adapted", 1), ("ours, adapted", 2)], report.FewShot.Take(4).Select(f => (f.Method, f.Shots)));
        Assert.All(report.FewShot, f => Assert.Equal(2, f.Accuracy.Sample.Count));
        Assert.Equal(100 * (report.ZeroShot[0].Accuracy.Value - 1), report.Gains[0].Points, 6);

        using JsonDocument json = JsonDocument.Parse(IntentsJson.Write(report));
        Assert.Equal(150, json.RootElement.GetProperty("intents").GetInt32());
        Assert.Equal(4, json.RootElement.GetProperty("zeroShot").GetArrayLength());
        Assert.Equal(1, json.RootElement.GetProperty("zeroShot")[1].GetProperty("accuracy").GetDouble());
    }

    [Fact]
    public void More_examples_than_there_are_is_told()
    {
        using Backbone backbone = TinyBackbone.Load();
        IntentTask task = IntentTask.Read("clinc", Clinc(), folder);
        Assert.Contains("expected 1 to 2", Assert.Throws<ArgumentException>(() =>
            IntentEvaluation.Evaluate(backbone, task, null, "no", new IntentEvaluationOptions([3], 1, 1), CancellationToken.None)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_command_says_what_is_missing()
    {
        var error = new StringWriter();
        Assert.Equal(1, OdlCommand.Run(["eval", "intents", "--dataset", "clinc", "--backbone", Path.Combine(folder, "none.safetensors")], TextWriter.Null, error));
        Assert.Contains("there is no backbone file", error.ToString(), StringComparison.Ordinal);
        Assert.Equal(2, OdlCommand.Run(["eval", "intents", "--dataset", "mnist"], TextWriter.Null, error));
    }

    private static float Cosine(Backbone backbone, string description, float[] query)
    {
        var embedding = new float[query.Length];
        backbone.Embed(description, embedding);
        return System.Numerics.Tensors.TensorPrimitives.Dot<float>(embedding, query);
    }

    private string Clinc()
    {
        string file = Path.Combine(folder, "clinc.json");
        File.WriteAllText(file, """
            {"train": [["wake me at six", "alarm"], ["set it for noon", "alarm"], ["is it cold", "weather"], ["any rain", "weather"]],
             "test": [["wake me with an alarm", "alarm"], ["rain in the weather forecast", "weather"]], "oos_test": [["sing to me", "oos"]]}
            """);
        return file;
    }

    private static IReadOnlyList<Synset> WordNet() =>
    [
        .. Enumerable.Range(0, 6).Select(i => new Synset($"{i}-n", 'n', ["alarm", "weather", "rain"], "wake me with a forecast for a day or two in a city", [], ["set an alarm"])),
    ];
}
