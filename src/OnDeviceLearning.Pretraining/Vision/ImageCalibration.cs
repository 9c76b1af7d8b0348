using System.Numerics.Tensors;
using OnDeviceLearning.Datasets;
using OnDeviceLearning.Pretraining.Calibration;

namespace OnDeviceLearning.Pretraining.Vision;

/// <summary>Calibrates "unknown" for a backbone without a text encoder: its class weights are means of examples.</summary>
public static class ImageCalibration
{
    private const int Strangers = 4, Most = 5, UsualWays = 5, UsualEpisodes = 300;

    /// <summary>Fits on a finished encoder's own behaviour and writes the file with what was found.</summary>
    /// <param name="uncalibrated">A backbone for images.</param>
    /// <param name="path">The file to write; may be the same.</param>
    /// <param name="images">Training images alone, of at least two classes with more than five.</param>
    /// <param name="seed">Seed.</param>
    /// <param name="cancellation">Checked between episodes.</param>
    /// <exception cref="ArgumentException">There are too few images.</exception>
    public static void Complete(string uncalibrated, string path, LabelledImages images, int seed, CancellationToken cancellation = default)
    {
        string unknown;
        using (Backbone backbone = Backbone.Load(uncalibrated)) unknown = Unknown(backbone, images, UsualWays, UsualEpisodes, seed, cancellation);
        BackboneFile.Complete(uncalibrated, path, new KeyValuePair<string, string>("odl.unknown", unknown));
    }

    /// <summary>Refuses images that are too few to calibrate with: better before a training than after.</summary>
    /// <exception cref="ArgumentException">The message says how many there are.</exception>
    public static void Check(LabelledImages images)
    {
        ArgumentNullException.ThrowIfNull(images);
        int enough = images.Labels.GroupBy(l => l).Count(members => members.Count() > Most);
        if (enough < 2) throw new ArgumentException($"{images.Name}: {enough} classes with more than {Most} images; expected at least 2, to calibrate \"unknown\" with.", nameof(images));
    }

    /// <summary>Fits on episodes over training classes: a few classes with one to five examples each, and inputs of others.</summary>
    /// <param name="backbone">The finished encoder.</param>
    /// <param name="images">Training images alone.</param>
    /// <param name="ways">Classes of an episode.</param>
    /// <param name="episodes">How many.</param>
    /// <param name="seed">Seed.</param>
    /// <param name="cancellation">Checked between episodes.</param>
    /// <returns>The JSON of <c>odl.unknown</c>.</returns>
    internal static string Unknown(Backbone backbone, LabelledImages images, int ways, int episodes, int seed, CancellationToken cancellation)
    {
        Check(images);
        var random = new Random(seed);
        var known = new Dictionary<int, float[]>();
        int[][] byClass = [.. Enumerable.Range(0, images.Count).GroupBy(i => images.Labels[i]).Select(g => g.ToArray()).Where(m => m.Length > Most)];
        int strangers = Math.Min(Strangers, byClass.Length - 1);
        ways = Math.Min(ways, byClass.Length - strangers);
        var fit = new UnknownFit();
        for (int e = 0; e < episodes; e++)
        {
            cancellation.ThrowIfCancellationRequested();
            random.Shuffle(byClass);
            int shots = 1 + e % Most;
            for (int c = 0; c < ways + strangers; c++) random.Shuffle(byClass[c]);
            float[][] means = [.. byClass.Take(ways).Select(members => Mean(members.Take(shots)))];
            for (int c = 0; c < ways + strangers; c++)
            {
                float[] query = Embed(byClass[c][shots]);
                double best = means.Max(m => TensorPrimitives.Dot<float>(m, query));
                (c < ways ? fit.Known : fit.Unknown).Add(best);
                // A class's own mean: that another's is nearer makes nothing known. Strangers are known by any.
                (c < ways ? fit.KnownByExamples : fit.UnknownByExamples).Add(c < ways ? TensorPrimitives.Dot<float>(means[c], query) : best);
            }
        }
        return fit.ToJson();

        // Drawn again and again where there are few.
        float[] Embed(int image)
        {
            if (known.TryGetValue(image, out float[]? embedding)) return embedding;
            embedding = new float[backbone.EmbeddingWidth];
            backbone.Embed(backbone.Reads.HasFlag(InputKinds.ColorImages) ? images.Input(image) : images.Gray(image), embedding);
            return known[image] = embedding;
        }

        float[] Mean(IEnumerable<int> members)
        {
            var sum = new float[backbone.EmbeddingWidth];
            foreach (int image in members) TensorPrimitives.Add(sum, Embed(image), sum);
            TensorPrimitives.Divide(sum, TensorPrimitives.Norm<float>(sum), sum);
            return sum;
        }
    }
}
