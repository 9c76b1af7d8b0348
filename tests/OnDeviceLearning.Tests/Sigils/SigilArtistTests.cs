using System.Numerics;
using OnDeviceLearning.Sigils;

namespace OnDeviceLearning.Tests.Sigils;

public class SigilArtistTests
{
    private static IEnumerable<Composition> Everything(int samples)
    {
        var random = new Random(1);
        return Enum.GetValues<Primitive>().Select(p => (Composition)new Term(p)).Concat(Enumerable.Range(0, samples).Select(_ => CompositionSampler.Sample(random)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void DrawingsAreFiniteAndLeaveInkOnPaper(bool sloppy)
    {
        var random = new Random(2);
        var pixels = new float[64 * 64];
        foreach (Composition c in Everything(400))
        {
            Drawing drawing = SigilArtist.Draw(c, sloppy ? HandStyle.Sloppy(random) : HandStyle.Careful(random), random);
            Vector2[] points = [.. drawing.Strokes.SelectMany(s => s)];
            Assert.InRange(points.Length, 1, 4000);
            Assert.All(points, p => Assert.True(float.IsFinite(p.X) && float.IsFinite(p.Y), c.ToString()));
            DrawingRasterizer.Rasterize(drawing, 64, pixels);
            double ink = pixels.Average();
            // The least is a lone dot of a fine pen: a few pixels.
            Assert.True(ink is > 0.0005 and < 0.75, $"{c}: {ink:P1} of the paper is ink.");
        }
    }

    [Fact]
    public void SameSeedSameDrawingAndAnotherOneEachTime()
    {
        foreach (Composition c in Everything(50))
        {
            Vector2[][] first = Draw(new Random(3)), again = Draw(new Random(3));
            Assert.Equal(first.SelectMany(s => s), again.SelectMany(s => s));
            if (c is Term { Primitive: Primitive.Dot, Count: 1 }) continue;
            Assert.NotEqual(first.SelectMany(s => s), Draw(new Random(4)).SelectMany(s => s));

            Vector2[][] Draw(Random random) => [.. SigilArtist.Draw(c, HandStyle.Sample(random), random).Strokes.Select(s => s.ToArray())];
        }
    }

    [Fact]
    public void RelationsAreWhereTheySay()
    {
        var random = new Random(5);
        for (int i = 0; i < 50; i++)
        {
            (Vector2 low, Vector2 high) whole = Bounds("above(square, heart)", random);
            Assert.True(whole.high.Y - whole.low.Y > 1.1f * (whole.high.X - whole.low.X), "above is taller than wide");
            whole = Bounds("left(square, heart)", random);
            Assert.True(whole.high.X - whole.low.X > 1.1f * (whole.high.Y - whole.low.Y), "left is wider than tall");
        }
    }

    private static (Vector2 Low, Vector2 High) Bounds(string composition, Random random)
    {
        Drawing drawing = SigilArtist.Draw(Composition.Parse(composition), HandStyle.Careful(random), random);
        Vector2[] points = [.. drawing.Strokes.SelectMany(s => s)];
        return (points.Aggregate(Vector2.Min), points.Aggregate(Vector2.Max));
    }
}
