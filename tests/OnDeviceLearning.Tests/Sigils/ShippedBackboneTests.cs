using OnDeviceLearning.Sigils;
using OnDeviceLearning.Tests.House;

namespace OnDeviceLearning.Tests.Sigils;

/// <summary>What the shipped weights, thresholds and prior do together in a player's hands.</summary>
public sealed class ShippedBackboneTests : IDisposable
{
    private static readonly string[] shapes = ["circle", "triangle", "star", "heart", "house", "key", "tree", "fish"];
    private static readonly string[] strangers = ["spiral", "hexagon", "wave", "arrow", "eye", "cloud", "sword", "crown"];

    private readonly Backbone backbone = Backbone.Load(RepositoryFiles.PathOf("src/OnDeviceLearning.Sigils/Weights/sigils.safetensors"));
    private readonly Random random = new(17);

    public void Dispose() => backbone.Dispose();

    private AdaptiveClassifier Described()
    {
        var classifier = new AdaptiveClassifier(backbone, new AdaptiveClassifierOptions { Worker = AdaptationWorker.None });
        foreach (string shape in shapes) classifier.Describe(shape, $"a {shape}");
        return classifier;
    }

    private Drawing Draw(string shape) => SigilArtist.Draw(Composition.Parse(shape), HandStyle.Careful(random), random);

    private double Recognised(AdaptiveClassifier classifier) =>
        Enumerable.Range(0, 160).Count(i => classifier.Classify(Draw(shapes[i % 8])).Label == shapes[i % 8]) / 160.0;

    [Fact]
    public void AWrongNameForOneDrawingDoesNotUndoTheDescriptions()
    {
        double before = 0, after = 0;
        const int players = 6;
        for (int player = 0; player < players; player++)
        {
            using AdaptiveClassifier classifier = Described();
            before += Recognised(classifier) / players;
            classifier.Teach(Draw(shapes[(player + 3) % 8]), shapes[player]);
            classifier.AdaptToEnd();
            after += Recognised(classifier) / players;
        }
        Assert.True(before > 0.95 && after > before - 0.08, $"recognised {before:P1} before, {after:P1} after one wrong label");
    }

    [Fact]
    public void TeachingMakesNoStrangerKnown()
    {
        using AdaptiveClassifier classifier = Described();
        double Accepted(string[] drawn) => Enumerable.Range(0, 160).Count(i => !classifier.Classify(Draw(drawn[i % 8])).IsUnknown) / 160.0;
        double before = Accepted(strangers), members = Accepted(shapes);
        for (int i = 0; i < 24; i++) classifier.Teach(Draw(shapes[i % 8]), shapes[i % 8]);
        classifier.AdaptToEnd();
        double after = Accepted(strangers);
        Assert.True(members > 0.9, $"{members:P1} of the described shapes are known");
        Assert.True(before < 0.1 && after < before + 0.1, $"of strangers {before:P1} are taken for known before teaching, {after:P1} after");
        Assert.True(Accepted(shapes) >= members - 0.02, "teaching made members strangers");
    }

    [Theory]
    [InlineData("a circle without a cross", "without")]
    [InlineData("a red circle", "red")]
    [InlineData("no circle", "no")]
    public void WordsThatNoDrawingShowsAreNotUnderstood(string description, string word)
    {
        float[] embedding = new float[backbone.EmbeddingWidth];
        DescriptionReading reading = backbone.Embed(description, embedding);
        Assert.Equal(0, reading.Words.Single(w => w.Word == word).Certainty);
        Assert.InRange(reading.Understood, 0, 0.75);
    }
}
