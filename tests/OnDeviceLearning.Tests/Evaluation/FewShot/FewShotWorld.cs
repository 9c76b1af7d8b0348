using System.Numerics.Tensors;
using OnDeviceLearning.Evaluation.FewShot;

namespace OnDeviceLearning.Tests.Evaluation.FewShot;

/// <summary>A problem without a backbone: classes are points on a sphere, features scatter around them.</summary>
internal static class FewShotWorld
{
    public static float[] Unit(params ReadOnlySpan<float> values)
    {
        float[] vector = values.ToArray();
        TensorPrimitives.Divide(vector, TensorPrimitives.Norm<float>(vector), vector);
        return vector;
    }

    public static FewShotProblem Create(int seed, int classes = 12, int perClass = 24, int width = 16, bool described = true, int[]? families = null)
    {
        var random = new Random(seed);
        float[] Direction() => Unit([.. Enumerable.Range(0, width).Select(_ => (float)(random.NextDouble() + random.NextDouble() + random.NextDouble() - 1.5))]);
        float[][] centers = [.. Enumerable.Range(0, classes).Select(_ => Direction())];
        float[] Near(float[] center, float spread)
        {
            float[] near = Direction();
            TensorPrimitives.MultiplyAdd(near, spread, center, near);
            return Unit(near);
        }
        return new FewShotProblem
        {
            Name = "world",
            Features = [.. Enumerable.Range(0, classes * perClass).Select(i => Near(centers[i % classes], 0.9f))],
            Labels = [.. Enumerable.Range(0, classes * perClass).Select(i => i % classes)],
            ClassNames = [.. Enumerable.Range(0, classes).Select(c => $"class {c}")],
            Descriptions = [.. centers.Select(c => described ? Near(c, 0.7f) : null)],
            LogitScale = 20,
            Unknown = new UnknownCalibration(20, -10, 0.5f),
            Families = families,
        };
    }

    /// <summary>A task of all classes with the first examples of each.</summary>
    public static FewShotTask Task(FewShotProblem problem, int ways, int shots) =>
        new(problem, [.. Enumerable.Range(0, ways)], [.. Enumerable.Range(0, ways).Select(c => problem.Members()[c][..shots])], 1);

    public static float[] Answer(IFewShotMethod method, FewShotTask task, float[] feature)
    {
        using IFewShotLearner learner = method.Begin(task);
        learner.Adapt();
        var probabilities = new float[task.Ways];
        learner.Classify(feature, probabilities);
        return probabilities;
    }
}
