using System.Numerics.Tensors;
using OnDeviceLearning.Evaluation.FewShot;

namespace OnDeviceLearning.Tests.Evaluation.FewShot;

public class FewShotMethodTests
{
    private static readonly FewShotProblem tiny = new()
    {
        Name = "tiny",
        Features = [FewShotWorld.Unit(1, 0, 0), FewShotWorld.Unit(0, 1, 0), FewShotWorld.Unit(0.6f, 0, 0.8f), FewShotWorld.Unit(0, 0.8f, 0.6f)],
        Labels = [0, 1, 0, 1],
        ClassNames = ["a", "b"],
        Descriptions = [FewShotWorld.Unit(0.8f, 0.6f, 0), FewShotWorld.Unit(0, 0.6f, 0.8f)],
        LogitScale = 3,
    };

    private static double[] Softmax(params double[] logits)
    {
        double sum = logits.Sum(Math.Exp);
        return [.. logits.Select(l => Math.Exp(l) / sum)];
    }

    private static void Near(double[] expected, float[] actual)
    {
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 1e-5);
    }

    [Fact]
    public void ZeroShotIsTheSoftmaxOfScaledCosines() =>
        Near(Softmax(3 * 0.8, 3 * 0), FewShotWorld.Answer(new ZeroShotMethod(), FewShotWorld.Task(tiny, 2, 0), [1, 0, 0]));

    [Fact]
    public void PrototypesAreMeansAndDistancesSquared()
    {
        // Means (0.8, 0, 0.4) and (0, 0.9, 0.3); of (0, 0, 1) the squared distances are 0.64 + 0.36 and 0.81 + 0.49.
        Near(Softmax(-1, -1.3), FewShotWorld.Answer(new PrototypesMethod(), FewShotWorld.Task(tiny, 2, 2), [0, 0, 1]));
    }

    [Fact]
    public void TipAdapterAddsItsCacheToTheDescriptions()
    {
        // f = (1, 0, 0): cosines to the examples 1 and 0.6 of a, 0 and 0 of b; to the descriptions 0.8 and 0.
        const double alpha = 2, beta = 1.5;
        double a = 3 * 0.8 + alpha * (1 + Math.Exp(-beta * 0.4)), b = alpha * 2 * Math.Exp(-beta);
        Near(Softmax(a, b), FewShotWorld.Answer(new TipAdapterMethod((float)alpha, (float)beta), FewShotWorld.Task(tiny, 2, 2), [1, 0, 0]));
    }

    [Fact]
    public void ClapsMultipliersAreZeroShotProbabilitiesOfTheOwnExamples()
    {
        float[] multipliers = ClapMethod.Multipliers(FewShotWorld.Task(tiny, 2, 2));
        // Examples of a: (1, 0, 0) with cosines 0.8 and 0; (0.6, 0, 0.8) with 0.48 and 0.64.
        Assert.Equal((Softmax(2.4, 0)[0] + Softmax(1.44, 1.92)[0]) / 2, multipliers[0], 1e-5);
        // Of b: (0, 1, 0) with 0.6 and 0.6; (0, 0.8, 0.6) with 0.48 and 0.96.
        Assert.Equal((0.5 + Softmax(1.44, 2.88)[1]) / 2, multipliers[1], 1e-5);
    }

    [Fact]
    public void ClapsLossIsCrossEntropyPlusTheMeanPenalty()
    {
        FewShotTask task = FewShotWorld.Task(tiny, 2, 1);
        float[][] weights = [[2, 0, 0], [0, 0, 1]], gradient = [new float[3], new float[3]];
        double loss = ClapMethod.Loss(task, [.. task.Shown()], [0.5f, 0.25f], weights, gradient);
        // Cosines: the example of a (1, 0, 0) has 1 and 0, that of b (0, 1, 0) has 0 and 0.
        double entropy = (-Math.Log(Softmax(3, 0)[0]) - Math.Log(0.5)) / 2;
        double penalty = (0.5 * (1.2 * 1.2 + 0.6 * 0.6) + 0.25 * (0.6 * 0.6 + 0.2 * 0.2)) / 2;
        Assert.Equal(entropy + penalty, loss, 1e-6);
    }

    [Fact]
    public void ClapsGradientAgreesWithFiniteDifferences()
    {
        FewShotTask task = FewShotWorld.Task(FewShotWorld.Create(7, width: 6), 3, 4);
        (float[], int)[] examples = [.. task.Shown()];
        float[] multipliers = ClapMethod.Multipliers(task);
        float[][] weights = [.. Enumerable.Range(0, 3).Select(way => task.Description(way).Select((x, d) => x + 0.1f * d).ToArray())];
        float[][] Zero() => [.. weights.Select(w => new float[w.Length])];
        float[][] gradient = Zero();
        ClapMethod.Loss(task, examples, multipliers, weights, gradient);
        const float h = 1e-2f;
        for (int way = 0; way < 3; way++)
            for (int d = 0; d < 6; d++)
            {
                float kept = weights[way][d];
                weights[way][d] = kept + h;
                double above = ClapMethod.Loss(task, examples, multipliers, weights, Zero());
                weights[way][d] = kept - h;
                double below = ClapMethod.Loss(task, examples, multipliers, weights, Zero());
                weights[way][d] = kept;
                Assert.Equal((above - below) / (2 * h), gradient[way][d], 5e-3);
            }
    }

    [Fact]
    public void TheProbesGradientVanishesWhereItStops()
    {
        FewShotTask task = FewShotWorld.Task(FewShotWorld.Create(8), 5, 8);
        using var learner = new LinearProbeMethod.Learner(task, LinearProbeMethod.DefaultStrength);
        learner.Adapt();
        Assert.True(learner.GradientNorm <= LinearProbeMethod.Tolerance, $"gradient {learner.GradientNorm}");
        // Seen from outside: at the optimum the mean of p_i - y_i is zero for every bias.
        var p = new float[5];
        var residual = new double[5];
        foreach ((float[] feature, int way) in task.Shown())
        {
            learner.Classify(feature, p);
            for (int c = 0; c < 5; c++) residual[c] += (p[c] - (c == way ? 1 : 0)) / task.Examples;
        }
        Assert.All(residual, r => Assert.InRange(r, -LinearProbeMethod.Tolerance, LinearProbeMethod.Tolerance));
    }

    [Fact]
    public void TheProbeOfTwoOppositePointsIsTheSolutionByHand()
    {
        var problem = new FewShotProblem { Name = "two", Features = [[1], [-1]], Labels = [0, 1], ClassNames = ["a", "b"], Descriptions = [null, null], LogitScale = 1 };
        // By symmetry w_a = -w_b = w and b = 0; w by bisection.
        const double strength = 5;
        double low = 0, high = 10;
        for (int i = 0; i < 200; i++)
        {
            double w = (low + high) / 2;
            // d/dw of mean CE log(1 + exp(-2 w)) plus 2 w^2 / (2 C 2).
            if (-2 / (1 + Math.Exp(2 * w)) + 2 * w / (2 * strength) < 0) low = w;
            else high = w;
        }
        Near(Softmax(low, -low), FewShotWorld.Answer(new LinearProbeMethod(strength), FewShotWorld.Task(problem, 2, 1), [1]), 1e-3);
    }

    private static void Near(double[] expected, float[] actual, double tolerance)
    {
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], tolerance);
    }

    [Fact]
    public void OursIsTheClassifiersOwnAnswer()
    {
        FewShotProblem problem = FewShotWorld.Create(9);
        FewShotTask task = FewShotWorld.Task(problem, 4, 0);
        float[] feature = problem.Features[problem.Members()[2][5]];
        float[] ours = FewShotWorld.Answer(new AdaptiveMethod(), task, feature), zero = FewShotWorld.Answer(new ZeroShotMethod(), task, feature);
        for (int c = 0; c < 4; c++) Assert.Equal(zero[c], ours[c], 1e-5);
        Assert.NotEqual(ours, FewShotWorld.Answer(new AdaptiveMethod(), FewShotWorld.Task(problem, 4, 4), feature));
    }
}
