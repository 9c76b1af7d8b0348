using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Conformance;

public static partial class ConformanceSuite
{
    private static IEnumerable<ConformanceCase> RowCases()
    {
        foreach ((int rows, int width) in ((int, int)[])[(1, 1), (1, 2), (3, 7), (17, 10), (2, 63), (65, 65), (7, 127), (3, 1000), (300, 20), (1, 255), (2, 256), (5, 257), (64, 64), (257, 3), (2, 5003), (1000, 8), (32, 96)])
        {
            yield return new(new Softmax(rows, width));
            yield return new(new SoftmaxGradient(rows, width));
            yield return new(new L2Normalize(rows, width));
            // One column leaves no direction to move in: the gradient is rounding error only.
            if (width > 1) yield return new(new L2NormalizeGradient(rows, width));
            if (width > 1) yield return new(new SoftmaxCrossEntropy(rows, width));
            if (width > 1) yield return new(new SoftmaxCrossEntropy(rows, width, LabelSmoothing: 0.1f, HasClassWeights: true), 2);
        }
        yield return new(new L2Normalize(3, 5, Epsilon: 100));
        yield return new(new L2NormalizeGradient(3, 5, Epsilon: 100));
    }
}
