using System.Numerics;

namespace OnDeviceLearning.Sigils;

/// <summary>Draws every <see cref="Primitive"/> in one of the ways people draw it.</summary>
internal static class PrimitiveShapes
{
    /// <summary>
    /// Adds the ideal strokes of a shape to an empty sketch, half its longer side being 1.
    /// </summary>
    /// <param name="bare">Leave out what would be in the way of a style or of a part inside.</param>
    public static Sketch Draw(Primitive primitive, Style style, bool bare, Random random)
    {
        var s = new Sketch();
        switch (primitive)
        {
            case Primitive.Circle: CurvePrimitives.Circle(s, random); break;
            case Primitive.Square: PolygonPrimitives.Square(s, random); break;
            case Primitive.Triangle: PolygonPrimitives.Triangle(s, random); break;
            case Primitive.Star: PolygonPrimitives.Star(s, random, style, bare); break;
            case Primitive.Cross: PolygonPrimitives.Cross(s, random); break;
            case Primitive.Plus: PolygonPrimitives.Plus(s, random); break;
            case Primitive.Spiral: CurvePrimitives.Spiral(s, random); break;
            case Primitive.Zigzag: PolygonPrimitives.Zigzag(s, random); break;
            case Primitive.Wave: CurvePrimitives.Wave(s, random); break;
            case Primitive.Arrow: PolygonPrimitives.Arrow(s, random, style); break;
            case Primitive.Heart: CurvePrimitives.Heart(s, random); break;
            case Primitive.Crescent: CurvePrimitives.Crescent(s, random, bare); break;
            case Primitive.Bolt: PolygonPrimitives.Bolt(s, random, bare); break;
            case Primitive.Eye: ObjectPrimitives.Eye(s, random); break;
            case Primitive.Diamond: PolygonPrimitives.Diamond(s, random, bare); break;
            case Primitive.Hexagon: PolygonPrimitives.Hexagon(s, random); break;
            case Primitive.Line: PolygonPrimitives.Line(s, random); break;
            case Primitive.Dot: CurvePrimitives.Dot(s, random); break;
            case Primitive.Drop: CurvePrimitives.Drop(s, random); break;
            case Primitive.Flower: NaturePrimitives.Flower(s, random); break;
            case Primitive.Key: ObjectPrimitives.Key(s, random); break;
            case Primitive.Crown: ObjectPrimitives.Crown(s, random); break;
            case Primitive.Sun: NaturePrimitives.Sun(s, random); break;
            case Primitive.Hourglass: ObjectPrimitives.Hourglass(s, random); break;
            case Primitive.Snowflake: NaturePrimitives.Snowflake(s, random); break;
            case Primitive.Leaf: CurvePrimitives.Leaf(s, random, bare); break;
            case Primitive.Cloud: CurvePrimitives.Cloud(s, random); break;
            case Primitive.Infinity: CurvePrimitives.Infinity(s, random); break;
            case Primitive.Sword: ObjectPrimitives.Sword(s, random); break;
            case Primitive.Tree: NaturePrimitives.Tree(s, random); break;
            case Primitive.Fish: NaturePrimitives.Fish(s, random); break;
            case Primitive.House: ObjectPrimitives.House(s, random, bare); break;
            default: throw new ArgumentOutOfRangeException(nameof(primitive), primitive, null);
        }
        return s.Fit(Vector2.Zero, 1);
    }

    /// <summary>How much of a hand's stretching and slanting a shape bears before it reads as another one.</summary>
    public static float Elasticity(Primitive primitive) => primitive switch
    {
        Primitive.Circle or Primitive.Square or Primitive.Cross or Primitive.Plus or Primitive.Diamond or Primitive.Dot => 0.4f,
        Primitive.Star or Primitive.Hexagon or Primitive.Snowflake or Primitive.Sun or Primitive.Flower or Primitive.Heart => 0.6f,
        Primitive.Line or Primitive.Arrow or Primitive.Zigzag => 0.3f,
        _ => 1,
    };

    /// <summary>
    /// The largest free circle inside the first stroke, about: where a person puts something that goes inside.
    /// </summary>
    public static (Vector2 Centre, float Radius) Interior(Sketch s)
    {
        ReadOnlySpan<Vector2> outline = s.Of(s.Strokes[0]);
        Vector2 low = new(float.MaxValue), high = new(float.MinValue);
        foreach (Vector2 p in outline)
        {
            low = Vector2.Min(low, p);
            high = Vector2.Max(high, p);
        }
        const int Grid = 9;
        Vector2 best = 0.5f * (low + high);
        float bestRadius = 0;
        for (int gy = 1; gy < Grid; gy++)
            for (int gx = 1; gx < Grid; gx++)
            {
                Vector2 p = low + (high - low) * new Vector2(gx, gy) / Grid;
                float nearest = float.MaxValue;
                int winding = 0;
                for (int i = 0, j = outline.Length - 1; i < outline.Length; j = i++)
                {
                    Vector2 a = outline[j], b = outline[i], along = b - a, from = p - a;
                    float t = Math.Clamp(Vector2.Dot(from, along) / Math.Max(1e-9f, along.LengthSquared()), 0, 1);
                    nearest = Math.Min(nearest, (from - t * along).LengthSquared());
                    // Winding rather than parity: the middle of a five-line star is inside.
                    if (a.Y <= p.Y != b.Y <= p.Y && (along.X * from.Y - along.Y * from.X > 0) == (b.Y > a.Y)) winding += b.Y > a.Y ? 1 : -1;
                }
                if (winding != 0 && nearest > bestRadius) (best, bestRadius) = (p, nearest);
            }
        return (best, bestRadius > 0 ? MathF.Sqrt(bestRadius) : 0.3f * Math.Min(high.X - low.X, high.Y - low.Y));
    }
}
