using System.Numerics.Tensors;
using OnDeviceLearning.Learning;
using OnDeviceLearning.Models;

namespace OnDeviceLearning.Tests.Classification;

public class HeadTrainingTests
{
    private static HeadObjective Objective(int classes, int width, int count, int seed)
    {
        var random = new Random(seed);
        float[] Vector()
        {
            float[] vector = [.. Enumerable.Range(0, width).Select(_ => (float)(random.NextDouble() * 2 - 1))];
            TensorPrimitives.Divide(vector, TensorPrimitives.Norm<float>(vector), vector);
            return vector;
        }
        var objective = new HeadObjective { Scale = 10 };
        objective.Resize(classes, width, count);
        for (int i = 0; i < count; i++)
        {
            objective.Features[i] = Vector();
            objective.Labels[i] = random.Next(classes);
            objective.ExampleWeights[i] = i % 5 == 3 ? 0 : (float)random.NextDouble() / count;
        }
        for (int c = 0; c < classes; c++)
        {
            Vector().CopyTo(objective.Targets, c * width);
            objective.Pulls[c] = 0.05f + (float)random.NextDouble();
            objective.Roles[c] = ClassRole.Free;
        }
        return objective;
    }

    private static double Evaluate(HeadObjective objective, float[] weights, float[] gradient)
    {
        objective.Begin(weights, gradient);
        while (!objective.Step()) { }
        return objective.Value;
    }

    [Theory]
    [InlineData(2, 3, 4, false)]
    [InlineData(5, 7, 40, false)]
    [InlineData(6, 17, 33, true)]
    public void GradientAgreesWithFiniteDifferences(int classes, int width, int count, bool mixedRoles)
    {
        HeadObjective objective = Objective(classes, width, count, seed: classes);
        if (mixedRoles)
        {
            objective.Roles[1] = ClassRole.Fixed;
            objective.Roles[2] = ClassRole.Absent;
            for (int i = 0; i < count; i++)
                if (objective.Labels[i] == 2) objective.Labels[i] = 3;
        }
        var random = new Random(1);
        float[] weights = objective.Targets[..(classes * width)];
        for (int i = 0; i < weights.Length; i++)
            if (objective.Roles[i / width] == ClassRole.Free) weights[i] += (float)(0.2 * random.NextDouble());
        var gradient = new float[weights.Length];
        Evaluate(objective, weights, gradient);
        var ignored = new float[weights.Length];
        for (int i = 0; i < weights.Length; i++)
        {
            if (objective.Roles[i / width] != ClassRole.Free)
            {
                Assert.Equal(0, gradient[i]);
                continue;
            }
            const float h = 1e-2f;
            float kept = weights[i];
            weights[i] = kept + h;
            double above = Evaluate(objective, weights, ignored);
            weights[i] = kept - h;
            double below = Evaluate(objective, weights, ignored);
            weights[i] = kept;
            Assert.Equal((above - below) / (2 * h), gradient[i], 3e-3 * (1 + Math.Abs(gradient[i])));
        }
    }

    [Theory]
    [InlineData(2, 4, 6)]
    [InlineData(8, 64, 64)]
    [InlineData(20, 33, 200)]
    public void LbfgsReachesTheMinimumThatGradientDescentFinds(int classes, int width, int count)
    {
        HeadObjective objective = Objective(classes, width, count, seed: count);
        var minimizer = new Lbfgs(objective);
        minimizer.Begin(1e-4, 500);
        while (!minimizer.Step()) { }
        Assert.True(minimizer.GradientNorm <= 1e-4, $"gradient norm {minimizer.GradientNorm} after {minimizer.Iterations} iterations");
        Assert.InRange(minimizer.Iterations, 1, 120);
        float[] found = minimizer.Weights[..(classes * width)];

        float[] weights = objective.Targets[..(classes * width)];
        var gradient = new float[weights.Length];
        double value = 0;
        for (int k = 0; k < 20_000; k++)
        {
            value = Evaluate(objective, weights, gradient);
            if (TensorPrimitives.Norm<float>(gradient) < 1e-4f) break;
            TensorPrimitives.MultiplyAdd(gradient, -0.02f, weights, weights);
        }
        Assert.Equal(value, minimizer.Value, 1e-5);
        // Where lambda bounds the curvature, two points with gradients of 1e-4 lie within 1e-4 / lambda of each other.
        Assert.InRange(TensorPrimitives.Distance<float>(found, weights), 0, 4e-3f);
    }

    [Fact]
    public void LbfgsConvergesAtTheScalesOfRealBackbones()
    {
        var world = new SyntheticWorld(3, classes: 20, width: 256) { LogitScale = 100 };
        var evidence = new HeadEvidence();
        evidence.Resize(20, 160);
        for (int c = 0; c < 20; c++) (evidence.Descriptions[c], evidence.Trust[c]) = (world.Description(c), 1);
        for (int i = 0; i < 160; i++) (evidence.Features[i], evidence.Labels[i]) = (world.Draw(i % 20), i % 20);
        evidence.AssignFolds(5, 0);
        evidence.PriorMix = 1;
        var trainer = new HeadTrainer(HeadTrainingSettings.Default);
        trainer.Begin(evidence, 256, 100);
        while (!trainer.Step()) { }
        Assert.True(trainer.GradientNorm <= 1e-4, $"gradient norm {trainer.GradientNorm}");
        Assert.Equal(1, trainer.Progress);
    }

    /// <summary>Contradictory labels once made weights vanish: no fit converged, and what was found depended on the SIMD width.</summary>
    [Fact]
    public void FitsConvergeAtUnitLengthEvenWhenLabelsAreNoise()
    {
        for (int seed = 0; seed < 12; seed++)
        {
            var world = new SyntheticWorld(seed, textNoise: 0.8);
            HeadObjective objective = new() { Scale = 20 };
            objective.Resize(8, 64, 64);
            for (int c = 0; c < 8; c++)
            {
                world.Description(c).CopyTo(objective.Targets, c * 64);
                (objective.Pulls[c], objective.Roles[c]) = (0.005f, ClassRole.Free);
            }
            for (int i = 0; i < 64; i++)
                (objective.Features[i], objective.Labels[i], objective.ExampleWeights[i]) = (world.Draw(i % 8), world.Next(8), 1f / 64);
            var minimizer = new Lbfgs(objective);
            minimizer.Begin(1e-3, 400);
            while (!minimizer.Step()) { }
            Assert.True(minimizer.GradientNorm <= 1e-3, $"seed {seed}: gradient norm {minimizer.GradientNorm} after {minimizer.Iterations} iterations");
            for (int c = 0; c < 8; c++) Assert.Equal(1, TensorPrimitives.Norm<float>(minimizer.Weights.AsSpan(c * 64, 64)), 0.1);
        }
    }

    [Fact]
    public void FoldsHoldOutEveryExampleOnceAndSpreadEachClass()
    {
        var evidence = new HeadEvidence();
        evidence.Resize(3, 31);
        for (int i = 0; i < 31; i++) evidence.Labels[i] = i < 20 ? 0 : i < 30 ? 1 : 2;
        evidence.AssignFolds(5, 7);
        Assert.Equal(5, evidence.Folds);
        Assert.Equal(3, evidence.TaughtClasses);
        for (int fold = 0; fold < 5; fold++)
        {
            Assert.Equal(4, Enumerable.Range(0, 20).Count(i => evidence.FoldOf[i] == fold));
            Assert.Equal(2, Enumerable.Range(20, 10).Count(i => evidence.FoldOf[i] == fold));
        }
        Assert.InRange(evidence.FoldOf[30], 0, 4);
    }

    [Fact]
    public void GuardTakesThePriorsMixUnlessTheEvidenceIsAgainstIt()
    {
        // A steady loss of half a nat for every step away from the descriptions.
        float[] against = [.. Enumerable.Range(0, 20 * Guard.Grid).Select(i => -0.5f * (i % Guard.Grid))];
        float[] favour = [.. against.Select(x => -x)];
        float[] even = new float[20 * Guard.Grid];
        float[] weights = [.. Enumerable.Repeat(1f, 20)];
        Assert.Equal(0, Guard.Choose(against, weights, errors: 0.1));
        Assert.Equal(Guard.Grid - 1, Guard.Choose(favour, weights, 0.5));
        Assert.Equal(Guard.Grid - 1, Guard.Choose(even, weights, 0.5));
        Assert.Equal(Guard.Grid - 1, Guard.Choose(against, new float[20], 0.5)); // nothing could be judged
        Assert.Equal(0, Guard.Mix(0, 0.7));
        Assert.Equal(0.7, Guard.Mix(Guard.Grid - 1, 0.7));
    }

    [Fact]
    public void OnlyAClassWithManyExamplesLosesItsMean()
    {
        float[] Heads(HeadTrainingSettings settings)
        {
            var world = new SyntheticWorld(77, classes: 6);
            using AdaptiveClassifier classifier = world.Describe(new AdaptiveClassifierOptions { Worker = AdaptationWorker.None, Training = settings with { GuardErrors = 1e9 } });
            for (int c = 0; c < 6; c++)
                for (int i = 0; i < (c == 0 ? 60 : 1); i++) classifier.Teach(world.Draw(c), SyntheticWorld.Name(c));
            classifier.AdaptToEnd();
            var stream = new MemoryStream();
            classifier.Save(stream);
            var rows = new float[6 * world.Width];
            SafetensorsReader.Parse(stream.ToArray()).Tensors["head"].CopyTo(rows);
            return rows;
        }
        float[] always = Heads(HeadTrainingSettings.Default with { ShareErrors = -1e9 }), never = Heads(HeadTrainingSettings.Default with { ShareExamples = 1e9 });
        int width = always.Length / 6;
        Assert.NotEqual(never[..width], always[..width]);
        Assert.Equal(never[width..], always[width..]);
    }

    [Fact]
    public void TheMeanLosesItsShareOnlyWhereHeldOutExamplesGainByMoreThanChance()
    {
        bool Goes(double errors, params double[] gains)
        {
            var choice = new ShareChoice();
            choice.Begin();
            foreach (double gain in gains) choice.Add(0.25, gain);
            return choice.GoesWithout(errors);
        }
        Assert.False(Goes(0)); // nothing was judged
        Assert.True(Goes(2, 0.1, 0.1, 0.1, 0.1));
        Assert.False(Goes(2, -0.1, -0.1, -0.1, -0.1));
        // Mean 0.1 and deviation 0.1: the standard error of four is 0.05.
        Assert.True(Goes(1.9, 0, 0.2, 0, 0.2));
        Assert.False(Goes(2.1, 0, 0.2, 0, 0.2));
    }
}
