using System.Numerics;
using OnDeviceLearning.Datasets;
using OnDeviceLearning.Pretraining.Torch;

namespace OnDeviceLearning.Pretraining.Sigils;

/// <summary>One step's worth of characters by different hands.</summary>
/// <param name="Images">[N, 64, 64], ink 1, paper 0.</param>
/// <param name="Classes">[N]</param>
internal sealed record HandBatch(float[] Images, int[] Classes);

/// <summary>
/// Characters as different people drew them, drawn anew with pens and simplifications as players' strokes have them. What
/// differs among the drawings of one character is what people's hands vary. A character turned by 90, 180 and 270 degrees
/// is a class of its own (as in Matching networks, arXiv 1606.04080): class 4 c + r is character c after r quarter turns.
/// </summary>
internal sealed class HandBatches
{
    /// <summary>Drawers of a character in a batch, and characters of a full batch.</summary>
    public const int Drawers = 4, Characters = 32;

    private const float Degrees = 6, Stretch = 0.1f, Lean = 0.1f, MostSimplified = 0.03f;

    private readonly Vector2[][][][] characters; // [character][drawer][stroke][point], half the longer side being 1

    /// <param name="characters">Those with a single drawer are left out.</param>
    public HandBatches(IEnumerable<StrokeCharacter> characters) =>
        this.characters = [.. characters.Where(c => c.Drawings.Count > 1).Select(c => c.Drawings.Select(Normalise).ToArray())];

    /// <summary>Number of characters.</summary>
    public int Count => characters.Length;

    /// <summary>A batch; characters are drawn without putting back, so that none meets itself turned.</summary>
    public HandBatch Make(Random random)
    {
        const int side = SigilsModel.ImageSize, size = side * side;
        int[] chosen = [.. Enumerable.Range(0, characters.Length)];
        random.Shuffle(chosen);
        var images = new List<float>();
        var classes = new List<int>();
        var image = new float[size];
        foreach (int character in chosen.Take(Characters))
        {
            int turns = random.Next(4);
            Vector2[][][] drawers = [.. characters[character]];
            random.Shuffle(drawers);
            foreach (Vector2[][] strokes in drawers.Take(Drawers))
            {
                DrawingRasterizer.Rasterize(Redraw(strokes, turns, random), side, image);
                images.AddRange(image);
                classes.Add(4 * character + turns);
            }
        }
        return new HandBatch([.. images], [.. classes]);
    }

    private static Drawing Redraw(Vector2[][] strokes, int turns, Random random)
    {
        float angle = turns * MathF.PI / 2 + (float)random.NextNormal() * Degrees * MathF.PI / 180;
        Matrix3x2 to = new Matrix3x2(MathF.Exp(Stretch * (float)random.NextNormal()), 0, Lean * (float)random.NextNormal(), MathF.Exp(Stretch * (float)random.NextNormal()), 0, 0) * Matrix3x2.CreateRotation(angle);
        // The pens of HandStyle, so that nothing but the hand tells these drawings from sigils.
        float pen = random.NextSingle() < 0.3f ? 0 : 0.024f + 0.03f * random.NextSingle();
        float tolerance = 2 * MostSimplified * random.NextSingle() * random.NextSingle();
        return new Drawing(strokes.Select(stroke => (IReadOnlyList<Vector2>)[.. Simplify(stroke, tolerance).Select(p => Vector2.Transform(p, to))]), pen);
    }

    /// <summary>The points without which the line would miss another by more than the tolerance (Douglas and Peucker, 1973).</summary>
    internal static List<Vector2> Simplify(ReadOnlySpan<Vector2> stroke, float tolerance)
    {
        var kept = new List<Vector2> { stroke[0] };
        if (stroke.Length > 1) Keep(stroke, tolerance * tolerance, kept);
        return kept;

        // Adds what is to be kept after the first point.
        static void Keep(ReadOnlySpan<Vector2> line, float tolerance, List<Vector2> kept)
        {
            Vector2 along = line[^1] - line[0];
            float inverse = along.LengthSquared() > 0 ? 1 / along.LengthSquared() : 0, most = tolerance;
            int at = -1;
            for (int i = 1; i < line.Length - 1; i++)
            {
                float t = Math.Clamp(Vector2.Dot(line[i] - line[0], along) * inverse, 0, 1), miss = (line[i] - line[0] - t * along).LengthSquared();
                if (miss > most) (most, at) = (miss, i);
            }
            if (at > 0)
            {
                Keep(line[..(at + 1)], tolerance, kept);
                Keep(line[at..], tolerance, kept);
            }
            else kept.Add(line[^1]);
        }
    }

    private static Vector2[][] Normalise(Drawing drawing)
    {
        Vector2 low = new(float.MaxValue), high = new(float.MinValue);
        foreach (Vector2 p in drawing.Strokes.SelectMany(s => s))
        {
            low = Vector2.Min(low, p);
            high = Vector2.Max(high, p);
        }
        float half = Math.Max(0.5f * Math.Max(high.X - low.X, high.Y - low.Y), 1e-6f);
        return [.. drawing.Strokes.Select(s => Simplify([.. s.Select(p => (p - 0.5f * (low + high)) / half)], 0.002f).ToArray())];
    }
}
