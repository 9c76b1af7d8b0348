using OnDeviceLearning.Datasets;

namespace OnDeviceLearning.Evaluation.Transfer;

/// <summary>Writes images as a network wants them: its size, its channels, its scaling. From one thread at a time.</summary>
internal sealed class TransferImages(TransferNetwork network)
{
    private readonly int channels = network.Trunk.Input.Shape[0], height = network.Trunk.Input.Shape[1], width = network.Trunk.Input.Shape[2];
    private float[] source = [];

    /// <summary>Elements of an image.</summary>
    public int Length => channels * height * width;

    public void Write(LabelledImages images, int image, Span<float> target)
    {
        if (source.Length != images.Size) source = new float[images.Size];
        images.CopyTo(image, source);
        Write(source, images, target);
    }

    /// <param name="source">Values 0 to 1 of an image of the set.</param>
    /// <param name="images">The set.</param>
    /// <param name="target">Overwritten.</param>
    public void Write(float[] source, LabelledImages images, Span<float> target)
    {
        int from = images.Height * images.Width, to = height * width;
        for (int c = 0; c < channels; c++)
        {
            Span<float> plane = target.Slice(c * to, to);
            if (images.Channels == channels) Fit(source.AsMemory(c * from, from), images, plane);
            else if (images.Channels == 1) Fit(source, images, plane);
            else
            {
                var grey = new float[from];
                for (int i = 0; i < from; i++) grey[i] = Math.Min(1, (source[i] + source[from + i] + source[2 * from + i]) / 3);
                Fit(grey, images, plane);
            }
            for (int i = 0; i < to; i++) plane[i] = (plane[i] - network.Mean[c]) / network.Deviation[c];
        }
    }

    private void Fit(ReadOnlyMemory<float> plane, LabelledImages images, Span<float> target) =>
        new GrayImage(images.Width, images.Height, plane).Resize(width, height, target);
}

/// <summary>The same with images varied as they are drawn.</summary>
internal sealed class TransferVariation(TransferImages images, TransferAugmentation augmentation, int seed)
{
    /// <summary>A margin of 4 pixels for CIFAR's 32.</summary>
    private const int MarginShare = 8;

    private readonly Random random = new(seed);
    private readonly Dictionary<LabelledImages, (PaddedCrops Crops, float[] Values)> sets = [];

    public void Write(LabelledImages set, int image, Span<float> target)
    {
        if (!sets.TryGetValue(set, out (PaddedCrops Crops, float[] Values) known))
            sets[set] = known = (new PaddedCrops(Math.Max(1, set.Height / MarginShare), augmentation == TransferAugmentation.MirroredCrops), new float[set.Size]);
        known.Crops.Write(set, image, random, known.Values);
        images.Write(known.Values, set, target);
    }
}

/// <summary>Images of a set in a class-balanced order drawn from a seed.</summary>
internal sealed class BalancedDraw
{
    private readonly int[][] byClass;
    private readonly Random random;

    /// <param name="images">From which set.</param>
    /// <param name="seed">Seed.</param>
    /// <param name="keep">The most images to draw from, as many of each class as possible; all if null.</param>
    public BalancedDraw(LabelledImages images, int seed, int? keep = null)
    {
        random = new Random(seed);
        byClass = [.. Enumerable.Range(0, images.Count).GroupBy(i => images.Labels[i]).OrderBy(g => g.Key).Select(g => g.ToArray())];
        foreach (int[] members in byClass) random.Shuffle(members);
        if (keep is not { } most) return;
        // Dealt out class after class, so that no class has two more than another.
        for (int c = 0; c < byClass.Length; c++)
            byClass[c] = byClass[c][..Math.Min(byClass[c].Length, most / byClass.Length + (c < most % byClass.Length ? 1 : 0))];
        byClass = [.. byClass.Where(members => members.Length > 0)];
    }

    /// <summary>How many images it draws from.</summary>
    public int Kept => byClass.Sum(members => members.Length);

    public int Next()
    {
        int[] members = byClass[random.Next(byClass.Length)];
        return members[random.Next(members.Length)];
    }
}
