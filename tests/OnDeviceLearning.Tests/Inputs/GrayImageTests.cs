namespace OnDeviceLearning.Tests.Inputs;

public class GrayImageTests
{
    [Theory]
    [InlineData(64, 64, 16, 16)]
    [InlineData(7, 13, 16, 16)]
    [InlineData(100, 3, 9, 31)]
    [InlineData(1, 1, 5, 4)]
    [InlineData(33, 65, 32, 64)]
    public void ResizeKeepsTheMeanAndTheRange(int width, int height, int toWidth, int toHeight)
    {
        float[] pixels = Random(width * height, seed: width * height);
        float[] target = new float[toWidth * toHeight];
        new GrayImage(width, height, pixels).Resize(toWidth, toHeight, target);
        Assert.Equal(pixels.Average(), target.Average(), 1e-5);
        Assert.All(target, value => Assert.InRange(value, pixels.Min() - 1e-6f, pixels.Max() + 1e-6f));
    }

    [Fact]
    public void SameSizeIsBitExactAndWholeFactorsAverageBlocks()
    {
        float[] pixels = Random(36, seed: 3), same = new float[36], half = new float[9];
        var image = new GrayImage(6, 6, pixels);
        image.Resize(6, 6, same);
        image.Resize(3, 3, half);
        Assert.Equal(pixels, same);
        Assert.Equal((pixels[14] + pixels[15] + pixels[20] + pixels[21]) / 4, half[4], 1e-6);
    }

    [Fact]
    public void EnlargingByAWholeFactorRepeatsPixels()
    {
        float[] target = new float[24];
        new GrayImage(2, 1, new float[] { 0.25f, 0.75f }).Resize(8, 3, target);
        for (int i = 0; i < 24; i++) Assert.Equal(i % 8 < 4 ? 0.25f : 0.75f, target[i], 1e-6);
    }

    [Fact]
    public void ResizeAllocatesNothing()
    {
        var image = new GrayImage(50, 40, Random(2000, seed: 1));
        float[] target = new float[64 * 64];
        image.Resize(64, 64, target);
        Assert.Equal(0, Allocated.Least(() => image.Resize(64, 64, target)));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(-0.01f)]
    [InlineData(1.01f)]
    public void BadPixelsAreNamedByPosition(float bad)
    {
        float[] pixels = new float[12];
        pixels[9] = bad;
        var error = Assert.Throws<ArgumentException>(() => new GrayImage(4, 3, pixels));
        Assert.Contains("(1, 2)", error.Message);
    }

    [Theory]
    [InlineData(0, 4)]
    [InlineData(4, -1)]
    [InlineData(9000, 1)]
    [InlineData(4, 4)]
    public void SizesAreChecked(int width, int height) =>
        Assert.ThrowsAny<ArgumentException>(() => new GrayImage(width, height, new float[15]));

    [Fact]
    public void TargetLengthIsChecked() =>
        Assert.Throws<ArgumentException>(() => new GrayImage(1, 1, new float[1]).Resize(2, 2, new float[3]));

    private static float[] Random(int count, int seed)
    {
        var random = new Random(seed);
        return Enumerable.Range(0, count).Select(_ => random.NextSingle()).ToArray();
    }
}
