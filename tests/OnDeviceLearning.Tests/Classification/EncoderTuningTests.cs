using System.Numerics;
using OnDeviceLearning.Classification;
using OnDeviceLearning.Learning;

namespace OnDeviceLearning.Tests.Classification;

/// <summary>The encoder moves where that helps, in slices, without a trace where it is cancelled, and goes on from a save bit for bit.</summary>
public sealed class EncoderTuningTests
{
    private static readonly string[] Names = ["circle", "square", "zigzag"];

    private static AdaptiveClassifierOptions Options(EncoderTuning tuning = EncoderTuning.LastBlock, AdaptationWorker worker = AdaptationWorker.None, double guardErrors = 0.5) => new()
    {
        Worker = worker,
        Seed = 3,
        Encoder = tuning,
        Tuning = EncoderTuningSettings.Default with { Batch = 8, Updates = 60, Rate = 5e-3f, GuardErrors = guardErrors },
    };

    [Theory]
    [InlineData(EncoderTuning.LastBlock)]
    [InlineData(EncoderTuning.NormOnly)]
    [InlineData(EncoderTuning.Lora)]
    [InlineData(EncoderTuning.All)]
    public void Moves_where_a_held_out_fifth_is_read_better(EncoderTuning tuning)
    {
        using Backbone backbone = TinyBackbone.Load();
        using AdaptiveClassifier tuned = Taught(backbone, Options(tuning)), plain = Taught(backbone, Options(EncoderTuning.None));
        AdaptReport report = tuned.AdaptToEnd();
        plain.AdaptToEnd();
        Assert.True(report.EncoderMix > 0, "the random encoder was judged no worse than the tuned one");
        Assert.Equal(1, tuned.EncoderVersion);
        Assert.Equal(0, plain.EncoderVersion);
        (double before, double after) = (LogLikelihood(plain), LogLikelihood(tuned));
        Assert.True(after > before, $"log-likelihood of new drawings {before} to {after}");
    }

    [Fact]
    public void The_shipped_encoder_stays_where_nothing_beats_it()
    {
        using Backbone backbone = TinyBackbone.Load();
        using AdaptiveClassifier tuned = Taught(backbone, Options(guardErrors: 1e9)), plain = Taught(backbone, Options(EncoderTuning.None));
        Assert.Equal(0, tuned.AdaptToEnd().EncoderMix);
        plain.AdaptToEnd();
        Assert.Equal(0, tuned.EncoderVersion);
        Assert.Equal(Answers(plain), Answers(tuned));
    }

    [Fact]
    public void The_backbone_and_its_other_classifiers_stay()
    {
        using Backbone backbone = TinyBackbone.Load();
        using AdaptiveClassifier other = Taught(backbone, Options(EncoderTuning.None));
        other.AdaptToEnd();
        float[] answers = Answers(other), embedding = new float[TinyBackbone.Width], again = new float[TinyBackbone.Width];
        backbone.Embed(Draw(0, 99), embedding);
        using AdaptiveClassifier tuned = Taught(backbone, Options());
        Assert.True(tuned.AdaptToEnd().EncoderMix > 0);
        backbone.Embed(Draw(0, 99), again);
        Assert.Equal(embedding, again);
        Assert.Equal(answers, Answers(other));
    }

    [Theory]
    [InlineData(AdaptationWorker.None, 1)]
    [InlineData(AdaptationWorker.None, 3_000)]
    [InlineData(AdaptationWorker.Own, 500)]
    public void Slices_and_threads_never_change_a_bit(AdaptationWorker worker, int ticks)
    {
        using Backbone backbone = TinyBackbone.Load();
        using AdaptiveClassifier whole = Taught(backbone, Options()), sliced = Taught(backbone, Options(worker: worker));
        whole.AdaptToEnd();
        AdaptStatus status;
        int calls = 0;
        do
        {
            status = sliced.Adapt(TimeSpan.FromTicks(ticks)).Status;
            calls++;
            if (worker == AdaptationWorker.Own) Thread.Sleep(1); // a frame: the worker needs a core too
        }
        while (status != AdaptStatus.Idle && calls < (worker == AdaptationWorker.Own ? 60_000 : 1_000_000));
        Assert.Equal(AdaptStatus.Idle, status);
        Assert.Equal(1, sliced.EncoderVersion);
        Assert.Equal(Bytes(whole), Bytes(sliced));
    }

    [Fact]
    public void With_a_background_thread_the_caller_does_none_of_the_work()
    {
        using Backbone backbone = TinyBackbone.Load();
        long Allocated(AdaptationWorker worker)
        {
            using AdaptiveClassifier classifier = Taught(backbone, Options(worker: worker));
            long before = GC.GetAllocatedBytesForCurrentThread();
            classifier.AdaptToEnd();
            Assert.Equal(1, classifier.EncoderVersion);
            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
        // The least of a few rounds: what is made at first use, and by recompilation, is not the run's.
        long Least(AdaptationWorker worker) => Enumerable.Range(0, 5).Min(_ => Allocated(worker));
        (long own, long none) = (Least(AdaptationWorker.Own), Least(AdaptationWorker.None));
        Assert.True(own < none / 4, $"the caller's thread allocated {own} bytes with a background thread, {none} without");
    }

    // The background thread has the run, or rests, when it is saved, cancelled and disposed.
    [Fact]
    public void A_save_in_the_middle_of_the_background_goes_on_bit_for_bit()
    {
        using Backbone backbone = TinyBackbone.Load();
        AdaptiveClassifierOptions own = Options(worker: AdaptationWorker.Own);
        using AdaptiveClassifier straight = Taught(backbone, Options());
        straight.AdaptToEnd();
        byte[] expected = Bytes(straight);
        foreach (int calls in new[] { 1, 5, 20, 60 })
        {
            using AdaptiveClassifier begun = Taught(backbone, own);
            Published(begun);
            for (int i = 0; i < calls && begun.EncoderVersion == 0; i++)
            {
                begun.Adapt(TimeSpan.FromMilliseconds(0.5));
                Thread.Sleep(1);
            }
            begun.Adapt(TimeSpan.FromMinutes(1)); // it works while it is saved
            byte[] save = Bytes(begun);
            using (AdaptiveClassifier cancelled = AdaptiveClassifier.Load(new MemoryStream(save), backbone, own))
            {
                cancelled.Adapt(TimeSpan.FromMinutes(1));
                cancelled.CancelTuning();
            }
            using AdaptiveClassifier resumed = AdaptiveClassifier.Load(new MemoryStream(save), backbone, own);
            begun.AdaptToEnd();
            resumed.AdaptToEnd();
            Assert.Equal(expected, Bytes(begun));
            Assert.Equal(expected, Bytes(resumed));
        }
    }

    // At several places of the run: while the head is learnt, during training, and while the dial is judged.
    [Theory]
    [InlineData(200)]
    [InlineData(2_000)]
    [InlineData(6_000)]
    public void Cancelling_leaves_no_trace(int calls)
    {
        using Backbone backbone = TinyBackbone.Load();
        using AdaptiveClassifier tuned = Taught(backbone, Options()), plain = Taught(backbone, Options(EncoderTuning.None));
        plain.AdaptToEnd();
        while (tuned.Adapt(TimeSpan.FromTicks(1)).Status != AdaptStatus.Published) { }
        for (int i = 0; i < calls && tuned.EncoderVersion == 0; i++) tuned.Adapt(TimeSpan.FromTicks(1));
        Assert.Equal(0, tuned.EncoderVersion);
        Assert.Equal(Answers(plain), Answers(tuned));
        Assert.True(tuned.CancelTuning());
        Assert.False(tuned.CancelTuning());
        Assert.Equal(AdaptStatus.Idle, tuned.AdaptToEnd().Status);
        Assert.Equal(0, tuned.EncoderVersion);
        Assert.Equal(Answers(plain), Answers(tuned));
    }

    [Fact]
    public void What_is_taught_on_the_way_is_in_the_head_at_once_and_in_the_next_run()
    {
        using Backbone backbone = TinyBackbone.Load();
        using AdaptiveClassifier late = Taught(backbone, Options()), early = Taught(backbone, Options());
        while (late.Adapt(TimeSpan.FromTicks(1)).Status != AdaptStatus.Published) { }
        for (int i = 0; i < 3_000; i++) late.Adapt(TimeSpan.FromTicks(1));
        foreach (AdaptiveClassifier classifier in new[] { late, early }) classifier.Teach(Draw(1, 77), Names[1]);
        Assert.Equal(AdaptStatus.Published, Published(late)); // the head
        Assert.Equal(0, late.EncoderVersion);
        late.AdaptToEnd();
        early.AdaptToEnd();
        Assert.Equal(2, late.EncoderVersion);
        Assert.Equal(1, early.EncoderVersion);
        Assert.Equal(Answers(early), Answers(late));
    }

    [Fact]
    public void Without_examples_it_is_the_zero_shot_answer_again()
    {
        using Backbone backbone = TinyBackbone.Load();
        using AdaptiveClassifier tuned = Taught(backbone, Options()), fresh = Described(backbone, Options());
        tuned.AdaptToEnd();
        Assert.NotEqual(Answers(fresh), Answers(tuned));
        foreach (string name in Names) tuned.ForgetAll(name);
        Assert.Equal(Answers(fresh), Answers(tuned));
    }

    [Fact]
    public void Embeddings_of_the_backbone_are_refused()
    {
        using Backbone backbone = TinyBackbone.Load();
        using AdaptiveClassifier tuned = Described(backbone, Options());
        var embedding = new float[TinyBackbone.Width];
        backbone.Embed(Draw(0, 1), embedding);
        Assert.Contains("the input itself", Assert.Throws<InvalidOperationException>(() => tuned.Teach(embedding, Names[0])).Message);
        Assert.Contains("the input itself", Assert.Throws<InvalidOperationException>(() => tuned.Classify(embedding)).Message);
        Assert.Contains("Encoder is 7", Assert.Throws<ArgumentException>(() => Described(backbone, Options((EncoderTuning)7))).Message);
        using Backbone features = Backbone.ForFeatures([0, 0], [1, 1]);
        Assert.Contains("no image encoder", Assert.Throws<ArgumentException>(() => new AdaptiveClassifier(features, Options())).Message);
    }

    [Fact]
    public void The_reservoir_is_bounded_and_balanced()
    {
        using Backbone backbone = TinyBackbone.Load();
        using AdaptiveClassifier classifier = Described(backbone, Options() with { MaxExamples = 12 });
        for (int i = 0; i < 30; i++) classifier.Teach(Draw(i < 24 ? 0 : 1 + i % 2, i), Names[i < 24 ? 0 : 1 + i % 2]);
        Assert.Equal(12, classifier.ExampleCount);
        Assert.Equal([6, 3, 3], Names.Select(classifier.ExamplesOf));
        int most = CompactInput.MaxBytes(TinyBackbone.ImageSize, 1);
        Assert.InRange(Bytes(classifier).Length, 1, 12 * (most + 2 * 4 * TinyBackbone.Width) + 8_000);
        // However many points a drawing has, it takes no more than the encoder's image.
        var scribble = new Drawing([[.. Enumerable.Range(0, 5_000).Select(i => new Vector2(i % 71, i % 97))]]);
        Assert.Equal(most, CompactInput.Of(scribble, TinyBackbone.ImageSize).Bytes.Length);
    }

    [Fact]
    public void A_stroke_of_more_points_than_are_counted_is_kept_as_the_image()
    {
        // The image takes 360,001 bytes, the strokes 280,009: only the count is too large.
        var scribble = new Drawing([[.. Enumerable.Range(0, 70_000).Select(i => new Vector2(i % 71, i % 97))]]);
        CompactInput kept = CompactInput.Of(scribble, 600);
        Assert.Equal(CompactInput.MaxBytes(600, 1), kept.Bytes.Length);
        float[] exact = new float[600 * 600], read = new float[600 * 600];
        DrawingRasterizer.Rasterize(scribble, 600, exact);
        CompactInput.Read(kept.Bytes, 600, 1).Write(read);
        Assert.True(exact.Zip(read, (a, b) => Math.Abs(a - b)).Max() <= 0.5f / 255 + 1e-6f, "it draws something else");
    }

    [Fact]
    public void What_is_kept_of_an_input_draws_nearly_the_same()
    {
        float[] exact = new float[64 * 64], kept = new float[64 * 64], bent = new float[64 * 64], again = new float[64 * 64];
        Drawing drawing = Draw(2, 5);
        DrawingRasterizer.Rasterize(drawing, 64, exact);
        CompactInput input = CompactInput.Of(drawing, 64);
        Assert.True(input.Bytes.Length < 64 * 64 / 4, $"{input.Bytes.Length} bytes");
        input.Write(kept);
        Assert.True(exact.Zip(kept, (a, b) => Math.Abs(a - b)).Max() < 0.02f, "the strokes moved");
        input.WriteBent(1, 2, bent);
        CompactInput.Read(input.Bytes, 64, 1).WriteBent(1, 2, again);
        Assert.Equal(bent, again);
        Assert.True(exact.Zip(bent, (a, b) => Math.Abs(a - b)).Max() > 0.1f, "nothing was bent");
        // An image that is moved stays itself where it is moved by nothing.
        CompactInput image = CompactInput.Of(exact, 64, 1);
        image.Write(kept);
        Assert.True(exact.Zip(kept, (a, b) => Math.Abs(a - b)).Max() <= 0.5f / 255 + 1e-6f, "the image is not rounded to 8 bits");
    }

    private static AdaptStatus Published(AdaptiveClassifier classifier)
    {
        while (true)
        {
            AdaptStatus status = classifier.Adapt(TimeSpan.FromTicks(1)).Status;
            if (status != AdaptStatus.Running) return status;
        }
    }

    internal static AdaptiveClassifier Described(Backbone backbone, AdaptiveClassifierOptions options)
    {
        var classifier = new AdaptiveClassifier(backbone, options);
        classifier.Describe(Names[0], "a circle");
        classifier.Describe(Names[1], "a square");
        classifier.Describe(Names[2], "a lightning bolt");
        return classifier;
    }

    internal static AdaptiveClassifier Taught(Backbone backbone, AdaptiveClassifierOptions options, int perClass = 8)
    {
        AdaptiveClassifier classifier = Described(backbone, options);
        for (int i = 0; i < Names.Length * perClass; i++) classifier.Teach(Draw(i % Names.Length, i), Names[i % Names.Length]);
        return classifier;
    }

    internal static AdaptiveClassifierOptions TuningOptions(EncoderTuning tuning) => Options(tuning);

    /// <summary>A circle, a square or a zigzag, each drawn a little differently.</summary>
    internal static Drawing Draw(int kind, int seed)
    {
        var random = new Random(1000 * kind + seed);
        float Jitter() => 0.12f * (random.NextSingle() - 0.5f);
        IEnumerable<Vector2> points = kind switch
        {
            0 => Enumerable.Range(0, 17).Select(i => new Vector2(MathF.Cos(i * MathF.PI / 8) + Jitter(), MathF.Sin(i * MathF.PI / 8) + Jitter())),
            1 => new Vector2[] { new(-1, -1), new(1, -1), new(1, 1), new(-1, 1), new(-1, -1) }.Select(p => p + new Vector2(Jitter(), Jitter())),
            _ => Enumerable.Range(0, 6).Select(i => new Vector2(i % 2 + Jitter(), 0.4f * i + Jitter())),
        };
        return new Drawing([[.. points]]);
    }

    internal static float[] Answers(AdaptiveClassifier classifier) =>
        [.. Enumerable.Range(0, 9).SelectMany(i => classifier.Classify(Draw(i % 3, 500 + i)).Probabilities.ToArray())];

    internal static byte[] Bytes(AdaptiveClassifier classifier)
    {
        using var stream = new MemoryStream();
        classifier.Save(stream);
        return stream.ToArray();
    }

    private static double LogLikelihood(AdaptiveClassifier classifier) =>
        Enumerable.Range(0, 60).Average(i => Math.Log(classifier.Classify(Draw(i % 3, 300 + i)).Probabilities[i % 3]));
}
