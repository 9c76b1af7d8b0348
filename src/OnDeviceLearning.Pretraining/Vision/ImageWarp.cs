namespace OnDeviceLearning.Pretraining.Vision;

/// <summary>How much a training image is bent; all of it scales with a strength drawn anew for every image.</summary>
/// <param name="Degrees">Rotation, standard deviation.</param>
/// <param name="Scale">Logarithm of the scale along each axis, standard deviation.</param>
/// <param name="Shear">Shear, standard deviation.</param>
/// <param name="Shift">Shift as a share of the side, standard deviation.</param>
/// <param name="Elastic">Displacement of a coarse grid's points as a share of the side, standard deviation.</param>
/// <param name="Thicker">Share of images whose strokes are made thicker.</param>
internal sealed record WarpStrength(double Degrees, double Scale, double Shear, double Shift, double Elastic, double Thicker);

/// <summary>
/// Turns, scales, shears, shifts and bends one-channel images, and makes strokes thicker or paler: drawn at twice the
/// target's size and averaged down, as the test images are. Not safe to share between threads.
/// </summary>
internal sealed class ImageWarp(int side, WarpStrength strength)
{
    private const int Grid = 5;
    private readonly int fine = 2 * side;
    private readonly float[] drawn = new float[4 * side * side]; // [2 side, 2 side]
    private readonly float[] thick = new float[4 * side * side];
    private readonly float[] gridX = new float[Grid * Grid], gridY = new float[Grid * Grid];

    /// <summary>Side in pixels of the source images.</summary>
    public int SourceSide => fine;

    /// <summary>Writes a warped copy.</summary>
    /// <param name="source">[2 side, 2 side], 255 stands for 1.</param>
    /// <param name="quarterTurns">0 to 3, before everything else.</param>
    /// <param name="random">Where chance comes from.</param>
    /// <param name="target">[side, side], overwritten.</param>
    public void Write(ReadOnlySpan<byte> source, int quarterTurns, Random random, Span<float> target)
    {
        double s = random.NextDouble() * 1.6;
        double angle = s * strength.Degrees * Math.PI / 180 * random.NextNormal() + quarterTurns * Math.PI / 2;
        double scaleX = Math.Exp(s * strength.Scale * random.NextNormal()), scaleY = Math.Exp(s * strength.Scale * random.NextNormal());
        double shear = s * strength.Shear * random.NextNormal();
        double shiftX = fine * s * strength.Shift * random.NextNormal(), shiftY = fine * s * strength.Shift * random.NextNormal();
        for (int i = 0; i < gridX.Length; i++)
        {
            gridX[i] = (float)(fine * s * strength.Elastic * random.NextNormal());
            gridY[i] = (float)(fine * s * strength.Elastic * random.NextNormal());
        }
        double cos = Math.Cos(angle), sin = Math.Sin(angle);
        // Source position of a target pixel, both measured from the centre: rotation * scale * shear.
        float xx = (float)(cos * scaleX), xy = (float)(cos * shear * scaleX - sin * scaleY);
        float yx = (float)(sin * scaleX), yy = (float)(sin * shear * scaleX + cos * scaleY);
        float centre = (fine - 1) / 2f, cell = (Grid - 1) / (float)(fine - 1);
        for (int y = 0; y < fine; y++)
        {
            int row = Math.Min(Grid - 2, (int)(y * cell));
            float v = y * cell - row, dy = y - centre;
            for (int x = 0; x < fine; x++)
            {
                int column = Math.Min(Grid - 2, (int)(x * cell));
                float u = x * cell - column, dx = x - centre;
                int g = row * Grid + column;
                float bendX = Blend(gridX, g, u, v), bendY = Blend(gridY, g, u, v);
                drawn[y * fine + x] = Sample(source, centre + xx * dx + xy * dy + bendX + (float)shiftX, centre + yx * dx + yy * dy + bendY + (float)shiftY);
            }
        }
        float[] image = drawn;
        if (random.NextDouble() < strength.Thicker)
        {
            Thicken((float)random.NextDouble());
            image = thick;
        }
        float gamma = strength.Thicker == 0 ? 1 : (float)Math.Exp(0.3 * random.NextNormal());
        for (int y = 0; y < side; y++)
            for (int x = 0; x < side; x++)
            {
                int at = 2 * y * fine + 2 * x;
                float mean = 0.25f * (image[at] + image[at + 1] + image[at + fine] + image[at + fine + 1]);
                target[y * side + x] = gamma == 1 ? mean : MathF.Pow(mean, gamma);
            }
    }

    private static float Blend(float[] grid, int g, float u, float v)
    {
        float top = grid[g] + u * (grid[g + 1] - grid[g]), bottom = grid[g + Grid] + u * (grid[g + Grid + 1] - grid[g + Grid]);
        return top + v * (bottom - top);
    }

    private float Sample(ReadOnlySpan<byte> source, float x, float y)
    {
        int left = (int)MathF.Floor(x), top = (int)MathF.Floor(y);
        if (left < -1 || top < -1 || left >= fine || top >= fine) return 0;
        float u = x - left, v = y - top;
        bool inLeft = left >= 0, inRight = left + 1 < fine;
        float upper = 0, lower = 0;
        int at = top * fine + left;
        if (top >= 0) upper = (inLeft ? (1 - u) * source[at] : 0) + (inRight ? u * source[at + 1] : 0);
        if (top + 1 < fine) lower = (inLeft ? (1 - u) * source[at + fine] : 0) + (inRight ? u * source[at + fine + 1] : 0);
        return ((1 - v) * upper + v * lower) * (1 / 255f);
    }

    /// <summary>Between the image and the largest value of each pixel's cross of neighbours.</summary>
    private void Thicken(float share)
    {
        for (int y = 0; y < fine; y++)
            for (int x = 0; x < fine; x++)
            {
                int at = y * fine + x;
                float most = drawn[at];
                if (x > 0) most = Math.Max(most, drawn[at - 1]);
                if (x + 1 < fine) most = Math.Max(most, drawn[at + 1]);
                if (y > 0) most = Math.Max(most, drawn[at - fine]);
                if (y + 1 < fine) most = Math.Max(most, drawn[at + fine]);
                thick[at] = drawn[at] + share * (most - drawn[at]);
            }
    }
}
