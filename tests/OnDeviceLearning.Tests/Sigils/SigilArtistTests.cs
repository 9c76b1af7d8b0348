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

    [Fact]
    public void ASteadyHandThatBendsTheSheetMovesNothingFarAndTearsNothing()
    {
        var random = new Random(6);
        foreach (Composition c in Everything(60))
        {
            const float warp = 0.14f;
            int seed = random.Next();
            Vector2[][] straight = Strokes(0), bent = Strokes(warp);
            float size = Extent(straight);
            Assert.InRange(Extent(bent), size * (1 - 2 * warp), size * (1 + 2 * warp));
            if (c is not Term { Primitive: Primitive.Dot }) Assert.NotEqual(straight.SelectMany(s => s), bent.SelectMany(s => s));
            // Neighbours stay neighbours: no step between two points becomes much longer than the sheet was stretched.
            Assert.InRange(LongestStep(bent), 0, 1.8f * LongestStep(straight) + 0.1f * size);

            Vector2[][] Strokes(float strength) => [.. SigilArtist.Draw(c, new HandStyle { Warp = strength }, new Random(seed)).Strokes.Select(s => s.ToArray())];
        }

        static float Extent(Vector2[][] strokes)
        {
            Vector2[] points = [.. strokes.SelectMany(s => s)];
            Vector2 sides = points.Aggregate(Vector2.Max) - points.Aggregate(Vector2.Min);
            return Math.Max(sides.X, sides.Y);
        }

        static float LongestStep(Vector2[][] strokes) => strokes.SelectMany(s => s.Zip(s.Skip(1), Vector2.Distance)).DefaultIfEmpty().Max();
    }

    [Fact]
    public void ZigzagsKeepTheirCornersAndWavesTheirCurvesInEveryHand()
    {
        var random = new Random(7);
        double zigzag = 0, wave = 0;
        const int count = 200;
        for (int i = 0; i < count; i++)
        {
            zigzag += SharpestTurn("zigzag");
            wave += SharpestTurn("wave");
        }
        // A hairpin is 180 degrees.
        Assert.True(zigzag / count > 110, $"The sharpest corner of a zigzag turns by {zigzag / count:F0} degrees.");
        Assert.True(wave / count < 90, $"The sharpest bend of a wave turns by {wave / count:F0} degrees at one point.");

        double SharpestTurn(string shape)
        {
            Vector2[] points = [.. SigilArtist.Draw(Composition.Parse(shape), HandStyle.Sample(random) with { Hook = 0, Retrace = 0, Tremor = 0 }, random).Strokes.MaxBy(s => s.Count)!];
            double sharpest = 0;
            for (int k = 1; k + 1 < points.Length; k++)
            {
                Vector2 a = points[k] - points[k - 1], b = points[k + 1] - points[k];
                if (a.Length() < 1e-4f || b.Length() < 1e-4f) continue;
                sharpest = Math.Max(sharpest, Math.Acos(Math.Clamp(Vector2.Dot(Vector2.Normalize(a), Vector2.Normalize(b)), -1, 1)) * 180 / Math.PI);
            }
            return sharpest;
        }
    }

    private static (Vector2 Low, Vector2 High) Bounds(string composition, Random random)
    {
        Drawing drawing = SigilArtist.Draw(Composition.Parse(composition), HandStyle.Careful(random), random);
        Vector2[] points = [.. drawing.Strokes.SelectMany(s => s)];
        return (points.Aggregate(Vector2.Min), points.Aggregate(Vector2.Max));
    }
}
