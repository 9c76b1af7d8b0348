using System.Numerics;
using OnDeviceLearning.Datasets;

namespace OnDeviceLearning.Tests.Datasets;

public sealed class StrokeTracerTests
{
    private const int Side = 64;

    /// <summary>What a round pen leaves on the paper.</summary>
    private static bool[] Ink(float radius, params Vector2[][] lines)
    {
        var ink = new bool[Side * Side];
        for (int p = 0; p < ink.Length; p++) ink[p] = Distance(lines, new Vector2(p % Side, p / Side)) <= radius;
        return ink;
    }

    private static float Distance(IEnumerable<IReadOnlyList<Vector2>> lines, Vector2 p) => lines.Min(line => line.Count == 1
        ? Vector2.Distance(p, line[0])
        : Enumerable.Range(1, line.Count - 1).Min(i => Distance(p, line[i - 1], line[i])));

    private static float Distance(Vector2 p, Vector2 a, Vector2 b)
    {
        float length = (b - a).LengthSquared();
        return length == 0 ? Vector2.Distance(p, a) : Vector2.Distance(p, a + Math.Clamp(Vector2.Dot(p - a, b - a) / length, 0, 1) * (b - a));
    }

    /// <summary>Every point is within a pixel of ink, and no ink is further from the lines than the pen was wide.</summary>
    private static void SameDrawing(bool[] ink, float radius, IReadOnlyList<IReadOnlyList<Vector2>> traced)
    {
        Vector2[] inked = [.. Enumerable.Range(0, ink.Length).Where(p => ink[p]).Select(p => new Vector2(p % Side, p / Side))];
        Assert.All(traced.SelectMany(line => line), p => Assert.InRange(inked.Min(q => Vector2.Distance(p, q)), 0, 1));
        Assert.All(inked, p => Assert.InRange(Distance(traced, p), 0, 2 * radius + 1));
    }

    [Theory]
    [InlineData(10, 32, 50, 32)]
    [InlineData(32, 10, 32, 50)]
    [InlineData(10, 12, 50, 47)]
    [InlineData(0, 63, 63, 0)]
    public void A_line_is_one_stroke_from_end_to_end(float x0, float y0, float x1, float y1)
    {
        const float radius = 1.5f;
        bool[] ink = Ink(radius, [new Vector2(x0, y0), new Vector2(x1, y1)]);
        IReadOnlyList<Vector2> line = Assert.Single(StrokeTracer.Trace(ink, Side));
        SameDrawing(ink, radius, [line]);
        // At its ends it may lead into a corner of what the pen left.
        Assert.All(line.Take(3..^3), p => Assert.InRange(Distance(p, new(x0, y0), new(x1, y1)), 0, 1));
        float[] ends = [Vector2.Distance(line[0], new(x0, y0)), Vector2.Distance(line[0], new(x1, y1))];
        Assert.InRange(ends.Min(), 0, 2 * radius + 1);
        Assert.InRange(Vector2.Distance(line[0], line[^1]), Vector2.Distance(new(x0, y0), new(x1, y1)) - 4 * radius, float.MaxValue);
    }

    [Fact]
    public void Crossing_lines_go_straight_on()
    {
        Vector2[] across = [new Vector2(8, 30), new Vector2(56, 34)], down = [new Vector2(30, 8), new Vector2(36, 56)];
        bool[] ink = Ink(1.5f, across, down);
        IReadOnlyList<IReadOnlyList<Vector2>> traced = StrokeTracer.Trace(ink, Side);
        SameDrawing(ink, 1.5f, traced);
        // A thinned crossing may fall apart into two close ones, with a piece of a few pixels between.
        IReadOnlyList<Vector2>[] lengthy = [.. traced.Where(line => line.Count > 8)];
        Assert.Equal(2, lengthy.Length);
        Assert.Single(lengthy, line => line.All(p => Distance(p, across[0], across[1]) < 2.5f));
        Assert.Single(lengthy, line => line.All(p => Distance(p, down[0], down[1]) < 2.5f));
    }

    [Fact]
    public void A_circle_is_one_stroke_that_ends_where_it_began()
    {
        Vector2[] ring = [.. Enumerable.Range(0, 61).Select(i => new Vector2(32 + 20 * MathF.Cos(i * MathF.Tau / 60), 32 + 20 * MathF.Sin(i * MathF.Tau / 60)))];
        bool[] ink = Ink(1.5f, ring);
        IReadOnlyList<Vector2> line = Assert.Single(StrokeTracer.Trace(ink, Side));
        SameDrawing(ink, 1.5f, [line]);
        Assert.Equal(line[0], line[^1]);
        Assert.All(line, p => Assert.InRange(Vector2.Distance(p, new(32, 32)), 18, 22));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(3, 3)]
    [InlineData(2, 3)]
    public void A_dot_does_not_vanish(int width, int height)
    {
        var ink = new bool[Side * Side];
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++) ink[(20 + y) * Side + 30 + x] = true;
        IReadOnlyList<IReadOnlyList<Vector2>> traced = StrokeTracer.Trace(ink, Side);
        SameDrawing(ink, 1, [Assert.Single(traced)]);
        if (width * height == 1) Assert.Equal([new Vector2(30, 20)], traced[0]);
    }

    [Fact]
    public void Whatever_is_drawn_is_within_a_pixel_of_the_ink_and_covers_it()
    {
        var random = new Random(1);
        for (int drawing = 0; drawing < 60; drawing++)
        {
            float radius = 0.7f + 2 * random.NextSingle();
            Vector2[][] lines = [.. Enumerable.Range(0, random.Next(1, 5)).Select(_ =>
                Enumerable.Range(0, random.Next(1, 6)).Select(_ => new Vector2(64 * random.NextSingle(), 64 * random.NextSingle())).ToArray())];
            bool[] ink = Ink(radius, lines);
            SameDrawing(ink, MathF.Sqrt(2) * radius, StrokeTracer.Trace(ink, Side));
        }
    }

    [Fact]
    public void Paper_without_ink_has_no_lines_and_pixels_that_fill_no_rows_are_refused()
    {
        Assert.Empty(StrokeTracer.Trace(new bool[12], 4));
        Assert.Empty(StrokeTracer.Trace([], 4));
        Assert.Contains("13 pixels", Assert.Throws<ArgumentException>(() => StrokeTracer.Trace(new bool[13], 4)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => StrokeTracer.Trace(new bool[12], 0));
        // All ink, up to the edges.
        var black = new bool[30 * 20];
        Array.Fill(black, true);
        Assert.NotEmpty(StrokeTracer.Trace(black, 30));
    }
}
