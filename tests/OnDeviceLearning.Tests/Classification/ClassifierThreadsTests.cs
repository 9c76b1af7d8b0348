using OnDeviceLearning.Classification;

namespace OnDeviceLearning.Tests.Classification;

/// <summary>A second thread is told so, whatever it asks for, and leaves no trace.</summary>
public class ClassifierThreadsTests
{
    [Fact]
    public async Task A_call_while_another_threads_is_under_way_is_refused_and_changes_nothing()
    {
        var world = new SyntheticWorld(61);
        using var entered = new ManualResetEventSlim();
        using var released = new ManualResetEventSlim();
        bool waits = false;
        var embedder = new Watched(world, () =>
        {
            if (!waits) return;
            entered.Set();
            released.Wait();
        });
        using var classifier = new AdaptiveClassifier(embedder, new AdaptiveClassifierOptions { Worker = AdaptationWorker.None });
        classifier.Describe("c0", "d0");
        ExampleId example = classifier.Teach(world.Draw(0), "c0");
        waits = true;
        Task<DescriptionReading> describing = Task.Run(() => classifier.Describe("c1", "d1"));
        entered.Wait();
        using var stream = new MemoryStream();
        (string Operation, Action Call)[] calls =
        [
            ("Save", () => classifier.Save(stream)), ("Save", () => classifier.Save("nowhere.spells")), ("Teach", () => classifier.Teach(world.Draw(0), "c0")),
            ("Classify", () => classifier.Classify(world.Draw(0))), ("Adapt", () => classifier.Adapt(TimeSpan.FromMilliseconds(2))),
            ("Forget", () => classifier.Forget(example)), ("ForgetAll", () => classifier.ForgetAll("c0")), ("Describe", () => classifier.Describe("c2", "d2")),
            ("AddDescription", () => classifier.AddDescription("c0", "d1")), ("AddClass", () => classifier.AddClass("c2")),
            ("Rename", () => classifier.Rename("c0", "c2")), ("Remove", () => classifier.Remove("c0")), ("CancelTuning", () => classifier.CancelTuning()),
            ("AdaptToEnd", () => classifier.AdaptToEnd()), ("ExamplesOf", () => classifier.ExamplesOf("c0")), ("DescriptionsOf", () => classifier.DescriptionsOf("c0")),
        ];
        foreach ((string operation, Action call) in calls)
        {
            string message = Assert.Throws<InvalidOperationException>(call).Message;
            Assert.StartsWith($"{operation}: another thread is inside this classifier (Describe)", message, StringComparison.Ordinal);
        }
        Assert.Equal(0, stream.Length);
        waits = false;
        released.Set();
        await describing;
        Assert.Equal(["c0", "c1"], classifier.Classes);
        Assert.Equal(1, classifier.ExampleCount);
        Assert.Equal(AdaptStatus.Published, classifier.AdaptToEnd().Status); // and the first thread goes on as it likes
    }

    [Fact]
    public async Task Disposing_waits_for_the_call_under_way()
    {
        using var entered = new ManualResetEventSlim();
        using var released = new ManualResetEventSlim();
        var classifier = new AdaptiveClassifier(new Watched(new SyntheticWorld(64), () =>
        {
            entered.Set();
            released.Wait();
        }));
        Task<DescriptionReading> describing = Task.Run(() => classifier.Describe("c0", "d0"));
        entered.Wait();
        Task disposing = Task.Run(classifier.Dispose);
        await Task.Delay(50);
        Assert.False(disposing.IsCompleted);
        released.Set();
        await describing;
        await disposing;
        Assert.Throws<ObjectDisposedException>(() => classifier.Describe("c1", "d1"));
    }

    [Fact]
    public void A_call_that_throws_lets_the_next_one_in()
    {
        using AdaptiveClassifier classifier = new SyntheticWorld(62).Describe();
        Assert.Throws<ArgumentException>(() => classifier.Remove("nobody"));
        classifier.Remove("c0");
        Assert.DoesNotContain("c0", classifier.Classes);
    }

    private sealed class Watched(IEmbedder inner, Action embedding) : IEmbedder
    {
        public int Width => inner.Width;
        public float LogitScale => inner.LogitScale;
        public string Hash => inner.Hash;
        public bool ReadsDescriptions => inner.ReadsDescriptions;
        public AdaptationPrior Prior => inner.Prior;
        public UnknownCalibration? Unknown => inner.Unknown;
        public void Embed(ClassifierInput input, Span<float> embedding) => inner.Embed(input, embedding);

        public DescriptionReading Embed(string description, Span<float> embedding)
        {
            DescriptionReading reading = inner.Embed(description, embedding);
            this.embedding();
            return reading;
        }

        private readonly Action embedding = embedding;
    }
}
