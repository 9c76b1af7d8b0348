using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Conformance;

public static partial class ConformanceSuite
{
    private static IEnumerable<ConformanceCase> OptimizerCases()
    {
        foreach (int length in Lengths)
        {
            yield return new(new SgdStep(length), length);
            yield return new(new SgdStep(length, Nesterov: true), length);
            yield return new(new AdamWStep(length), length);
            yield return new(new SquaredNorm(length), length);
            yield return new(new ClipScale(length), length);
            yield return new(new PullTo(length), length);
        }
    }
}
