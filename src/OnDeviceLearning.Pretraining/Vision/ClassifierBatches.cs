using OnDeviceLearning.Datasets;
using OnDeviceLearning.Pretraining.Torch;

namespace OnDeviceLearning.Pretraining.Vision;

/// <summary>One step's worth of images and their classes.</summary>
/// <param name="Images">[N, C, H, W], 0 to 1.</param>
/// <param name="Classes">[N].</param>
internal sealed record ImageBatch(float[] Images, int[] Classes);

/// <summary>
/// Draws every image once an epoch, in an order that depends on seed and epoch alone; each is mirrored half of the time and
/// cropped out of itself with a margin of <paramref name="padding"/> blank pixels (<see cref="PaddedCrops"/>).
/// </summary>
internal sealed class ClassifierBatches(LabelledImages images, int size, int padding, int seed)
{
    private readonly PaddedCrops crops = new(padding, mirrors: true);
    private int[] order = [];
    private long orderedEpoch = -1;

    /// <summary>Images of a batch: fewer than asked for where there are fewer.</summary>
    public int Size { get; } = Math.Min(size, images.Count);

    /// <summary>The batch of a step; not to be called from two threads at once.</summary>
    public ImageBatch Make(long step)
    {
        int perEpoch = images.Count / Size;
        (long epoch, int batch) = (step / perEpoch, (int)(step % perEpoch));
        if (epoch != orderedEpoch)
        {
            order = [.. Enumerable.Range(0, images.Count)];
            new Random(BatchQueue<ImageBatch>.Seed(seed, -1 - epoch)).Shuffle(order);
            orderedEpoch = epoch;
        }
        var random = new Random(BatchQueue<ImageBatch>.Seed(seed, step));
        var pixels = new float[Size * images.Size];
        var classes = new int[Size];
        for (int i = 0; i < Size; i++)
        {
            int drawn = order[batch * Size + i];
            classes[i] = images.Labels[drawn];
            crops.Write(images, drawn, random, pixels.AsSpan(i * images.Size, images.Size));
        }
        return new ImageBatch(pixels, classes);
    }
}
