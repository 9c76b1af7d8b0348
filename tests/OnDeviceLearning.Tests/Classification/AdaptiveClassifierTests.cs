using System.Numerics;

namespace OnDeviceLearning.Tests.Classification;

public class AdaptiveClassifierTests
{
    private static readonly AdaptiveClassifierOptions Alone = new() { Worker = AdaptationWorker.None };

    private static float[] Probabilities(AdaptiveClassifier classifier, float[] input) => classifier.Classify(input).Probabilities.ToArray();

    [Fact]
    public void WithoutExamplesTheAnswerIsTheSoftmaxOfScaledCosines()
    {
        var world = new SyntheticWorld(1);
        using AdaptiveClassifier classifier = world.Describe();
        float[] input = world.Draw(2);
        double[] logits = [.. Enumerable.Range(0, 8).Select(c => 20 * Enumerable.Range(0, 64).Sum(d => (double)input[d] * world.Description(c)[d]))];
        double sum = logits.Sum(Math.Exp);
        float[] probabilities = Probabilities(classifier, input);
        for (int c = 0; c < 8; c++) Assert.Equal(Math.Exp(logits[c]) / sum, probabilities[c], 1e-5);
        Prediction prediction = classifier.Classify(input);
        float[] sorted = [.. probabilities.OrderDescending()];
        Assert.Equal(sorted[0], prediction.Probability);
        Assert.Equal(sorted[0] - sorted[1], prediction.Margin);
        Assert.Equal(classifier.Classes[Array.IndexOf(probabilities, sorted[0])], prediction.Label);
        Assert.Equal(AdaptStatus.Idle, classifier.Adapt(TimeSpan.FromSeconds(1)).Status);
    }

    [Fact]
    public void NothingChangesBeforeARunIsPublished()
    {
        var world = new SyntheticWorld(2);
        using AdaptiveClassifier classifier = world.Describe();
        float[] input = world.Draw(0);
        float[] before = Probabilities(classifier, input);
        classifier.Teach(input, "c1");
        Assert.Equal(before, Probabilities(classifier, input));
        Assert.Equal(AdaptStatus.Running, classifier.Adapt(TimeSpan.Zero).Status);
        Assert.Equal(before, Probabilities(classifier, input));
        AdaptReport report = classifier.AdaptToEnd();
        Assert.Equal(AdaptStatus.Published, report.Status);
        Assert.NotEqual(before, Probabilities(classifier, input));
        Assert.Equal(AdaptStatus.Idle, classifier.AdaptToEnd().Status);
    }

    [Fact]
    public void AForgottenExampleLeavesTheZeroShotAnswerBitForBit()
    {
        var world = new SyntheticWorld(3);
        using AdaptiveClassifier classifier = world.Describe();
        float[] input = world.Draw(0);
        float[] before = Probabilities(classifier, input);
        ExampleId first = classifier.Teach(input, "c1");
        ExampleId second = classifier.Teach(world.Draw(2), "c2");
        classifier.AdaptToEnd();
        Assert.True(classifier.Forget(first));
        Assert.False(classifier.Forget(first));
        Assert.True(classifier.Forget(second));
        Assert.Equal(before, Probabilities(classifier, input));
        classifier.Teach(input, "c1");
        classifier.AdaptToEnd();
        Assert.Equal(1, classifier.ForgetAll("c1"));
        Assert.Equal(0, classifier.ExampleCount);
        Assert.Equal(before, Probabilities(classifier, input));
    }

    [Fact]
    public void AMixOfZeroIsTheZeroShotAnswerBitForBit()
    {
        var world = new SyntheticWorld(4) { Prior = new AdaptationPrior([0]) };
        using AdaptiveClassifier classifier = world.Describe();
        float[] input = world.Draw(0);
        float[] before = Probabilities(classifier, input);
        for (int i = 0; i < 24; i++) classifier.Teach(world.Draw(i % 8), SyntheticWorld.Name(i % 8));
        AdaptReport report = classifier.AdaptToEnd();
        Assert.Equal(0, report.GuardMix);
        Assert.Empty(report.Changed);
        Assert.Equal(before, Probabilities(classifier, input));
    }

    [Fact]
    public void ACorrectionMovesTheAnswer()
    {
        var world = new SyntheticWorld(5, misdescribed: 2);
        using AdaptiveClassifier classifier = world.Describe();
        for (int i = 0; i < 6; i++)
        {
            classifier.Teach(world.Draw(0), "c0");
            classifier.Teach(world.Draw(1), "c1");
        }
        float before = 0, after = 0;
        float[][] inputs = [.. Enumerable.Range(0, 50).Select(_ => world.Draw(0))];
        foreach (float[] input in inputs) before += Probabilities(classifier, input)[0] / 50;
        AdaptReport report = classifier.AdaptToEnd();
        foreach (float[] input in inputs) after += Probabilities(classifier, input)[0] / 50;
        Assert.True(after > before + 0.1f, $"{before} -> {after}");
        Assert.Contains("c0", report.Changed);
        Assert.True(report.EvidenceAfter > report.EvidenceBefore);
        Assert.InRange(report.GuardMix, 0.5, 1);
        Assert.False(report.GuardSteppedIn);
        Assert.Contains("c2", report.Changed); // nothing was taught about it, but it moves as its relatives do
    }

    [Fact]
    public void AClassOfWhichNothingWasUnderstoodIsLearntAsIfItHadNoDescription()
    {
        var world = new SyntheticWorld(7);
        using var undescribed = new AdaptiveClassifier(world, Alone);
        using var misunderstood = new AdaptiveClassifier(world, Alone);
        foreach (AdaptiveClassifier classifier in new[] { undescribed, misunderstood })
            for (int c = 0; c < 7; c++) classifier.Describe(SyntheticWorld.Name(c), $"d{c}");
        undescribed.AddClass("c7");
        Assert.Equal(0, misunderstood.Describe("c7", "xqzt").Understood);
        float[] input = world.Draw(7), example = world.Draw(7);
        float before = Probabilities(misunderstood, input)[7];
        foreach (AdaptiveClassifier classifier in new[] { undescribed, misunderstood })
        {
            classifier.Teach(example, "c7");
            classifier.AdaptToEnd();
        }
        Assert.Equal(Probabilities(undescribed, input), Probabilities(misunderstood, input));
        Assert.Equal(1, misunderstood.ForgetAll("c7"));
        Assert.Equal(before, Probabilities(misunderstood, input)[7]);
    }

    [Fact]
    public void AClassWithoutDescriptionIsKnownByItsExamples()
    {
        var world = new SyntheticWorld(6, textNoise: 0.5);
        using var classifier = new AdaptiveClassifier(world, Alone);
        for (int c = 0; c < 7; c++) classifier.Describe(SyntheticWorld.Name(c), $"d{c}");
        classifier.AddClass("c7");
        float[] input = world.Draw(7);
        Assert.Equal(0, Probabilities(classifier, input)[7]);
        for (int i = 0; i < 4; i++) classifier.Teach(world.Draw(7), "c7");
        classifier.AdaptToEnd();
        Assert.True(Probabilities(classifier, input)[7] > 0.3f);
        classifier.ForgetAll("c7");
        classifier.AdaptToEnd();
        Assert.Equal(0, Probabilities(classifier, input)[7]);
    }

    [Fact]
    public void ADescriptionOfWhichNothingIsUnderstoodSaysSoAndTheClassLearnsByExamples()
    {
        var world = new SyntheticWorld(7, textNoise: 0.5);
        using var classifier = new AdaptiveClassifier(world, Alone);
        for (int c = 1; c < 8; c++) classifier.Describe(SyntheticWorld.Name(c), $"d{c}");
        Assert.Equal(0, classifier.Describe("c0", "xqzzt").Understood);
        for (int i = 0; i < 8; i++) classifier.Teach(world.Draw(0), "c0");
        classifier.AdaptToEnd();
        int right = Enumerable.Range(0, 50).Count(_ => classifier.Classify(world.Draw(0)).Label == "c0");
        Assert.InRange(right, 40, 50);
    }

    [Fact]
    public void SeveralDescriptionsAreAveragedAndLaterOnesReplaceThem()
    {
        var world = new SyntheticWorld(8);
        using var one = new AdaptiveClassifier(world, Alone);
        using var two = new AdaptiveClassifier(world, Alone);
        Assert.Equal(2, one.Describe("a", "d0", "d1").Words.Count);
        one.Describe("b", "d2");
        two.Describe("a", "d5");
        two.Describe("b", "d2");
        Assert.Equal(1, two.Describe("a", "d0").Understood);
        two.AddDescription("a", "d1");
        Assert.Equal(["d0", "d1"], two.DescriptionsOf("a"));
        float[] input = world.Draw(0);
        Assert.Equal(Probabilities(one, input), Probabilities(two, input));
        Assert.Equal(0.5, two.Describe("a", "d0", "not a word").Understood);
    }

    [Fact]
    public void ClassesAreRenamedAndRemoved()
    {
        var world = new SyntheticWorld(9);
        using AdaptiveClassifier classifier = world.Describe();
        for (int i = 0; i < 16; i++) classifier.Teach(world.Draw(i % 8), SyntheticWorld.Name(i % 8));
        classifier.AdaptToEnd();
        float[] input = world.Draw(3);
        float[] before = Probabilities(classifier, input);
        classifier.Rename("c3", "ward");
        Assert.Equal(before, Probabilities(classifier, input));
        Assert.Equal(2, classifier.ExamplesOf("ward"));
        Assert.Equal(AdaptStatus.Idle, classifier.Adapt(TimeSpan.FromSeconds(1)).Status);
        classifier.Remove("c0");
        Assert.Equal(["c1", "c2", "ward", "c4", "c5", "c6", "c7"], classifier.Classes);
        Assert.Equal(14, classifier.ExampleCount);
        // Until the next run the others keep what they have learnt: the same odds among them.
        float[] after = Probabilities(classifier, input);
        Assert.Equal(before[3] / before[1], after[2] / after[0], 1e-3 * before[3] / before[1]);
        Assert.Equal(AdaptStatus.Published, classifier.AdaptToEnd().Status);
    }

    [Fact]
    public void UnknownFollowsTheCalibrationAndTheThreshold()
    {
        var world = new SyntheticWorld(10, textNoise: 0.3) { Unknown = new UnknownCalibration(20, -10, 0.5f) { Examples = (20, -16) } };
        using AdaptiveClassifier classifier = world.Describe();
        Prediction near = classifier.Classify(world.Description(1));
        Assert.False(near.IsUnknown);
        Assert.Equal(1, near.Similarity, 1e-5);
        Assert.Equal(1 / (1 + Math.Exp(-10)), near.KnownProbability, 1e-5);
        float[] opposite = [.. world.Description(1).Select(x => -x)];
        Assert.True(classifier.Classify(opposite).IsUnknown);
        using AdaptiveClassifier off = world.Describe(Alone with { UnknownThreshold = 0 });
        Assert.False(off.Classify(opposite).IsUnknown);
        using AdaptiveClassifier uncalibrated = new SyntheticWorld(10).Describe(Alone with { UnknownThreshold = 0.9f });
        Assert.False(uncalibrated.Classify(opposite).IsUnknown);

        // What was taught is known once it is learnt, however unlike the description it is, and not before.
        classifier.Teach(opposite, "c0");
        Assert.True(classifier.Classify(opposite).IsUnknown);
        classifier.AdaptToEnd();
        Prediction taught = classifier.Classify(opposite);
        Assert.False(taught.IsUnknown);
        using var save = new MemoryStream();
        classifier.Save(save);
        save.Position = 0;
        using AdaptiveClassifier loaded = AdaptiveClassifier.Load(save, world, Alone);
        Assert.Equal(taught.KnownProbability, loaded.Classify(opposite).KnownProbability);
    }

    [Fact]
    public void AClassWithoutDescriptionIsNotUnknownOnceTaught()
    {
        var world = new SyntheticWorld(11) { Unknown = new UnknownCalibration(20, -10, 0.5f) { Examples = (20, -16) } };
        using var classifier = new AdaptiveClassifier(world, Alone);
        classifier.AddClass("named");
        classifier.Describe("c1", "d1");
        float[] example = world.Draw(0);
        classifier.Teach(example, "named");
        classifier.AdaptToEnd();
        Prediction read = classifier.Classify(example);
        Assert.Equal("named", read.Label);
        Assert.Equal(1 / (1 + Math.Exp(-4)), read.KnownProbability, 1e-4);
    }

    [Fact]
    public void StrangersStayUnknownHoweverMuchIsTaught()
    {
        // Inputs share much with one another, as images do; no description is as near to them.
        var world = new SyntheticWorld(12, classes: 12, textNoise: 2.5, kinship: 0.5) { Unknown = new UnknownCalibration(40, -18, 0.5f) { Examples = (40, -34) } };
        using var classifier = new AdaptiveClassifier(world, Alone);
        for (int c = 0; c < 6; c++) classifier.Describe($"c{c}", $"d{c}");
        int Strangers() => Enumerable.Range(0, 300).Count(i => !classifier.Classify(world.Draw(6 + i % 6)).IsUnknown);
        int Members() => Enumerable.Range(0, 300).Count(i => !classifier.Classify(world.Draw(i % 6)).IsUnknown);
        int before = Strangers(), membersBefore = Members();
        for (int i = 0; i < 30; i++) classifier.Teach(world.Draw(i % 6), $"c{i % 6}");
        classifier.AdaptToEnd();
        int after = Strangers(), membersAfter = Members();
        Assert.True(after <= before + 30, $"of 300 strangers {before} passed for known before teaching, {after} afterwards");
        Assert.True(membersAfter > membersBefore + 30, $"of 300 members {membersBefore} were known before teaching, {membersAfter} afterwards");
    }

    [Fact]
    public void WhatIsUnderstoodOfNothingChangesNothingThatWasLearnt()
    {
        var world = new SyntheticWorld(13);
        using AdaptiveClassifier classifier = world.Describe(Alone);
        classifier.AddClass("mine");
        float[] input = world.Draw(0);
        // Without words and examples a class is nobody's answer.
        classifier.Describe("gibberish", "xyzzy");
        Assert.Equal(0, classifier.Classify(input).Probabilities[^1]);
        for (int i = 0; i < 5; i++) classifier.Teach(input, "mine");
        classifier.AdaptToEnd();
        Prediction learnt = classifier.Classify(input);
        Assert.Equal("mine", learnt.Label);
        classifier.AddDescription("mine", "qwfp");
        Prediction now = classifier.Classify(input);
        Assert.Equal(("mine", learnt.Probability), (now.Label, now.Probability));
    }

    [Fact]
    public void WhoeverCorrectsEveryFrameStillSeesWhatWasLearnt()
    {
        var world = new SyntheticWorld(14);
        using AdaptiveClassifier classifier = world.Describe(Alone with { MaxExamples = 24 });
        int last = 0;
        for (int frame = 0; frame < 400; frame++)
        {
            classifier.Teach(world.Draw(frame % 8), $"c{frame % 8}");
            // A few slices a frame: never enough for a whole run.
            for (int slice = 0; slice < 12; slice++)
                if (classifier.Adapt(TimeSpan.FromTicks(1)).Status == AdaptStatus.Published) last = frame;
        }
        Assert.InRange(last, 300, 400);
        Assert.Equal(AdaptStatus.Published, classifier.AdaptToEnd().Status);
        Assert.Equal(AdaptStatus.Idle, classifier.Adapt(TimeSpan.Zero).Status);
    }

    [Theory]
    [InlineData("\u200b", "U+200B")]
    [InlineData("a\nb", "U+000A")]
    [InlineData("ward\u200b", "U+200B")]
    public void NamesThatCannotBeSeenAreRefused(string name, string what)
    {
        using AdaptiveClassifier classifier = new SyntheticWorld(15).Describe(Alone);
        ArgumentException e = Assert.Throws<ArgumentException>(() => classifier.AddClass(name));
        Assert.Contains(what, e.Message, StringComparison.Ordinal);
        Assert.Equal(8, classifier.Classes.Count);
        Assert.IsNotType<List<string>>(classifier.Classes);
    }

    [Fact]
    public void WithoutClassesEverythingIsUnknown()
    {
        using var classifier = new AdaptiveClassifier(new SyntheticWorld(11), Alone);
        float[] input = new SyntheticWorld(11).Draw(0);
        Prediction prediction = classifier.Classify(input);
        Assert.True(prediction.IsUnknown);
        Assert.Equal("", prediction.Label);
        Assert.Equal(0, prediction.Probabilities.Length);
        classifier.AddClass("a");
        Assert.True(classifier.Classify(input).IsUnknown);
        Assert.Equal([0f], classifier.Classify(input).Probabilities.ToArray());
        Assert.True(default(Prediction).Probabilities.IsEmpty);
        Assert.Equal("", default(Prediction).Label);
    }

    [Fact]
    public void TopListsTheLikeliestFirst()
    {
        var world = new SyntheticWorld(12);
        using AdaptiveClassifier classifier = world.Describe();
        Prediction prediction = classifier.Classify(world.Draw(4));
        float[] sorted = [.. prediction.Probabilities.ToArray().OrderDescending()];
        foreach (int k in new[] { 0, 1, 3, 8, 12 })
        {
            var top = new ClassProbability[k];
            Assert.Equal(Math.Min(k, 8), prediction.Top(top));
            Assert.Equal(sorted.Take(k), top.Take(8).Select(entry => entry.Probability));
        }
        classifier.Classify(world.Draw(4));
        Assert.Throws<InvalidOperationException>(() => prediction.Top(new ClassProbability[1]));
        Prediction last = classifier.Classify(world.Draw(4));
        classifier.Rename("c0", "x");
        Assert.Throws<InvalidOperationException>(() => last.Probabilities.Length);
    }

    [Fact]
    public void DrawingsAndImagesGoThroughTheBackbone()
    {
        var world = new SyntheticWorld(13);
        using AdaptiveClassifier classifier = world.Describe();
        var drawing = new Drawing([[new Vector2(1, 2), new Vector2(3, 1)]]);
        var image = new GrayImage(8, 8, Enumerable.Range(0, 64).Select(i => i / 64f).ToArray());
        Assert.Equal(1, classifier.Classify(drawing).Probabilities.ToArray().Sum(), 1e-4);
        classifier.Teach(drawing, "c1");
        classifier.Teach(image, "c2");
        Assert.Equal(2, classifier.ExampleCount);
        classifier.AdaptToEnd();
        Assert.Equal("c2", classifier.Classify(image).Label);
        Assert.Throws<ArgumentException>(() => classifier.Teach(new GrayImage(2, 2, new float[4]), "c1")); // refused by the backbone
        Assert.Equal(2, classifier.ExampleCount);
    }

    [Fact]
    public void AFullStoreDisplacesExamplesOfTheLargestClass()
    {
        var world = new SyntheticWorld(14);
        using AdaptiveClassifier classifier = world.Describe(Alone with { MaxExamples = 20, Seed = 3 });
        var ids = new List<ExampleId>();
        for (int i = 0; i < 19; i++) ids.Add(classifier.Teach(world.Draw(0), "c0"));
        for (int i = 0; i < 12; i++) classifier.Teach(world.Draw(1), "c1");
        Assert.Equal(20, classifier.ExampleCount);
        Assert.Equal(20, classifier.ExamplesOf("c0") + classifier.ExamplesOf("c1"));
        Assert.InRange(classifier.ExamplesOf("c0"), 9, 11);
        Assert.Equal(classifier.ExamplesOf("c0"), ids.Count(classifier.Forget));
    }

    [Fact]
    public void BadInputIsRefusedWithASentenceAndChangesNothing()
    {
        var world = new SyntheticWorld(15);
        using AdaptiveClassifier classifier = world.Describe();
        classifier.Teach(world.Draw(0), "c0");
        classifier.AdaptToEnd();
        using var before = new MemoryStream();
        classifier.Save(before);

        void Refused(string part, Action action)
        {
            var e = Assert.ThrowsAny<ArgumentException>(action);
            Assert.Contains(part, e.Message);
        }
        float[] input = world.Draw(0);
        Refused("blank", () => classifier.Describe("x", ""));
        Refused("blank", () => classifier.Describe("x", "d1", " \t\n"));
        Refused("of 'x' is blank", () => classifier.Describe("x", "\u200b\u200d"));
        Refused("2001 characters", () => classifier.Describe("c1", new string('a', 2001)));
        Refused("10000 characters", () => classifier.Describe("c1", new string('a', 10_000)));
        Refused("0 descriptions", () => classifier.Describe("c1"));
        Refused("65 descriptions", () => classifier.Describe("c1", [.. Enumerable.Repeat("d1", 65)]));
        Refused("null", () => classifier.Describe("c1", "d1", null!));
        Refused("Unicode", () => classifier.Describe("c1", "half \ud83d"));
        Refused("blank", () => classifier.Describe(" ", "d1"));
        Refused("201 characters", () => classifier.Describe(new string('n', 201), "d1"));
        Refused("Unicode", () => classifier.AddClass("\udc00"));
        Refused("already", () => classifier.AddClass("c1"));
        Refused("already", () => classifier.Rename("c0", "c1"));
        Refused("no class 'nope'", () => classifier.Rename("nope", "x"));
        Refused("no class 'nope'", () => classifier.Remove("nope"));
        Refused("no class 'nope'; there are c0, c1", () => classifier.Teach(input, "nope"));
        Refused("no class", () => classifier.ForgetAll("nope"));
        Refused("no class", () => classifier.AddDescription("nope", "d1"));
        Refused("63 values; expected 64", () => classifier.Teach(input[1..], "c0"));
        Refused("63 values; expected 64", () => classifier.Classify(input[1..]));
        float[] broken = [.. input];
        broken[3] = float.NaN;
        Refused("NaN", () => classifier.Classify(broken));
        Refused("NaN", () => classifier.Teach(broken, "c0"));
        broken[3] = float.PositiveInfinity;
        Refused("expected 1", () => classifier.Teach(broken, "c0"));
        Refused("length is 0", () => classifier.Classify(new float[64]));
        Refused("NaN", () => classifier.Teach(new GrayImage(8, 8, Enumerable.Repeat(float.NaN, 64).ToArray()), "c0"));
        Assert.Throws<ArgumentNullException>(() => classifier.Classify((Drawing)null!));
        Assert.Throws<ArgumentNullException>(() => classifier.Teach((GrayImage)null!, "c0"));
        Assert.Throws<ArgumentNullException>(() => classifier.Describe(null!, "d1"));
        Refused("MaxExamples", () => new AdaptiveClassifier(world, new AdaptiveClassifierOptions { MaxExamples = 0 }));
        Refused("MaxExamples", () => new AdaptiveClassifier(world, new AdaptiveClassifierOptions { MaxExamples = 100_001 }));
        Refused("Threshold", () => new AdaptiveClassifier(world, new AdaptiveClassifierOptions { UnknownThreshold = float.NaN }));
        Refused("Worker", () => new AdaptiveClassifier(world, new AdaptiveClassifierOptions { Worker = (AdaptationWorker)9 }));

        using var after = new MemoryStream();
        classifier.Save(after);
        Assert.Equal(before.ToArray(), after.ToArray());
        classifier.Dispose();
        Assert.Throws<ObjectDisposedException>(() => classifier.Classify(input));
        Assert.Throws<ObjectDisposedException>(() => classifier.Adapt(TimeSpan.Zero));
    }
}
