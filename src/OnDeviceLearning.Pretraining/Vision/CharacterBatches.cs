using OnDeviceLearning.Datasets;
using OnDeviceLearning.Pretraining.Torch;

namespace OnDeviceLearning.Pretraining.Vision;

/// <summary>One step's worth of characters: <see cref="CharacterBatches.PerClass"/> images of each class, one after the other.</summary>
/// <param name="Images">[N, 28, 28], ink 1.</param>
/// <param name="Classes">[N].</param>
internal sealed record CharacterBatch(float[] Images, int[] Classes);

/// <summary>
/// Draws classes and warped images of them. Each character turned by 90, 180 and 270 degrees is a class of its own
/// (as in Matching networks, arXiv 1606.04080): class 4 c + r is character c after r quarter turns.
/// </summary>
internal sealed class CharacterBatches
{
    public const int PerClass = 4, Turns = 4;

    private static readonly WarpStrength strength = new(Degrees: 7, Scale: 0.1, Shear: 0.12, Shift: 0.035, Elastic: 0.025, Thicker: 0.4);
    private readonly byte[] pixels; // [N, 56, 56]
    private readonly int[][] imagesOf; // of each character
    private readonly int classesPerStep;
    private readonly int seed;
    private readonly ImageWarp warp = new(CharacterModel.Side, strength);

    /// <param name="images">Characters of twice the model's side.</param>
    public CharacterBatches(LabelledImages images, int classesPerStep, int seed)
    {
        this.classesPerStep = classesPerStep;
        this.seed = seed;
        var floats = new float[images.Size];
        pixels = new byte[images.Count * images.Size];
        for (int i = 0; i < images.Count; i++)
        {
            images.CopyTo(i, floats);
            for (int p = 0; p < floats.Length; p++) pixels[i * images.Size + p] = (byte)(255 * floats[p] + 0.5f);
        }
        imagesOf = [.. Enumerable.Range(0, images.Count).GroupBy(i => images.Labels[i]).OrderBy(g => g.Key).Select(g => g.ToArray())];
    }

    /// <summary>Number of classes, turned ones included.</summary>
    public int ClassCount => Turns * imagesOf.Length;

    /// <summary>Images of a batch.</summary>
    public int Size => PerClass * Math.Min(classesPerStep, ClassCount);

    /// <summary>The batch of a step; not to be called from two threads at once.</summary>
    public CharacterBatch Make(long step)
    {
        var random = new Random(BatchQueue<CharacterBatch>.Seed(seed, step));
        const int side = CharacterModel.Side, size = side * side;
        int count = Size / PerClass, source = warp.SourceSide * warp.SourceSide;
        var images = new float[count * PerClass * size];
        var classes = new int[count * PerClass];
        var drawn = new HashSet<int>();
        for (int c = 0; c < count; c++)
        {
            int label;
            do label = random.Next(ClassCount); while (!drawn.Add(label));
            int[] members = [.. imagesOf[label / Turns]];
            for (int k = 0; k < PerClass; k++)
            {
                // Different drawers, as long as there are enough: the first of the list are those drawn so far.
                int next = random.Next(Math.Min(k, members.Length - 1), members.Length), at = c * PerClass + k;
                int image = members[next];
                (members[next], members[Math.Min(k, members.Length - 1)]) = (members[Math.Min(k, members.Length - 1)], image);
                warp.Write(pixels.AsSpan(image * source, source), label % Turns, random, images.AsSpan(at * size, size));
                classes[at] = label;
            }
        }
        return new CharacterBatch(images, classes);
    }
}
