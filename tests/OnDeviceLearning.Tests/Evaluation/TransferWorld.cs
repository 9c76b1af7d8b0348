using OnDeviceLearning.Datasets;
using OnDeviceLearning.Evaluation.Transfer;

namespace OnDeviceLearning.Tests.Evaluation;

/// <summary>A transfer that is learnt in a second.</summary>
internal static class TransferWorld
{
    /// <summary>Bars: horizontal ones at three heights to vertical ones at three places, with noise.</summary>
    public static TransferTask Task()
    {
        var random = new Random(5);
        return new TransferTask(Side("row"), Side("column"));

        TransferData Side(string name) => new(name + "s", Images(name, 90), Images(name, 60));

        LabelledImages Images(string name, int count)
        {
            int[] labels = [.. Enumerable.Range(0, count).Select(i => i % 3)];
            var pixels = new byte[count * 64];
            for (int i = 0; i < count; i++)
                for (int p = 0; p < 64; p++)
                {
                    int along = name == "column" ? p % 8 : p / 8;
                    pixels[i * 64 + p] = (byte)(random.Next(60) + (along / 2 == labels[i] ? 180 : 0));
                }
            return new LabelledImages(name + "s", 1, 8, 8, pixels, labels, [.. Enumerable.Range(0, 3).Select(c => $"{name} {c}")]);
        }
    }
}
