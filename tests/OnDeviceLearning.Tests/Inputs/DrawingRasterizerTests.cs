using System.Numerics;

namespace OnDeviceLearning.Tests.Inputs;

public class DrawingRasterizerTests
{
    private static readonly Vector2[][] House =
    [
        [new(0, 40), new(0, 100), new(80, 100), new(80, 40), new(40, 0), new(0, 40)],
        [new(30, 100), new(30, 70), new(50, 70), new(50, 100)],
        [new(60, 55)],
    ];

    [Theory]
    [InlineData(1, 5000, -300)]
    [InlineData(0.001f, 0, 0)]
    [InlineData(1000, 7, 9)]
    public void ScaleAndPositionDoNotMatter(float scale, float x, float y)
    {
        float[] expected = Draw(House), moved = Draw([.. House.Select(s => s.Select(p => p * scale + new Vector2(x, y)).ToArray())]);
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], moved[i], 2e-3);
    }

    [Fact]
    public void InkStaysInsideTheMarginAndReachesIt()
    {
        float[] pixels = Draw(House);
        const int size = 64;
        int first = (int)(DrawingRasterizer.Margin * size);
        for (int i = 0; i < size; i++)
            for (int border = 0; border < first - 1; border++)
            {
                Assert.Equal(0, pixels[border * size + i]);
                Assert.Equal(0, pixels[i * size + border]);
                Assert.Equal(0, pixels[(size - 1 - border) * size + i]);
            }
        Assert.Contains(Enumerable.Range(0, size), x => pixels[(first + 1) * size + x] > 0.5f);
        Assert.All(pixels, p => Assert.InRange(p, 0, 1));
    }

    [Fact]
    public void NothingIsBlankAndADotIsInTheMiddle()
    {
        Assert.All(Draw([]), p => Assert.Equal(0, p));
        float[] dot = Draw([[new Vector2(1e9f, -3)]]);
        Assert.Equal(1, dot[32 * 64 + 32]);
        double sum = dot.Sum(), x = 0, y = 0;
        for (int i = 0; i < dot.Length; i++)
        {
            x += (i % 64 + 0.5) * dot[i] / sum;
            y += (i / 64 + 0.5) * dot[i] / sum;
        }
        Assert.Equal(32, x, 1e-3);
        Assert.Equal(32, y, 1e-3);
    }

    [Fact]
    public void RepeatedPointsAreADot() =>
        Assert.Equal(1, Draw([[new Vector2(5, 5), new Vector2(5, 5), new Vector2(5, 5)]])[32 * 64 + 32]);

    [Fact]
    public void HugeCoordinatesAreDrawnLikeSmallOnes()
    {
        Vector2[][] small = [[new(-1, -1), new(1, 1)], [new(-1, 1), new(1, -1)]];
        float[] expected = Draw(small), huge = Draw([.. small.Select(s => s.Select(p => p * float.MaxValue).ToArray())]);
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], huge[i], 1e-3);
    }

    [Fact]
    public void AWiderPenLeavesMoreInk()
    {
        static double Ink(float width) => Draw(House, width).Sum();
        Assert.True(Ink(0.02f) < Ink(0.05f) && Ink(0.05f) < Ink(0.1f));
        Assert.Equal(Ink(0), Ink(DrawingRasterizer.DefaultPenWidth));
    }

    [Fact]
    public void RasterizingAllocatesNothing()
    {
        var drawing = new Drawing(House);
        float[] pixels = new float[64 * 64];
        DrawingRasterizer.Rasterize(drawing, 64, pixels);
        Assert.Equal(0, Allocated.Least(() => DrawingRasterizer.Rasterize(drawing, 64, pixels)));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.NegativeInfinity)]
    public void CoordinatesMustBeFinite(float bad)
    {
        var error = Assert.Throws<ArgumentException>(() => new Drawing([[new Vector2(0, 0)], [new Vector2(1, bad)]]));
        Assert.Contains("stroke 1", error.Message);
    }

    [Fact]
    public void TooManyPointsAreRefused() =>
        Assert.Throws<ArgumentException>(() => new Drawing([new Vector2[Drawing.MaxPoints], new Vector2[1]]));

    [Fact]
    public void ANullStrokeIsNamed() =>
        Assert.Contains("stroke 1 is null", Assert.Throws<ArgumentException>(() => new Drawing([new Vector2[1], null!])).Message);

    [Theory]
    [InlineData(3, 9)]
    [InlineData(64, 4095)]
    [InlineData(2000, 4000000)]
    public void SizesAreChecked(int size, int length) =>
        Assert.ThrowsAny<ArgumentException>(() => DrawingRasterizer.Rasterize(new Drawing([]), size, new float[length]));

    private static float[] Draw(Vector2[][] strokes, float penWidth = 0)
    {
        float[] pixels = new float[64 * 64];
        DrawingRasterizer.Rasterize(new Drawing(strokes, penWidth), 64, pixels);
        return pixels;
    }
}
