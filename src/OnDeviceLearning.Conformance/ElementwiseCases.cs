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
        (int Outer, int Channels, int Inner)[] shapes =
        [
            (1, 1, 1), (1, 7, 3), (3, 1, 17), (2, 65, 1), (63, 127, 1), (4, 5, 64), (2, 16, 63), (1, 3, 5000), (300, 33, 1), (5, 2, 1), (1, 5000, 1),
            (2, 64, 256), (3, 65, 257), (257, 5, 2), (64, 128, 4), (32, 96, 64), (2, 3, 20_000), (1000, 12, 1), (7, 255, 15),
        ];
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
        yield return new(new Copy(257, 3, 5, 1, 3, 2, 257 * 3 + 4, 257 * 5 + 1));
        yield return new(new Copy(3, 257, 300, 0, 257, 0, 3 * 257, 3 * 300));
        yield return new(new Copy(64, 64, 64, 0, 64, 0, 64 * 64, 64 * 64));
        yield return new(new Copy(1000, 1, 1, 0, 7, 3, 7000, 1000));
    }
}
