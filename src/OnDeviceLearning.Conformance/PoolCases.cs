using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Conformance;

public static partial class ConformanceSuite
{
    private static IEnumerable<ConformanceCase> PoolCases()
    {
        (int Planes, int H, int W, int Kernel, int Stride, int Padding)[] sizes =
            [(1, 1, 1, 1, 1, 0), (3, 4, 4, 2, 2, 0), (2, 7, 5, 3, 2, 1), (5, 17, 17, 3, 1, 1), (64, 16, 16, 2, 2, 0), (1, 65, 63, 5, 3, 2), (7, 9, 33, 2, 3, 1), (3, 6, 6, 6, 1, 0),
            (257, 4, 4, 2, 2, 0), (1, 31, 2, 2, 1, 1), (2, 33, 35, 7, 4, 3), (96, 8, 8, 2, 2, 0), (3, 5, 5, 3, 3, 1), (1, 128, 130, 3, 2, 1), (2, 9, 9, 4, 5, 2), (5, 2, 65, 2, 1, 0)];
        foreach ((int planes, int h, int w, int kernel, int stride, int padding) in sizes)
        {
            yield return new(new MaxPool2d(planes, h, w, kernel, stride, padding));
            yield return new(new MaxPool2dGradient(planes, h, w, kernel, stride, padding));
            foreach (bool countPadding in (bool[])[true, false])
            {
                yield return new(new AveragePool2d(planes, h, w, kernel, stride, padding, countPadding));
                yield return new(new AveragePool2dGradient(planes, h, w, kernel, stride, padding, countPadding));
            }
        }
    }
}
