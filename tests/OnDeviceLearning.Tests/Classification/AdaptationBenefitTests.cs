using OnDeviceLearning.Learning;

namespace OnDeviceLearning.Tests.Classification;

/// <summary>Whether learning helps, over seeded worlds: against the descriptions alone and against prototypes (arXiv 1703.05175).</summary>
public class AdaptationBenefitTests
{
    private static (double Accuracy, double LogLikelihood) Score(AdaptiveClassifier classifier, (float[] Input, int Class)[] inputs)
    {
        double right = 0, logLikelihood = 0;
        foreach ((float[] input, int c) in inputs)
        {
            Prediction prediction = classifier.Classify(input);
            if (prediction.Label == SyntheticWorld.Name(c)) right++;
            logLikelihood += Math.Max(-30, Math.Log(prediction.Probabilities[c]));
        }
        return (right / inputs.Length, logLikelihood / inputs.Length);
    }

    private static (float[], int)[] Draw(SyntheticWorld world, int count) =>
        [.. Enumerable.Range(0, count).Select(i => (world.Draw(i % world.Classes), i % world.Classes))];

    private static AdaptiveClassifier Taught(SyntheticWorld world, (float[] Input, int Class)[] examples, HeadTrainingSettings? settings = null)
    {
        AdaptiveClassifier classifier = world.Describe(new() { Worker = AdaptationWorker.None, Training = settings ?? HeadTrainingSettings.Default });
        foreach ((float[] input, int c) in examples) classifier.Teach(input, SyntheticWorld.Name(c));
        classifier.AdaptToEnd();
        return classifier;
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(1, true)]
    [InlineData(2, false)]
    [InlineData(2, true)]
    [InlineData(4, true)]
    [InlineData(8, true)]
    public void AdaptedBeatsDescriptionsAndPrototypesOnAverage(int shots, bool learntPrior)
    {
        // The prior without a measurement is timid; one learnt for such worlds goes further at once.
        AdaptationPrior prior = learntPrior ? new([0, 0.7f, 0.9f, 1]) : AdaptationPrior.Default;
        const int worlds = 18;
        double zeroShot = 0, prototypes = 0, adapted = 0, zeroShotLikelihood = 0, adaptedLikelihood = 0;
        for (int seed = 0; seed < worlds; seed++)
        {
            var world = new SyntheticWorld(seed, textNoise: 0.6 + 0.3 * (seed % 3), misdescribed: seed % 2) { Prior = prior };
            (float[], int)[] examples = Draw(world, shots * 8), held = Draw(world, 200);
            using AdaptiveClassifier described = world.Describe();
            (double accuracy, double likelihood) = Score(described, held);
            zeroShot += accuracy / worlds;
            zeroShotLikelihood += likelihood / worlds;
            using AdaptiveClassifier taught = Taught(world, examples);
            (accuracy, likelihood) = Score(taught, held);
            adapted += accuracy / worlds;
            adaptedLikelihood += likelihood / worlds;
            using var nearest = new AdaptiveClassifier(new SyntheticWorld(seed) { Prior = new AdaptationPrior([0]) }, new() { Worker = AdaptationWorker.None });
            for (int c = 0; c < 8; c++) nearest.AddClass(SyntheticWorld.Name(c));
            foreach ((float[] input, int c) in examples) nearest.Teach(input, SyntheticWorld.Name(c));
            nearest.AdaptToEnd();
            prototypes += Score(nearest, held).Accuracy / worlds;
        }
        Assert.True(adapted > zeroShot, $"{shots} shots: adapted {adapted:F3}, zero-shot {zeroShot:F3}");
        Assert.True(adaptedLikelihood > zeroShotLikelihood, $"{shots} shots: log-likelihood {adaptedLikelihood:F3}, zero-shot {zeroShotLikelihood:F3}");
        // With many examples prototypes are the best there is when classes are round clouds, as here.
        if (learntPrior) Assert.True(adapted > prototypes - (shots >= 8 ? 0.01 : 0), $"{shots} shots: adapted {adapted:F3}, prototypes {prototypes:F3}");
    }

    [Fact]
    public void TeachingAFewClassesDoesNotHurtTheOthers()
    {
        double before = 0, after = 0;
        for (int seed = 0; seed < 10; seed++)
        {
            var world = new SyntheticWorld(seed, textNoise: 0.6, misdescribed: 1);
            (float[], int)[] others = [.. Draw(world, 400).Where(input => input.Item2 > 1)];
            (float[], int)[] examples = [.. Draw(world, 40).Where(input => input.Item2 <= 1)];
            using AdaptiveClassifier described = world.Describe(), taught = Taught(world, examples);
            before += Score(described, others).Accuracy / 10;
            after += Score(taught, others).Accuracy / 10;
        }
        Assert.True(after > before - 0.03, $"{before:F3} -> {after:F3}");
    }

    /// <summary>
    /// Inputs lie off their descriptions in a direction that all classes share, as drawings by one hand do. Half of the classes are
    /// taught; the untaught half must not lose its inputs to them, and the taught half still gains.
    /// </summary>
    [Fact]
    public void WhatAllInputsShareIsNotTakenFromTheUntaughtClasses()
    {
        double taughtBefore = 0, taughtAfter = 0, untaughtBefore = 0, untaughtAfter = 0, untaughtIfTheyStay = 0;
        const int worlds = 10;
        for (int seed = 0; seed < worlds; seed++)
        {
            var world = new SyntheticWorld(seed, textNoise: 0.9, spread: 1) { Prior = new([0, 0.7f, 0.9f, 1]) };
            (float[], int)[] held = Draw(world, 400), examples = [.. Draw(world, 64).Where(input => input.Item2 < 4)];
            (float[], int)[] own = [.. held.Where(input => input.Item2 < 4)], others = [.. held.Where(input => input.Item2 >= 4)];
            using AdaptiveClassifier described = world.Describe(), taught = Taught(world, examples);
            using AdaptiveClassifier stay = Taught(world, examples, HeadTrainingSettings.Default with { Kinship = null });
            taughtBefore += Score(described, own).Accuracy / worlds;
            taughtAfter += Score(taught, own).Accuracy / worlds;
            untaughtBefore += Score(described, others).Accuracy / worlds;
            untaughtAfter += Score(taught, others).Accuracy / worlds;
            untaughtIfTheyStay += Score(stay, others).Accuracy / worlds;
        }
        string numbers = $"taught {taughtBefore:F3} -> {taughtAfter:F3}, untaught {untaughtBefore:F3} -> {untaughtAfter:F3}, left where they are {untaughtIfTheyStay:F3}";
        Assert.True(untaughtIfTheyStay < untaughtBefore - 0.03, $"There is nothing to repair: {numbers}");
        Assert.True(untaughtAfter >= untaughtBefore, numbers);
        Assert.True(taughtAfter > taughtBefore, numbers);
    }

    /// <summary>Held out, one of two examples always votes for the other, which is their class's mean: no safer answer than the fit.</summary>
    [Fact]
    public void TheGuardHasNoSayInClassesWithoutDescription()
    {
        int different = 0;
        for (int seed = 0; seed < 6; seed++)
        {
            var world = new SyntheticWorld(seed, spread: 2.5);
            (float[] Input, int Class)[] examples = Draw(world, 16), held = Draw(world, 40);
            AdaptiveClassifier Nameless(double errors)
            {
                var classifier = new AdaptiveClassifier(world, new() { Worker = AdaptationWorker.None, Training = HeadTrainingSettings.Default with { GuardErrors = errors } });
                for (int c = 0; c < 8; c++) classifier.AddClass(SyntheticWorld.Name(c));
                foreach ((float[] input, int c) in examples) classifier.Teach(input, SyntheticWorld.Name(c));
                Assert.False(classifier.AdaptToEnd().GuardSteppedIn);
                return classifier;
            }
            using AdaptiveClassifier strict = Nameless(0), lax = Nameless(1000);
            foreach ((float[] input, _) in held)
            {
                float[] answer = strict.Classify(input).Probabilities.ToArray();
                Assert.Equal(answer, lax.Classify(input).Probabilities.ToArray());
            }
            // There is something to have a say in: among described classes the two come apart.
            using AdaptiveClassifier strictly = Taught(world, examples, HeadTrainingSettings.Default with { GuardErrors = 0 });
            using AdaptiveClassifier laxly = Taught(world, examples, HeadTrainingSettings.Default with { GuardErrors = 1000 });
            if (Score(strictly, held) != Score(laxly, held)) different++;
        }
        Assert.True(different > 0);
    }

    /// <summary>
    /// Inputs vary most in a direction that says nothing of their class: the mean of sixteen still lies off in it, and a fit learns to look
    /// past it. There the mean loses its share; elsewhere the choice costs nothing.
    /// </summary>
    [Theory]
    [InlineData(0, false)]
    [InlineData(2, true)]
    public void TheMeanOfManyExamplesLosesItsShareWhereItIsInTheWay(double nuisance, bool loses)
    {
        int lost = 0;
        double with = 0, without = 0;
        const int worlds = 8;
        for (int seed = 0; seed < worlds; seed++)
        {
            var world = new SyntheticWorld(seed, spread: 1);
            var random = new Random(seed);
            (float[], int)[] Disturbed(int count) => [.. Draw(world, count).Select(input =>
            {
                input.Item1[0] += (float)(nuisance * (random.NextDouble() - 0.5));
                Unit.Normalize(input.Item1);
                return input;
            })];
            (float[], int)[] examples = Disturbed(8 * 16), held = Disturbed(200);
            using AdaptiveClassifier chosen = Taught(world, examples), kept = Taught(world, examples, HeadTrainingSettings.Default with { ShareErrors = double.MaxValue });
            double likelihood = Score(chosen, held).LogLikelihood, ifKept = Score(kept, held).LogLikelihood;
            if (likelihood != ifKept) lost++;
            with += ifKept / worlds;
            without += likelihood / worlds;
        }
        string numbers = $"lost in {lost} of {worlds} worlds; log-likelihood {with:F3} -> {without:F3}";
        if (loses) Assert.True(lost > worlds / 2 && without > with, numbers);
        else Assert.True(without >= with - 0.005, numbers);
    }

    /// <summary>Labels drawn at random: there is nothing to learn, and what is published predicts them no worse than the descriptions did.</summary>
    [Fact]
    public void TheGuardHoldsWhenLabelsAreNoise()
    {
        double worst = 0, mean = 0;
        const int worlds = 16;
        for (int seed = 0; seed < worlds; seed++)
        {
            int shots = 1 << (seed % 4);
            var world = new SyntheticWorld(seed, textNoise: 0.8);
            (float[], int)[] Noise(int count) => [.. Draw(world, count).Select(input => (input.Item1, world.Next(8)))];
            (float[], int)[] examples = Noise(8 * shots), held = Noise(300);
            using AdaptiveClassifier described = world.Describe(), taught = Taught(world, examples);
            double lost = Score(described, held).LogLikelihood - Score(taught, held).LogLikelihood;
            worst = Math.Max(worst, lost);
            mean += lost / worlds;
        }
        Assert.True(mean < 0.05 && worst < 0.6, $"log-likelihood lost: mean {mean:F3}, worst {worst:F3}");
    }

    [Fact]
    public void AFifthOfWrongLabelsStillDoesNotMakeItWorseThanTheDescriptions()
    {
        double before = 0, after = 0;
        for (int seed = 0; seed < 10; seed++)
        {
            var world = new SyntheticWorld(seed, textNoise: 1);
            (float[], int)[] held = Draw(world, 200);
            (float[], int)[] examples = [.. Draw(world, 40).Select(input => (input.Item1, world.Next(5) == 0 ? world.Next(8) : input.Item2))];
            using AdaptiveClassifier described = world.Describe(), taught = Taught(world, examples);
            before += Score(described, held).LogLikelihood / 10;
            after += Score(taught, held).LogLikelihood / 10;
        }
        Assert.True(after > before, $"{before:F3} -> {after:F3}");
    }
}
