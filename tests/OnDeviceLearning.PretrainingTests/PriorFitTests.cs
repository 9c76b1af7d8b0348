using OnDeviceLearning.Pretraining.Calibration;

namespace OnDeviceLearning.PretrainingTests;

public class PriorFitTests
{
    [Fact]
    public void TrustInFewExamplesIsWhatWasMeasuredAndInterpolatedInBetween()
    {
        IReadOnlyList<float> trust = PriorFit.Trust(new Dictionary<int, float> { [1] = 0.3f, [2] = 0.45f, [4] = 0.6f, [8] = 0.75f });
        Assert.Equal(0, trust[0]);
        Assert.Equal([0.3f, 0.45f, 0.525f, 0.6f, 0.6375f, 0.675f, 0.7125f, 0.75f], trust.Skip(1).Take(8), Close);
        Assert.All(trust.Skip(8), t => Assert.Equal(0.75f, t, 1e-6f));
        Assert.Equal(PriorFit.Longest + 1, trust.Count);
    }

    [Fact]
    public void ADescriptionCountsForAtLeastOneExample()
    {
        IReadOnlyList<float> trust = PriorFit.Trust(new Dictionary<int, float> { [1] = 0.9f, [2] = 1, [4] = 0.6f });
        for (int k = 0; k < trust.Count; k++) Assert.Equal(k / (k + 1f), trust[k], 1e-6f);
    }

    [Fact]
    public void MoreExamplesAreNeverTrustedLess()
    {
        var random = new Random(1);
        for (int round = 0; round < 100; round++)
        {
            IReadOnlyList<float> trust = PriorFit.Trust(new Dictionary<int, float> { [1] = Draw(), [2] = Draw(), [4] = Draw(), [8] = Draw(), [16] = Draw() });
            for (int k = 1; k < trust.Count; k++) Assert.True(trust[k] >= trust[k - 1] && trust[k] <= 1, $"{trust[k - 1]} in {k - 1}, {trust[k]} in {k} examples");
        }

        float Draw() => (float)random.NextDouble();
    }

    private static bool Close(float a, float b) => Math.Abs(a - b) < 1e-6f;
}
