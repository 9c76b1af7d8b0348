using OnDeviceLearning.Operations;

namespace OnDeviceLearning.Conformance;

public static partial class ConformanceSuite
{
    private static IEnumerable<ConformanceCase> ElementwiseCases()
    {
        foreach (int length in Lengths)
        {
            foreach (ActivationKind kind in Enum.GetValues<ActivationKind>())
            {
                yield return new(new Activation(kind, length), length);
                yield return new(new ActivationGradient(kind, length), length);
            }
            yield return new(new Add(length), length);
            yield return new(new Fill(length, 0.5f), length);
            yield return new(new SquaredError(length), length);
        }
        (int Outer, int Channels, int Inner)[] shapes = [(1, 1, 1), (1, 7, 3), (3, 1, 17), (2, 65, 1), (63, 127, 1), (4, 5, 64), (2, 16, 63), (1, 3, 5000), (300, 33, 1), (5, 2, 1), (1, 5000, 1)];
        foreach ((int outer, int channels, int inner) in shapes)
        {
            yield return new(new BiasAdd(outer, channels, inner));
            yield return new(new BiasGradient(outer, channels, inner));
        }
        foreach ((int outer, int count, int inner) in shapes)
        {
            yield return new(new Mean(outer, count, inner));
            yield return new(new MeanGradient(outer, count, inner));
        }
        yield return new(new Copy(1, 1, 0, 0, 1, 0, 1, 1));
        yield return new(new Copy(5, 3, 7, 2, 4, 1, 25, 40));
        yield return new(new Copy(17, 65, 65, 0, 130, 65, 17 * 130, 17 * 65));
        yield return new(new Copy(9, 31, 0, 5, 31, 0, 9 * 31, 36));
        yield return new(new Copy(1, 20000, 0, 3, 0, 11, 20020, 20011));
    }
}
